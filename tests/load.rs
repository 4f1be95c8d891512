//! `03_custom_registry` under more scrapes than it will ever see, within its limits:
//! none fails, and none gets a wrong response.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod support;

use std::io::Write;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use support::{Program, answer, connect, rest};

#[test]
#[ignore = "takes ten seconds"]
fn the_maximum_of_keep_alive_connections_is_served() {
    let program = Program::start("03_custom_registry");
    let page = program.metrics();
    let ends = Instant::now() + Duration::from_secs(10);
    let scrape = |mut client: TcpStream| {
        let mut answers = 0;
        while Instant::now() < ends {
            client
                .write_all(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
                .unwrap();
            let (status, body) = answer(&mut client).unwrap();
            assert_eq!((&*status, &*body), ("HTTP/1.1 200 OK", &*page));
            answers += 1;
        }
        assert!(answers > 0, "a connection never had its turn");
        answers
    };
    let answers: u64 = thread::scope(|scope| {
        let clients: Vec<_> = (0..64)
            .map(|_| connect(program.address))
            .map(|client| scope.spawn(|| scrape(client)))
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .sum()
    });
    println!("64 connections: {answers} scrapes in 10 s");
}

#[test]
#[ignore = "takes several seconds"]
fn ten_thousand_connections_one_after_another_are_all_answered() {
    let program = Program::start("03_custom_registry");
    let page = program.metrics();
    let started = Instant::now();
    for _ in 0..10_000 {
        let mut client = connect(program.address);
        let request = b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        client.write_all(request).unwrap();
        let answer = rest(client);
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.ends_with(&format!("\r\n\r\n{page}")), "{answer}");
    }
    println!(
        "10,000 connections: {:.1} s",
        started.elapsed().as_secs_f64()
    );
}
