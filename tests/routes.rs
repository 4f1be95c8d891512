//! Which handler answers a request: routes, layers around them, the landing page and
//! the log.

#![allow(clippy::unwrap_used, reason = "this is test code")]

/// The program in `docs/en/reference/listener.md`.
#[path = "pages/listener.rs"]
#[allow(dead_code, reason = "its `main` is for the reader")]
mod page;
mod support;

use std::net::IpAddr;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread;

use exporter_workbook::promhttp::{
    Body, BoxHandler, Handler, instrument_handler_counter, instrument_handler_in_flight,
};
use exporter_workbook::serve::{self, Landing, PeerAddr, Server};
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{Request, Response, StatusCode};
use prometheus::{IntCounterVec, IntGauge, Opts};
use support::running::{Running, SCRAPE, ok_answer};
use support::{Program, rest};

#[test]
fn a_server_has_several_routes() {
    let listener = serve::listen("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopping) = mpsc::channel();
    let server = page::server(listener).unwrap();
    let serving = thread::spawn(move || server.run_until(|| stopping.recv().unwrap()));
    let body = |path: &str| {
        let answer = minreq::get(format!("http://{address}{path}")).send();
        answer.unwrap().as_str().unwrap().to_owned()
    };
    assert_eq!(body("/-/healthy"), "ok\n");
    assert_eq!(
        body("/metrics"),
        "# HELP queue_length Items in the queue.\n# TYPE queue_length gauge\n\
         queue_length{queue=\"mail\"} 3\n"
    );
    assert_eq!(
        body("/b"),
        "Not found. Available paths: /metrics, /-/healthy\n"
    );
    stop.send(()).unwrap();
    serving.join().unwrap().unwrap();
}

/// A handler of its own type.
struct Health(&'static str);

impl Handler for Health {
    fn handle(&self, _: &Request<()>) -> Response<Body> {
        Response::new(self.0.into())
    }
}

fn ready(_: &Request<()>) -> Response<Body> {
    Response::new("ready".into())
}

#[test]
fn a_route_accepts_closures_functions_boxes_and_types() {
    let listener = serve::listen("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let boxed: BoxHandler = Box::new(Health("boxed"));
    let word = "closure".to_owned();
    let server = Server::new(listener)
        .route("/closure", move |request: &Request<()>| {
            let path = request.uri().path();
            assert_eq!(path[1..], word);
            Response::new(word.clone().into())
        })
        .route("/function", ready)
        .route("/boxed", boxed)
        .route("/type", Health("a type"));
    let asked = server.run_until(|| {
        for (path, body) in [
            ("/closure", "closure"),
            ("/function", "ready"),
            ("/boxed", "boxed"),
            ("/type", "a type"),
        ] {
            let answer = minreq::get(format!("http://{address}{path}")).send();
            assert_eq!(answer.unwrap().as_str().unwrap(), body);
        }
    });
    asked.unwrap();
}

#[test]
fn a_route_that_no_request_matches_is_an_error_at_the_start() {
    for path in ["metrics", "", "/a?b", "/a#b", "/a b", "/m\u{e9}"] {
        let server = Server::new(serve::listen("127.0.0.1:0").unwrap());
        let error = server.route(path, ok_answer).run_until(|| ()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "no request matches the route {path:?}: a path starts with `/` and has \
                 no `?`, no `#`, no space and nothing beyond ASCII"
            )
        );
    }
}

#[test]
fn a_duplicate_route_is_an_error_at_the_start() {
    for (first, second, path) in [
        ("/metrics", "/metrics", "/metrics"),
        ("/a%62", "/ab", "/ab"),
        ("/a", "/%61", "/a"),
        ("/%c3%bc", "/%C3%BC", "/%C3%BC"),
    ] {
        let server = Server::new(serve::listen("127.0.0.1:0").unwrap());
        let server = server.route(first, ok_answer).route(second, ok_answer);
        assert_eq!(
            server.run_until(|| ()).unwrap_err().to_string(),
            format!(
                "the route {path:?} is defined twice: its second handler would never \
                 be called"
            )
        );
    }
}

// Layers.

/// All kinds of responses that a layer wraps, by path, with their status.
const REQUESTS: [(&str, u16); 5] = [
    ("GET /metrics HTTP/1.1\r\nHost: a", 200),
    ("GET / HTTP/1.1\r\nHost: a", 200),
    ("GET /-/live.css HTTP/1.1\r\nHost: a", 200),
    ("GET /nothing HTTP/1.1\r\nHost: a", 404),
    (
        "POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 5",
        405,
    ),
];

fn ask(running: &Running, head: &str) -> (u16, String) {
    let answer = running.exchange(&format!("{head}\r\nConnection: close\r\n\r\n"));
    (answer[9..12].parse().unwrap(), answer)
}

/// Rejects requests without the password.
fn guarded(inner: impl Handler) -> impl Handler {
    move |request: &Request<()>| {
        let password = request.headers().get(AUTHORIZATION);
        if password.is_some_and(|password| password == "Basic YTpi") {
            return inner.handle(request);
        }
        let mut response = Response::new("Unauthorized.\n".into());
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        let headers = response.headers_mut();
        headers.insert(WWW_AUTHENTICATE, "Basic".parse().unwrap());
        response
    }
}

#[test]
fn a_layer_wraps_every_response_of_the_server() {
    // Added before the routes and after them.
    let running =
        Running::serve(|server| server.route("/metrics", ok_answer).layer(guarded));
    let early =
        Running::serve(|server| server.layer(guarded).route("/metrics", ok_answer));
    for running in [running, early] {
        for (request, status) in REQUESTS {
            assert_eq!(ask(&running, request).0, 401, "{request}");
            let allowed = format!("{request}\r\nAuthorization: Basic YTpi");
            assert_eq!(ask(&running, &allowed).0, status, "{request}");
        }
        running.stop();
    }
}

#[test]
fn a_refused_request_is_closed_whatever_a_layer_answers() {
    let running = Running::serve(|server| {
        let ok = |_: BoxHandler| ok_answer;
        server.route("/metrics", ok_answer).layer(ok)
    });
    // The body isn't read as a request.
    let request = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{SCRAPE}",
        SCRAPE.len()
    );
    let answers = rest(running.send(&request));
    assert_eq!(
        answers.matches("HTTP/1.1 200 OK\r\n").count(),
        1,
        "{answers}"
    );
    assert!(answers.contains("\r\nConnection: close\r\n"), "{answers}");
    running.stop();
}

#[test]
fn a_layer_that_passes_on_another_request_doesnt_undo_a_refusal() {
    let anew = |inner: BoxHandler| {
        move |request: &Request<()>| {
            let mut other = Request::new(());
            *other.method_mut() = request.method().clone();
            *other.uri_mut() = request.uri().clone();
            *other.headers_mut() = request.headers().clone();
            inner.handle(&other)
        }
    };
    let running =
        Running::serve(|server| server.route("/metrics", ok_answer).layer(anew));
    for (request, status) in REQUESTS {
        assert_eq!(ask(&running, request).0, status, "{request}");
    }
    running.stop();
}

#[test]
fn a_layer_sees_the_path_that_a_route_is_found_by() {
    let guarded = |inner: BoxHandler| {
        move |request: &Request<()>| match request.uri().path() {
            path if path.starts_with("/a/secret") => {
                let mut response = Response::default();
                *response.status_mut() = StatusCode::FORBIDDEN;
                response
            }
            _ => inner.handle(request),
        }
    };
    let running =
        Running::serve(|server| server.route("/a/secret", ok_answer).layer(guarded));
    for target in [
        "/a/secret",
        "/a/%73ecret",
        "/a%2Fsecret",
        "http://h/%61/secret?a",
    ] {
        let answer = ask(&running, &format!("GET {target} HTTP/1.1\r\nHost: a"));
        assert_eq!(answer.0, 403, "{target}");
    }
    assert_eq!(ask(&running, "GET /a/secret%3F HTTP/1.0").0, 403);
    assert_eq!(ask(&running, "GET /a/%3Fsecret HTTP/1.0").0, 404);
    running.stop();
}

#[test]
fn what_a_path_cannot_contain_stays_encoded_and_so_does_a_query() {
    let uri = |request: &Request<()>| Response::new(request.uri().to_string().into());
    let running = Running::serve(|server| server.route("/m%c3%bcnchen", uri));
    let request = "GET /%6d%c3%bcnchen?%6d=%20 HTTP/1.1\r\nHost: a";
    let answer = ask(&running, request).1;
    assert!(answer.ends_with("\r\n/m%C3%BCnchen?%6d=%20"), "{answer}");
    running.stop();
}

#[test]
fn a_layer_around_one_route_leaves_the_others() {
    let running = Running::serve(|server| {
        server
            .route("/metrics", ok_answer)
            .route("/secret", guarded(ok_answer))
    });
    let statuses = ["/metrics", "/secret", "/"]
        .map(|path| ask(&running, &format!("GET {path} HTTP/1.1\r\nHost: a")).0);
    assert_eq!(statuses, [200, 401, 200]);
    running.stop();
}

#[test]
fn the_last_layer_is_the_outermost() {
    let note = |name: &'static str| {
        move |inner: BoxHandler| {
            move |request: &Request<()>| {
                inner.handle(request).map(|body| {
                    let bytes = body.into_bytes();
                    [&bytes, name.as_bytes()].concat().into()
                })
            }
        }
    };
    let running = Running::serve(|server| {
        server
            .layer(note("first "))
            .route("/metrics", ok_answer)
            .layer(note("second"))
    });
    assert!(running.scrape().ends_with("a 1\nfirst second"));
    running.stop();
}

