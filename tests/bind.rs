//! Where a program listens: its argument, the port, and an inherited socket.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod support;

use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::process::Output;

use exporter_workbook::serve;
use support::Program;
use support::running::{Running, ok_answer};

fn run(slug: &str, arguments: &[&str]) -> Output {
    support::command(slug).args(arguments).output().unwrap()
}

/// Arguments, with the line that refuses them.
const WRONG: [(&[&str], &str); 6] = [
    (
        &["--port"],
        "unknown option \"--port\": the only argument is the address to listen on; see \
         --help",
    ),
    (
        &["127.0.0.1"],
        "\"127.0.0.1\" has no port: write 127.0.0.1:9100",
    ),
    (
        &["127.0.0.1:99999"],
        "the port 99999 of \"127.0.0.1:99999\" is out of range: the highest is 65535",
    ),
    (
        &["/metrics"],
        "\"/metrics\" has a path: the address to listen on is HOST:PORT alone, for TCP",
    ),
    (
        &["http://127.0.0.1:8050/metrics"],
        "\"http://127.0.0.1:8050/metrics\" is a URL: the address to listen on is \
         HOST:PORT alone",
    ),
    (
        &[""],
        "the address to listen on is empty: write HOST:PORT, or :PORT for every address \
         of this machine",
    ),
];

#[test]
fn a_wrong_argument_gets_one_line_that_says_what_is_wrong_with_it() {
    for slug in support::built() {
        for (arguments, message) in WRONG {
            let output = run(slug, arguments);
            let error = String::from_utf8(output.stderr).unwrap();
            assert_eq!(error, format!("Error: {message}\n"));
            assert_eq!(output.stdout, b"");
            assert_eq!(output.status.code(), Some(1));
        }
    }
}

#[test]
fn arguments_that_a_program_does_not_have_are_quoted() {
    for slug in support::built() {
        let million = slug == "14_million_series";
        let (arguments, message): (&[&str], &str) = match million {
            true => (
                &["127.0.0.1:0", "3", "more"],
                "expected at most two arguments, the address to listen on and the \
                 number of series: got [\"127.0.0.1:0\", \"3\", \"more\"]",
            ),
            false => (
                &["127.0.0.1:0", "more"],
                "expected at most one argument, the address to listen on: got \
                 \"127.0.0.1:0\" \"more\"; see --help",
            ),
        };
        let error = String::from_utf8(run(slug, arguments).stderr).unwrap();
        assert_eq!(error, format!("Error: {message}\n"));
    }
}

#[test]
fn a_wrong_number_of_series_is_quoted() {
    for series in ["0", "10000001", "-1", "many", ""] {
        // The number comes first: if it is accepted, the port ends the program.
        let output = run("14_million_series", &["127.0.0.1:99999", series]);
        assert_eq!(
            String::from_utf8(output.stderr).unwrap(),
            format!(
                "Error: {series:?} isn't a number of series: write one from 1 to \
                 10000000\n"
            )
        );
        assert_eq!(output.status.code(), Some(1));
    }
}

#[test]
fn help_and_version_go_to_standard_output() {
    for slug in support::built() {
        for (argument, start) in [
            ("--help", format!("Usage: {slug} [ADDRESS]\n")),
            ("-h", format!("Usage: {slug} [ADDRESS]\n")),
            (
                "--version",
                format!("{slug} (exporter-workbook {})\n", env!("CARGO_PKG_VERSION")),
            ),
        ] {
            let output = run(slug, &[argument]);
            let text = String::from_utf8(output.stdout).unwrap();
            assert!(text.starts_with(&start), "{text}");
            assert_eq!(output.stderr, b"");
            assert_eq!(output.status.code(), Some(0));
        }
    }
    let help = String::from_utf8(run("05_custom_collector", &["-h"]).stdout).unwrap();
    assert!(help.contains("127.0.0.1:9000 if it is left out"), "{help}");
}

