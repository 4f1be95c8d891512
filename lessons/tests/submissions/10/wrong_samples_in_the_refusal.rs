use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};
use std::{env, error::Error};

use exporter_workbook::collect::{CollectError, Collector, Samples};
use exporter_workbook::promhttp::{self, Body, HandlerOpts};
use exporter_workbook::serve::{self, Server};
use exporter_workbook::{desc::Desc, registry::Registry};
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response, StatusCode};

/// A Redis that needs longer counts as down.
const LIMIT: Duration = Duration::from_secs(1);

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:9121")?)?;
    let opts = HandlerOpts::default();
    let allowed = env::var("REDIS_ALLOW").unwrap_or_default();
    let handler = move |request: &Request<()>| match target(request, &allowed) {
        Ok(target) => promhttp::respond(&probe(target), request, &opts),
        Err(status) => refusal(status),
    };
    Ok(Server::new(listener).route("/probe", handler).run()?)
}

/// The target, if there is one and it is in the list, or the status of the refusal.
fn target(request: &Request<()>, allowed: &str) -> Result<String, StatusCode> {
    let query = request.uri().query().unwrap_or_default();
    let mut targets =
        form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "target");
    let (Some((_, target)), None) = (targets.next(), targets.next()) else {
        return Err(StatusCode::BAD_REQUEST);
    };
    match &*target {
        "" => Err(StatusCode::BAD_REQUEST),
        // Before anything is resolved or connected to.
        _ if !allowed.split(',').any(|all| all == target) => Err(StatusCode::FORBIDDEN),
        _ => Ok(target.into_owned()),
    }
}

fn refusal(status: StatusCode) -> Response<Body> {
    let mut response = Response::new("probe_success 0\n".into());
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
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