#[test]
fn a_log_of_requests_has_the_address_of_the_peer_and_every_status() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let written = Arc::clone(&lines);
    let logged = move |inner: BoxHandler| {
        move |request: &Request<()>| {
            let response = inner.handle(request);
            let PeerAddr(peer) = request.extensions().get().unwrap();
            written.lock().unwrap().push((
                peer.ip(),
                request.uri().path().to_owned(),
                response.status().as_u16(),
            ));
            response
        }
    };
    let panics = |_: &Request<()>| -> Response<Body> { panic!("on purpose") };
    let running = Running::serve(|server| {
        server
            .route("/metrics", ok_answer)
            .route("/panics", panics)
            .layer(logged)
    });
    let mut expected: Vec<(IpAddr, String, u16)> = Vec::new();
    for (request, status) in REQUESTS.into_iter().chain([("GET /panics HTTP/1.0", 500)])
    {
        assert_eq!(ask(&running, request).0, status);
        let path = request.split(' ').nth(1).unwrap();
        expected.push(([127, 0, 0, 1].into(), path.to_owned(), status));
    }
    running.stop();
    assert_eq!(*lines.lock().unwrap(), expected);
}

#[test]
fn an_ipv4_peer_has_its_own_address_on_every_listener() {
    let peer = |request: &Request<()>| {
        let PeerAddr(peer) = request.extensions().get().unwrap();
        Response::new(peer.ip().to_string().into())
    };
    for address in ["127.0.0.1:0", ":0"] {
        let listener = serve::listen(address).unwrap();
        let port = listener.local_addr().unwrap().port();
        let running = Running::on(listener, |server| server.route("/peer", peer));
        let answer = minreq::get(format!("http://127.0.0.1:{port}/peer")).send();
        assert_eq!(answer.unwrap().as_str().unwrap(), "127.0.0.1", "{address}");
        running.stop();
    }
}

