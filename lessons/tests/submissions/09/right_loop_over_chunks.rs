use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};
use std::{env, error::Error};

use exporter_workbook::collect::{CollectError, Collector, Samples};
use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::serve::{self, Server};
use exporter_workbook::{desc::Desc, registry::Registry};

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:9121")?)?;
    let registry = Registry::new();
    registry.must_register(RedisCollector {
        redis: env::var("REDIS_ADDR").unwrap_or("127.0.0.1:6379".to_owned()),
        up: Desc::gauge("redis_up", "Whether Redis could be read."),
        uptime: Desc::gauge("redis_uptime_in_seconds", "The age of its process."),
        clients: Desc::gauge("redis_connected_clients", "The number of clients."),
    });
    let handler = promhttp::handler_for(&registry, HandlerOpts::default())?;
    Ok(Server::new(listener).route("/metrics", handler).run()?)
}

struct RedisCollector {
    redis: String,
    up: Desc,
    uptime: Desc,
    clients: Desc,
}

impl Collector for RedisCollector {
    fn describe(&self) -> Vec<&Desc> {
        vec![&self.up, &self.uptime, &self.clients]
    }

    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        let read = read(&self.redis);
        samples.set(&self.up, f64::from(read.is_ok()), &[]);
        match read {
            Ok((uptime, clients)) => {
                samples.set(&self.uptime, uptime, &[]);
                samples.set(&self.clients, clients, &[]);
            }
            Err(error) => drop(writeln!(io::stderr(), "cannot read Redis: {error}")),
        }
        Ok(())
    }
}

fn read(redis: &str) -> Result<(f64, f64), CollectError> {
    let info = info(redis)?;
    let number = |name| -> Result<f64, CollectError> {
        let found = info.lines().find_map(|line| line.strip_prefix(name));
        Ok(found.ok_or("a value is missing")?.parse::<u32>()?.into())
    };
    Ok((number("uptime_in_seconds:")?, number("connected_clients:")?))
}

fn info(redis: &str) -> Result<String, CollectError> {
    let deadline = Instant::now() + Duration::from_millis(1500);
    let mut last = None;
    for address in redis.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, Duration::from_millis(500)) {
            Ok(stream) => return ask(stream, deadline),
            Err(error) => last = Some(error),
        }
    }
    Err(last.map_or("no address".into(), Into::into))
}

fn ask(mut stream: TcpStream, deadline: Instant) -> Result<String, CollectError> {
    stream.write_all(b"*1\r\n$4\r\nINFO\r\n")?;
    let mut reply = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(text) = whole(&reply)? {
            return Ok(text);
        }
        if reply.len() > 1024 * 1024 {
            return Err("the reply is too large".into());
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err("timeout".into());
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut chunk)? {
            0 => return Err("the connection was closed".into()),
            count => reply.extend_from_slice(&chunk[..count]),
        }
    }
}

fn whole(reply: &[u8]) -> Result<Option<String>, CollectError> {
    let Some(end) = reply.windows(2).position(|two| two == b"\r\n") else {
        return Ok(None);
    };
    let line = String::from_utf8_lossy(&reply[..end]);
    let Some(length) = line.strip_prefix('$') else {
        return Err(format!("unexpected reply: {line}").into());
    };
    let length: usize = length.parse()?;
    let text = reply[end + 2..].get(..length);
    Ok(text.map(|text| String::from_utf8_lossy(text).into_owned()))
}
