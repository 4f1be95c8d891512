//! Web configuration
//!
//! The solution: the password wraps every response.
//!
//! Check it: `cargo workbook check 11`

use std::{env, error::Error};

use base64::{Engine, prelude::BASE64_STANDARD};
use exporter_workbook::promhttp::{self, Handler, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};
use http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use http::{Request, Response, StatusCode};
use prometheus::IntGauge;

/// The orders that wait, by customer.
const ORDERS: &str = "acme 3\nglobex 4\n";

fn main() -> Result<(), Box<dyn Error>> {
    let address = serve::address_argument("127.0.0.1:9121")?;
    let password = env::var("WEB_PASSWORD").unwrap_or_default();
    if password.is_empty() {
        return Err("set WEB_PASSWORD to the password of the user `prometheus`".into());
    }
    let expected = format!("prometheus:{password}");

    let registry = Registry::new();
    let waiting = IntGauge::new("orders_waiting", "The number of orders that wait.")?;
    waiting.set(7);
    registry.must_register(waiting);
    let metrics = promhttp::handler_for(&registry, HandlerOpts::default())?;
    Server::new(serve::listen(&address)?)
        .route("/metrics", metrics)
        .route("/orders", |_: &Request<()>| Response::new(ORDERS.into()))
        .layer(|routes| with_password(routes, expected))
        .run()?;
    Ok(())
}

/// Calls `inner` for requests with the user and the password in `expected`.
fn with_password(inner: impl Handler, expected: String) -> impl Handler {
    move |request: &Request<()>| match credentials(request) {
        Some(given) if is_same(&given, expected.as_bytes()) => inner.handle(request),
        _ if !["/", "/metrics", "/orders"].contains(&request.uri().path()) => {
            inner.handle(request)
        }
        _ => {
            let mut refusal = Response::new("401 Unauthorized\n".into());
            *refusal.status_mut() = StatusCode::UNAUTHORIZED;
            let scheme = HeaderValue::from_static("Basic realm=\"exporter\"");
            refusal.headers_mut().insert(WWW_AUTHENTICATE, scheme);
            refusal
        }
    }
}

/// The `user:password` in the header `Authorization: Basic`.
fn credentials(request: &Request<()>) -> Option<Vec<u8>> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = header.split_once(' ')?;
    let is_basic = scheme.eq_ignore_ascii_case("basic");
    is_basic.then(|| BASE64_STANDARD.decode(encoded).ok())?
}

/// Compares every byte: the time must not tell a client how many of them are right.
fn is_same(given: &[u8], expected: &[u8]) -> bool {
    let pairs = given.iter().zip(expected);
    let difference =
        pairs.fold(0, |difference, (one, other)| difference | (one ^ other));
    given.len() == expected.len() && difference == 0
}