#[test]
fn a_metric_of_every_response_is_a_layer() {
    let opts = Opts::new("http_requests_total", "The requests, by code and method.");
    let counter = IntCounterVec::new(opts, &["code", "method"]).unwrap();
    let gauge = IntGauge::new("http_requests_in_flight", "The requests.").unwrap();
    let counted = counter.clone();
    let running = Running::serve(|server| {
        server
            .route("/metrics", ok_answer)
            .layer(|inner| instrument_handler_in_flight(gauge.clone(), inner))
            .try_layer(|inner| instrument_handler_counter(counted, inner))
            .unwrap()
    });
    for (request, _) in REQUESTS {
        ask(&running, request);
    }
    running.stop();
    let value = |code, method| counter.with_label_values(&[code, method]).get();
    assert_eq!(
        [
            value("200", "get"),
            value("404", "get"),
            value("405", "post")
        ],
        [3, 1, 1]
    );
    assert_eq!(gauge.get(), 0);
}

#[test]
fn a_panic_in_a_layer_is_answered_with_500() {
    let running = Running::serve(|server| {
        let panics = |_: BoxHandler| {
            |_: &Request<()>| -> Response<Body> { panic!("on purpose") }
        };
        server.route("/metrics", ok_answer).layer(panics)
    });
    for _ in 0..2 {
        assert!(running.scrape().starts_with("HTTP/1.1 500 "));
    }
    running.stop();
}

