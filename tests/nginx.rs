//! A program behind nginx, with the configuration in `docs/en/reference/listener.md`.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod support;

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use exporter_workbook::http::header::AUTHORIZATION;
use exporter_workbook::http::{Request, Response};
use support::running::Running;
use support::{PATIENCE, Process, Program, free_port};

const HOST: &str = "exporter.example";
const USER: &str = "prometheus:a password";

/// What nginx needs around a server: no files except its own, and a single process,
/// which can be killed.
const AROUND: &str = "daemon off;
master_process off;
pid nginx.pid;
events {}
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include exporter.conf;
}
";

/// The test's own nginx, which ends with it.
struct Nginx {
    _process: Process,
    folder: tempfile::TempDir,
    port: u16,
}

/// What curl reports of one response.
struct Answer {
    status: String,
    location: String,
    body: String,
}

impl Nginx {
    /// Starts nginx in front of `program`.
    fn start(program: SocketAddr) -> Nginx {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        make_certificate(folder.path());
        make_password(folder.path());
        let server = filled_in(folder.path(), port, program);
        fs::write(folder.path().join("exporter.conf"), server).unwrap();
        fs::write(folder.path().join("nginx.conf"), AROUND).unwrap();
        let process = Command::new("nginx")
            .arg("-p")
            .arg(folder.path())
            .args(["-c", "nginx.conf", "-e", "error.log"])
            .spawn();
        let nginx = Nginx {
            _process: Process(process.unwrap()),
            folder,
            port,
        };
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.elapsed() < PATIENCE, "{}", nginx.log());
        }
        nginx
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("error.log")).unwrap()
    }

    /// Requests `path` over TLS, with curl's `options`.
    fn get_with(&self, path: &str, options: &[&str]) -> Answer {
        let port = self.port;
        let output = Command::new("curl")
            .args(["--silent", "--show-error", "--cacert"])
            .arg(self.folder.path().join("exporter.crt"))
            .args(["--resolve", &format!("{HOST}:{port}:127.0.0.1")])
            .args(["--write-out", "\n%{http_code} %header{location}"])
            .args(options)
            .arg(format!("https://{HOST}:{port}{path}"))
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
        let text = String::from_utf8(output.stdout).unwrap();
        let (body, written) = text.rsplit_once('\n').unwrap();
        let (status, location) = written.split_once(' ').unwrap();
        Answer {
            status: status.to_owned(),
            location: location.to_owned(),
            body: body.to_owned(),
        }
    }

    /// Requests `path` with the password.
    fn get(&self, path: &str) -> Answer {
        self.get_with(path, &["--user", USER])
    }
}

fn make_certificate(folder: &Path) {
    let command = fs::read_to_string("tests/pages/certificate.sh").unwrap();
    let output = Command::new("sh")
        .args(["-c", &command])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

fn make_password(folder: &Path) {
    let (user, password) = USER.split_once(':').unwrap();
    let output = Command::new("openssl")
        .args(["passwd", "-6", password])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let hash = String::from_utf8(output.stdout).unwrap();
    fs::write(folder.join("exporter.users"), format!("{user}:{hash}")).unwrap();
}

/// Returns the page's configuration with this machine's addresses and files.
fn filled_in(folder: &Path, port: u16, program: SocketAddr) -> String {
    let mut server = fs::read_to_string("tests/pages/nginx.conf").unwrap();
    for (shown, used) in [
        ("listen 443 ssl", format!("listen 127.0.0.1:{port} ssl")),
        ("http://127.0.0.1:9100/", format!("http://{program}/")),
        ("/etc/nginx", folder.to_str().unwrap().to_owned()),
    ] {
        assert!(server.contains(shown), "{shown}");
        server = server.replace(shown, &used);
    }
    server
}

/// Returns the references of a page, except for `data:` URLs.
fn references(page: &str) -> Vec<&str> {
    let starts = ["href=\"", "src=\"", "data-metrics=\""];
    let parts = starts.iter().flat_map(|start| page.split(start).skip(1));
    let all = parts.map(|part| part.split('"').next().unwrap());
    all.filter(|reference| !reference.starts_with("data:"))
        .collect()
}

#[test]
#[ignore = "needs nginx, openssl and curl"]
fn every_reference_of_the_landing_page_leads_somewhere_under_the_sub_path() {
    let program = Program::start("03_custom_registry");
    let nginx = Nginx::start(program.address);
    let redirect = nginx.get("/exporter");
    assert_eq!(redirect.status, "301");
    assert_eq!(redirect.location, "/exporter/");
    let landing = nginx.get(&redirect.location);
    assert_eq!(landing.status, "200");
    assert_eq!(landing.body, program.get("/").as_str().unwrap());
    let references = references(&landing.body);
    // A link to the metrics, and the live view's metrics, style and script.
    assert_eq!(references.len(), 4, "{references:?}");
    for reference in references {
        let path = reference.strip_prefix("./").unwrap_or(reference);
        assert!(!path.starts_with(['/', '.']), "{reference}");
        let answer = nginx.get(&format!("/exporter/{path}"));
        assert_eq!(answer.status, "200", "{reference}");
        let own = program.get(&format!("/{path}"));
        assert_eq!(answer.body, own.as_str().unwrap(), "{reference}");
    }
}

#[test]
#[ignore = "needs nginx, openssl and curl"]
fn what_the_program_answers_passes_through() {
    let program = Program::start("03_custom_registry");
    let nginx = Nginx::start(program.address);
    assert_eq!(nginx.get("/exporter/metrics").body, program.metrics());
    let none = nginx.get("/exporter/metrics?name[]=none");
    assert_eq!((&*none.status, &*none.body), ("200", ""));
    let missing = nginx.get("/exporter/nothing");
    assert_eq!(missing.status, "404");
    assert_eq!(missing.body, "Not found. Available paths: /metrics\n");
    let post = nginx.get_with("/exporter/metrics", &["--user", USER, "--data", "a"]);
    assert_eq!(post.status, "405");
    // Outside the sub-path, nothing of the program can be reached.
    assert_eq!(nginx.get("/metrics").status, "404");
}

#[test]
#[ignore = "needs nginx, openssl and curl"]
fn without_the_password_nothing_of_the_program_is_served() {
    let program = Program::start("03_custom_registry");
    let nginx = Nginx::start(program.address);
    for options in [&[][..], &["--user", "prometheus:another"]] {
        for path in ["/exporter/", "/exporter/metrics", "/exporter/-/live.js"] {
            let answer = nginx.get_with(path, options);
            assert_eq!(answer.status, "401", "{path}");
            assert!(!answer.body.contains("magedu"), "{}", answer.body);
        }
    }
    assert_eq!(nginx.get("/exporter/metrics").status, "200");
}

#[test]
#[ignore = "needs nginx, openssl and curl"]
fn the_program_does_not_see_the_password() {
    let password = |request: &Request<()>| {
        let password = request.headers().get(AUTHORIZATION);
        Response::new(format!("{password:?}").into())
    };
    let running = Running::serve(|server| server.route("/password", password));
    let nginx = Nginx::start(running.address);
    let answer = nginx.get("/exporter/password");
    assert_eq!((&*answer.status, &*answer.body), ("200", "None"));
    drop(nginx);
    running.stop();
}
