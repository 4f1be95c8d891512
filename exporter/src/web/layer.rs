//! The layer around every response: the rate limit, the headers, and the password
//! before everything else.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use exporter_workbook::http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use exporter_workbook::http::{Request, Response, StatusCode};
use exporter_workbook::promhttp::{Body, BoxHandler, Handler, plain_text};
use exporter_workbook::serve::{PeerAddr, Server};

use super::auth::{Passwords, Verdict};
use super::limit::Bucket;
use super::settings::{Settings, Web};

/// Makes `server` one with the settings of `web`.
pub fn apply(web: &Arc<Web>, server: Server) -> Server {
    let layer = Layer {
        web: Arc::clone(web),
        passwords: Passwords::default(),
        bucket: Mutex::default(),
    };
    let server = server.layer(move |inner| layer.around(inner));
    let web = Arc::clone(web);
    server.tls(move || {
        let settings = web.settings();
        settings.tls.as_ref().map(|tls| Arc::clone(&tls.config))
    })
}

struct Layer {
    web: Arc<Web>,
    passwords: Passwords,
    bucket: Mutex<Bucket>,
}

impl Layer {
    // ANCHOR: around
    fn around(self, inner: BoxHandler) -> impl Handler {
        move |request: &Request<()>| {
            let settings = self.web.settings();
            let mut response = match self.refusal(&settings, request) {
                None => inner.handle(request),
                Some(refusal) => refusal,
            };
            for (name, value) in &settings.headers {
                response.headers_mut().insert(name, value.clone());
            }
            response
        }
    }

    fn refusal(
        &self,
        settings: &Settings,
        request: &Request<()>,
    ) -> Option<Response<Body>> {
        if !self.takes_token(settings) {
            return Some(plain_text(
                StatusCode::TOO_MANY_REQUESTS,
                "Too many requests, try again later.\n",
            ));
        }
        if settings.users.is_empty() {
            return None;
        }
        let peer = request.extensions().get::<PeerAddr>();
        let client = peer.map_or(Ipv4Addr::UNSPECIFIED.into(), |peer| peer.0.ip());
        let header = request.headers().get(AUTHORIZATION);
        let header = header.and_then(|value| value.to_str().ok());
        match self.passwords.check(&settings.users, client, header) {
            Verdict::Allowed => None,
            Verdict::Denied => Some(unauthorized()),
            Verdict::Busy => Some(plain_text(
                StatusCode::SERVICE_UNAVAILABLE,
                "Too many passwords are being checked, try again later.\n",
            )),
        }
    }
    // ANCHOR_END: around

    fn takes_token(&self, settings: &Settings) -> bool {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        bucket.takes(settings.rate, Instant::now())
    }
}

/// Returns what makes a browser ask for a password.
fn unauthorized() -> Response<Body> {
    let mut response = plain_text(StatusCode::UNAUTHORIZED, "Unauthorized\n");
    let basic = HeaderValue::from_static("Basic");
    response.headers_mut().insert(WWW_AUTHENTICATE, basic);
    response
}
