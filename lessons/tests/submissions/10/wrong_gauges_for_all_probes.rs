use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use std::{env, error::Error};

use exporter_workbook::promhttp::{self, Body, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response, StatusCode};
use prometheus::Gauge;

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
    let mut response = Response::new(format!("{status}\n").into());
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

/// The registry of one request, which has what one probe of `target` finds.
fn probe(target: String) -> Registry {
    static PROBES: LazyLock<[Gauge; 2]> = LazyLock::new(|| {
        let success = Gauge::new("probe_success", "Whether the Redis answered.");
        let duration = Gauge::new("probe_duration_seconds", "How long that took.");
        [success.unwrap(), duration.unwrap()]
    });
    let [success, duration] = &*PROBES;
    let registry = Registry::new();
    registry.must_register(success.clone());
    registry.must_register(duration.clone());
    let started = Instant::now();
    success.set(0.0);
    success.set(f64::from(ping(&target).unwrap_or(false)));
    duration.set(started.elapsed().as_secs_f64());
    registry
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
