use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};
use std::{env, error::Error};

use exporter_workbook::collect::{CollectError, Collector, Samples};
use exporter_workbook::promhttp::{self, Body, Handler, HandlerOpts};
use exporter_workbook::serve::{self, Server};
use exporter_workbook::{desc::Desc, registry::Registry};
use http::{Request, Response};

/// A Redis that needs longer counts as down.
const LIMIT: Duration = Duration::from_secs(1);

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:9121")?)?;
    let opts = HandlerOpts::default();
    let allowed = env::var("REDIS_ALLOW").unwrap_or_default();
    let handler = guarded(allowed, move |request: &Request<()>| {
        let target = target_of(request).unwrap_or_default();
        promhttp::respond(&probe(target), request, &opts)
    });
    Ok(Server::new(listener).route("/probe", handler).run()?)
}

/// Lets only requests with one listed target through.
fn guarded(allowed: String, inner: impl Handler) -> impl Handler {
    move |request: &Request<()>| match target_of(request) {
        None => refusal(400, "one target, please\n".to_owned()),
        Some(target) if !allowed.split(',').any(|all| all == target) => {
            refusal(403, format!("{target} is not in the list\n"))
        }
        Some(_) => inner.handle(request),
    }
}

/// The target, if there is one and no second one.
fn target_of(request: &Request<()>) -> Option<String> {
    let query = request.uri().query()?;
    let pairs = form_urlencoded::parse(query.as_bytes());
    let mut targets = pairs.filter(|(name, _)| name == "target");
    let (_, target) = targets.next()?;
    (targets.next().is_none() && !target.is_empty()).then(|| target.into_owned())
}

fn refusal(status: u16, text: String) -> Response<Body> {
    let kind = "text/plain; charset=utf-8";
    let response = Response::builder()
        .status(status)
        .header("Content-Type", kind);
    response.body(text.into()).unwrap_or_default()
}

/// The registry of one request, which has what one probe of `target` finds.
fn probe(target: String) -> Registry {
    let registry = Registry::new();
    registry.must_register(PingCollector {
        target,
        success: Desc::gauge("probe_success", "Whether the Redis answered."),
        duration: Desc::gauge("probe_duration_seconds", "How long that took."),
    });
    registry
}

struct PingCollector {
    target: String,
    success: Desc,
    duration: Desc,
}

impl Collector for PingCollector {
    fn describe(&self) -> Vec<&Desc> {
        vec![&self.success, &self.duration]
    }

    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        let started = Instant::now();
        let answered = ping(&self.target).unwrap_or(false);
        samples.set(&self.success, f64::from(answered), &[]);
        samples.set(&self.duration, started.elapsed().as_secs_f64(), &[]);
        Ok(())
    }
}

fn ping(target: &str) -> io::Result<bool> {
    let address = target
        .to_socket_addrs()?
        .next()
        .ok_or(io::ErrorKind::NotFound)?;
    let mut stream = TcpStream::connect_timeout(&address, LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.write_all(b"PING\r\n")?;
    let mut reply = [0; 16];
    let count = stream.read(&mut reply)?;
    Ok(&reply[..count] == b"+PONG\r\n")
}
