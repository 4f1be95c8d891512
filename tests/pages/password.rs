// ANCHOR: guarded
use std::hint::black_box;

use exporter_workbook::http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use exporter_workbook::http::{Request, Response, StatusCode};
use exporter_workbook::promhttp::Handler;

/// Rejects requests without the `login`, which is the base64 of `user:password`.
pub fn guarded(inner: impl Handler, login: String) -> impl Handler {
    let expected = format!("Basic {login}");
    move |request: &Request<()>| {
        let sent = request.headers().get(AUTHORIZATION);
        if sent.is_some_and(|sent| is_equal(sent.as_bytes(), expected.as_bytes())) {
            return inner.handle(request);
        }
        let mut response = Response::new("Unauthorized.\n".into());
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        let challenge = HeaderValue::from_static("Basic realm=\"exporter\"");
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        response
    }
}

/// Compares every byte, so that the time doesn't reveal how many are right.
fn is_equal(sent: &[u8], expected: &[u8]) -> bool {
    let pairs = sent.iter().zip(expected);
    let differing = pairs.fold(0, |all, (a, b)| black_box(all | (a ^ b)));
    sent.len() == expected.len() && differing == 0
}
// ANCHOR_END: guarded

pub fn with_layers(
    server: exporter_workbook::serve::Server,
) -> Result<exporter_workbook::serve::Server, Box<dyn std::error::Error>> {
    use super::listener::logged;

    // ANCHOR: layers
    let login = std::env::var("EXPORTER_LOGIN")
        .map_err(|_| "EXPORTER_LOGIN must be the base64 of user:password")?;
    let server = server.layer(|inner| guarded(inner, login)).layer(logged);
    // ANCHOR_END: layers
    Ok(server)
}
