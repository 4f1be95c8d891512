use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;
use std::{env, error::Error};

use exporter_workbook::collect::{CollectError, Collector, Samples};
use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::serve::{self, Server};
use exporter_workbook::{desc::Desc, registry::Registry};

const LIMIT: Duration = Duration::from_millis(800);

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
    let address = redis.to_socket_addrs()?.next().ok_or("unknown host")?;
    let mut stream = TcpStream::connect_timeout(&address, LIMIT)?;
    let watched = stream.try_clone()?;
    let (done, is_done) = mpsc::channel::<()>();
    let watchdog = thread::spawn(move || {
        if is_done.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
            let _ = watched.shutdown(Shutdown::Both);
        }
    });
    let reply = (|| {
        stream.write_all(b"INFO\r\nQUIT\r\n")?;
        let mut reply = String::new();
        stream.take(512 * 1024).read_to_string(&mut reply)?;
        Ok::<_, io::Error>(reply)
    })();
    drop(done);
    let _ = watchdog.join();
    let reply = reply?;
    let (length, text) = reply.split_once("\r\n").ok_or("no reply")?;
    let length: usize = length.strip_prefix('$').ok_or(length)?.parse()?;
    Ok(text.get(..length).ok_or("half a reply")?.to_owned())
}
