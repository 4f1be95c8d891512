use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{env, error::Error};

use exporter_workbook::collect::{CollectError, Collector, Samples};
use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::serve::{self, Server};
use exporter_workbook::{desc::Desc, registry::Registry};

/// For each of two scrapes that wait for each other.
const LIMIT: Duration = Duration::from_millis(600);

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:9121")?)?;
    let registry = Registry::new();
    registry.must_register(RedisCollector {
        redis: env::var("REDIS_ADDR").unwrap_or("127.0.0.1:6379".to_owned()),
        kept: Mutex::new(None),
        up: Desc::gauge("redis_up", "Whether Redis could be read."),
        uptime: Desc::gauge("redis_uptime_in_seconds", "The age of its process."),
        clients: Desc::gauge("redis_connected_clients", "The number of clients."),
    });
    let handler = promhttp::handler_for(&registry, HandlerOpts::default())?;
    Ok(Server::new(listener).route("/metrics", handler).run()?)
}

struct RedisCollector {
    redis: String,
    kept: Mutex<Option<TcpStream>>,
    up: Desc,
    uptime: Desc,
    clients: Desc,
}

impl Collector for RedisCollector {
    fn describe(&self) -> Vec<&Desc> {
        vec![&self.up, &self.uptime, &self.clients]
    }

    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        let read = self.read();
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

impl RedisCollector {
    fn read(&self) -> Result<(f64, f64), CollectError> {
        let info = self.info()?;
        let number = |name| -> Result<f64, CollectError> {
            let found = info.lines().find_map(|line| line.strip_prefix(name));
            Ok(found.ok_or("a value is missing")?.parse::<u32>()?.into())
        };
        Ok((number("uptime_in_seconds:")?, number("connected_clients:")?))
    }

    fn info(&self) -> Result<String, CollectError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut stream = match kept.take() {
            Some(stream) => stream,
            None => TcpStream::connect_timeout(&self.redis.parse()?, LIMIT)?,
        };
        let deadline = Instant::now() + LIMIT;
        let text = ask(&mut stream, deadline)?;
        *kept = Some(stream);
        Ok(text)
    }
}

fn ask(stream: &mut TcpStream, deadline: Instant) -> Result<String, CollectError> {
    stream.write_all(b"INFO\r\n")?;
    let mut length = Vec::new();
    while !length.ends_with(b"\r\n") && length.len() < 1000 {
        length.push(byte(stream, deadline)?);
    }
    let line = String::from_utf8(length)?;
    let length = line.trim().strip_prefix('$').ok_or_else(|| line.clone())?;
    let length: usize = length.parse()?;
    if length > 1_000_000 {
        return Err("the reply is too long".into());
    }
    let mut text = Vec::new();
    for _ in 0..length + 2 {
        text.push(byte(stream, deadline)?);
    }
    Ok(String::from_utf8(text)?)
}

fn byte(stream: &mut TcpStream, deadline: Instant) -> Result<u8, CollectError> {
    let left = deadline.checked_duration_since(Instant::now());
    stream.set_read_timeout(Some(left.ok_or("too late")?))?;
    let mut byte = [0];
    stream.read_exact(&mut byte)?;
    Ok(byte[0])
}
