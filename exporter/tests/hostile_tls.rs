//! What clients may do to an exporter over TLS. Whatever it is, the threads and the
//! memory stay within their bounds, a scrape is answered meanwhile, and everything is
//! released afterwards.

#![cfg(all(feature = "tls", target_os = "linux"))]
#![allow(clippy::unwrap_used, reason = "this is test code")]

mod configured;
mod fake_redis;
mod redis_exporter;
#[path = "../../tests/support/mod.rs"]
mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use configured::{Configured, Encrypted, RIGHT, TLS, encrypted, request, user};
use support::held::Held;
use support::{Process, answer};

/// The beginning of a record with a handshake.
const HALF: &[u8] = b"\x16\x03\x01\x02\x00\x01";

/// Applies `hazard`, which returns what it holds open, and checks what the exporter
/// holds meanwhile and afterwards: a thread for each of the 96 connections that the
/// frame allows, and memory as without TLS. The second time, it has all that the
/// allocator keeps.
fn survives<T>(hazard: impl Fn(&Configured) -> T) {
    let configured = Configured::start(&format!("{TLS}{}", user("secret")));
    let scraped = || assert!(configured.is_scraped(None, RIGHT));
    scraped();
    let program = &configured.exporter.program;
    let first = Held::at_rest(program);
    for turn in 0..2 {
        let before = Held::at_rest(program);
        let open = hazard(&configured);
        scraped();
        let held = Held::by(program);
        assert!(held.threads < 110, "{held:?}");
        assert!(held.kibibytes < first.kibibytes + 16 * 1024, "{held:?}");
        drop(open);
        scraped();
        if turn > 0 {
            before.comes_back(program);
        }
    }
}

/// Opens 300 connections, and scrapes at each hundredth.
fn opened<T>(configured: &Configured, open: impl Fn(TcpStream) -> T) -> Vec<T> {
    let opened = (0..300).map(|number| {
        if number % 100 == 99 {
            assert!(configured.is_scraped(None, RIGHT));
        }
        open(configured.connect())
    });
    opened.collect()
}

/// Returns a client that stays connected after a scrape.
fn idle(stream: TcpStream) -> Encrypted {
    let mut client = encrypted(stream, None);
    let get = request("GET", "/metrics", RIGHT).replace("Connection: close\r\n", "");
    client.write_all(get.as_bytes()).unwrap();
    assert_eq!(answer(&mut client).unwrap().0, "HTTP/1.1 200 OK");
    client
}

#[test]
fn three_hundred_silent_clients_do_no_harm() {
    survives(|configured| opened(configured, |stream| stream));
}

#[test]
fn three_hundred_half_handshakes_do_no_harm() {
    survives(|configured| {
        opened(configured, |mut stream| {
            stream.write_all(HALF).unwrap();
            stream
        })
    });
}

#[test]
fn three_hundred_idle_clients_do_no_harm() {
    survives(|configured| opened(configured, idle));
}

#[test]
fn three_hundred_half_records_do_no_harm() {
    survives(|configured| {
        opened(configured, |stream| {
            let mut client = idle(stream);
            client.sock.write_all(b"\x17\x03\x03\x40\x00\x01").unwrap();
            client
        })
    });
}

#[test]
fn clients_that_leave_during_the_handshake_cost_nothing() {
    survives(|configured| {
        for turn in 0..300 {
            let mut stream = configured.connect();
            match turn % 3 {
                0 => stream.write_all(HALF).unwrap(),
                1 => drop(encrypted(stream, None).write_all(b"GET")),
                _ => stream.write_all(&[0x16; 70_000]).unwrap_or_default(),
            }
        }
    });
}

#[test]
#[ignore = "needs openssl"]
fn renegotiations_are_refused() {
    survives(|configured| {
        for _ in 0..20 {
            let said = renegotiated(configured);
            assert!(said.contains("no renegotiation"), "{said}");
        }
    });
}

/// Returns what a client says that asks for new keys as in TLS 1.2.
fn renegotiated(configured: &Configured) -> String {
    let address = configured.exporter.program.address.to_string();
    let client = Command::new("openssl")
        .args(["s_client", "-tls1_2", "-connect", &address])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let mut client = Process(client.unwrap());
    // A line of a single R means this.
    let mut input = client.0.stdin.take().unwrap();
    input.write_all(b"R\n").unwrap();
    let mut said = String::new();
    let stderr = client.0.stderr.as_mut().unwrap();
    stderr.read_to_string(&mut said).unwrap();
    said
}