#[test]
fn a_program_listens_where_people_say() {
    for address in ["0", ":0", "*:0"] {
        let program = Program::start_with("03_custom_registry", &[address]);
        assert!(program.address.ip().is_unspecified(), "{}", program.address);
        let port = program.address.port();
        let page = minreq::get(format!("http://127.0.0.1:{port}/metrics")).send();
        assert_eq!(page.unwrap().status_code, 200);
    }
    let program = Program::start_with("03_custom_registry", &["localhost:0"]);
    assert!(program.address.ip().is_loopback(), "{}", program.address);
    if TcpListener::bind("[::1]:0").is_ok() {
        let program = Program::start_with("03_custom_registry", &["[::1]:0"]);
        assert_eq!(program.address.ip().to_string(), "::1");
    }
}

#[test]
fn a_port_in_use_on_one_address_of_a_host_is_in_use() {
    let holders = ("localhost", 0).to_socket_addrs().unwrap();
    for holder in holders.filter_map(|address| TcpListener::bind(address).ok()) {
        let port = holder.local_addr().unwrap().port();
        let error = serve::listen(&format!("localhost:{port}")).unwrap_err();
        let message =
            format!("cannot listen on localhost:{port}: port {port} is in use");
        assert!(error.to_string().starts_with(&message), "{error}");
        drop(holder);
        let listener = support::listen_again(&format!("localhost:{port}"));
        assert_eq!(listener.local_addr().unwrap().port(), port);
    }
}

#[test]
fn a_nonblocking_listener_is_made_blocking() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = std::sync::Arc::clone(&seen);
    let running = Running::on(listener, |server| {
        let log = move |line: &str| log.lock().unwrap().push(line.to_owned());
        server
            .route("/metrics", ok_answer)
            .log(std::sync::Arc::new(log))
    });
    assert!(running.scrape().ends_with("a 1\n"));
    running.stop();
    assert_eq!(*seen.lock().unwrap(), Vec::<String>::new());
}

#[cfg(unix)]
mod inherited {
    use std::net::{TcpStream, UdpSocket};
    use std::os::fd::OwnedFd;
    use std::process::{Command, Stdio};

    use super::*;

    /// Returns a command for `slug` started as systemd does, with `socket` as
    /// descriptor 3.
    fn activated(slug: &str, socket: OwnedFd, environment: &str) -> Command {
        let mut shell = Command::new("sh");
        let start = format!("{environment} exec \"$0\" 127.0.0.1:0 3<&0");
        shell.args(["-c", &start]);
        shell.arg(support::command(slug).get_program());
        shell.stdin(Stdio::from(socket));
        shell
    }

    fn listener() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    #[test]
    fn a_socket_of_systemd_is_used_instead_of_the_address() {
        for slug in ["00_raw_handler", "03_custom_registry"] {
            let (listener, address) = listener();
            let environment = "LISTEN_FDS=1 LISTEN_PID=$$";
            let mut command = activated(slug, listener.into(), environment);
            let program = Program::spawn(&mut command);
            assert_eq!(program.address, address);
            program.metrics();
        }
    }

    #[test]
    fn a_socket_of_another_process_is_left_alone() {
        let (listener, address) = listener();
        let socket = OwnedFd::from(listener);
        for environment in ["LISTEN_FDS=1 LISTEN_PID=1", "LISTEN_FDS=1"] {
            let socket = socket.try_clone().unwrap();
            let mut command = activated("03_custom_registry", socket, environment);
            let program = Program::spawn(&mut command);
            assert_ne!(program.address, address);
            program.metrics();
        }
    }

    #[test]
    fn a_socket_that_does_not_listen_for_tcp_is_an_error() {
        let datagrams = UdpSocket::bind("127.0.0.1:0").unwrap();
        let (listener, address) = listener();
        let connection = TcpStream::connect(address).unwrap();
        for (socket, count, message) in [
            (datagrams.into(), "1", "fd 3 is not a valid tcp socket"),
            (
                connection.into(),
                "1",
                "it is a connection, as with Accept=yes: use Accept=no",
            ),
            (
                listener.into(),
                "4000000000",
                "\"4000000000\" isn't a number up to 1024",
            ),
        ] {
            let environment = format!("LISTEN_FDS={count} LISTEN_PID=$$");
            let mut command = activated("03_custom_registry", socket, &environment);
            let output = command.output().unwrap();
            assert_eq!(
                String::from_utf8(output.stderr).unwrap(),
                format!(
                    "Error: cannot listen on the socket that LISTEN_FDS passes: {message}\n"
                )
            );
            assert_eq!(output.status.code(), Some(1));
        }
    }
}
