use std::io::{self, BufRead, BufReader, Read, Write};
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

/// The reply to `INFO` is a line with its length, such as `$14`, and then its text.
fn info(redis: &str) -> Result<String, CollectError> {
    let limit = Duration::from_secs(1);
    let deadline = Instant::now() + limit;
    let address = redis.to_socket_addrs()?.next().ok_or("no address")?;
    let mut stream = TcpStream::connect_timeout(&address, limit)?;
    stream.write_all(b"INFO\r\n")?;
    let mut reply = BufReader::new(Until(stream, deadline).take(64 * 1024));
    let mut line = String::new();
    reply.read_line(&mut line)?;
    let length = line.trim_end().strip_prefix('$');
    let length = length.ok_or(format!("it replied {line:?}"))?.parse()?;
    let mut text = String::new();
    if reply.take(length).read_to_string(&mut text)? as u64 != length {
        return Err("the reply breaks off".into());
    }
    Ok(text)
}

struct Until(TcpStream, Instant);
impl Read for Until {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let left = self.1.saturating_duration_since(Instant::now());
        self.0.set_read_timeout(Some(left))?;
        self.0.read(bytes)
    }
}