// The landing page.

fn get(running: &Running, path: &str) -> minreq::Response {
    let url = format!("http://{}{path}", running.address);
    minreq::get(url).send().unwrap()
}

#[test]
fn the_landing_page_says_what_the_program_is() {
    let running = Running::serve(|server| {
        let landing = Landing::new("Queue <exporter>")
            .description("Reports on \"queues\" & jobs.")
            .version("1.2.3");
        server
            .landing(landing)
            .route("/metrics", ok_answer)
            .route("/-/healthy", ok_answer)
    });
    let page = get(&running, "/");
    let text = page.as_str().unwrap();
    for part in [
        "<title>Queue &lt;exporter&gt;</title>",
        "<p>Reports on &quot;queues&quot; &amp; jobs.</p>",
        "1.2.3",
        "<a href=\"./metrics\">/metrics</a>",
        "<a href=\"./-/healthy\">/-/healthy</a>",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    running.stop();
}

#[test]
fn the_landing_page_allows_nothing_but_its_own_files() {
    let running = Running::serve(|server| server.route("/metrics", ok_answer));
    for (path, content_type) in [
        ("/", "text/html; charset=utf-8"),
        ("/-/live.css", "text/css; charset=utf-8"),
        ("/-/live.js", "text/javascript; charset=utf-8"),
    ] {
        let file = get(&running, path);
        assert_eq!(file.status_code, 200, "{path}");
        assert_eq!(file.header("content-type"), Some(content_type));
        assert_eq!(file.header("x-content-type-options"), Some("nosniff"));
        let policy = file.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"));
        assert!(!policy.contains("unsafe"), "{policy}");
        // No references elsewhere, and none that leave a sub-path.
        let text = file.as_str().unwrap();
        for elsewhere in ["https://", "href=\"/", "src=\"/", "//cdn"] {
            assert!(!text.contains(elsewhere), "{elsewhere} in {path}");
        }
    }
    running.stop();
}

#[test]
fn without_the_live_view_there_is_no_script() {
    let running = Running::serve(|server| {
        let landing = Landing::new("An exporter").without_live_view();
        server.landing(landing).route("/metrics", ok_answer)
    });
    let page = get(&running, "/");
    let text = page.as_str().unwrap();
    assert!(
        text.contains("<a href=\"./metrics\">/metrics</a>"),
        "{text}"
    );
    assert!(!text.contains("<script"), "{text}");
    assert_eq!(get(&running, "/-/live.js").status_code, 404);
    assert_eq!(get(&running, "/-/live.css").status_code, 200);
    running.stop();
}

#[test]
fn a_route_of_its_own_comes_before_the_landing_page() {
    let running = Running::serve(|server| {
        server
            .route("/metrics", ok_answer)
            .route("/", Health("home"))
            .route("/-/live.js", Health("script"))
    });
    assert_eq!(get(&running, "/").as_str().unwrap(), "home");
    assert_eq!(get(&running, "/-/live.js").as_str().unwrap(), "script");
    running.stop();
}

#[test]
fn the_numbered_programs_say_their_title() {
    for slug in support::built() {
        // The servers of tiny_http and axum have no landing page.
        if ["00_raw_handler", "12_service"].contains(&slug) {
            continue;
        }
        let source = std::fs::read_to_string(support::main_of(slug)).unwrap();
        let title = source.lines().next().unwrap().trim_start_matches("//! ");
        let page = Program::start(slug).get("/");
        let text = page.as_str().unwrap();
        let heading = format!("<title>{title}</title>");
        assert!(text.contains(&heading), "{slug}: {text}");
    }
}
