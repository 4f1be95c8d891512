//! Whatever a client sends, in whatever pieces, the result is a request of the few
//! kinds that the server accepts or a short refusal that closes the connection, never
//! both.

#![no_main]

use exporter_workbook::promhttp::Body;
use exporter_workbook::serve::{Limits, check_request, parse_request};
use http::{Method, Request, Response, Version};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (bool, usize, &[u8])| {
    let (small, cut, bytes) = input;
    let limits = match small {
        true => Limits {
            head_bytes: 256,
            headers: 3,
            ..Limits::default()
        },
        false => Limits::default(),
    };
    // The server never holds more.
    let bytes = &bytes[..bytes.len().min(limits.head_bytes)];
    let whole = read(bytes, &limits);
    match &whole {
        Ok(Some((length, request))) => taken(&bytes[..*length], request),
        Ok(None) => assert!(bytes.len() < limits.head_bytes),
        Err(refusal) => {
            let status = refusal.status().as_u16();
            assert!(
                [400, 405, 413, 414, 417, 431, 505].contains(&status),
                "{status}"
            );
            assert_eq!(refusal.headers().contains_key("allow"), status == 405);
        }
    }
    // The result for a part of the bytes, if there is one, is the result for all of them.
    let cut = cut % (bytes.len() + 1);
    match (read(&bytes[..cut], &limits), &whole) {
        (Ok(None), _) => {}
        (Ok(Some((part, _))), Ok(Some((length, _)))) => assert_eq!(part, *length),
        (Err(part), Err(whole)) => assert_eq!(part.status(), whole.status()),
        (part, _) => panic!("{part:?} for {cut} bytes, {whole:?} for all"),
    }
    if let Err(refusal) = whole {
        let body = refusal.into_body().into_bytes();
        assert!(body.ends_with(b"\n") && body.len() < 200);
    }
});

type Refusal = Box<Response<Body>>;

fn read(
    bytes: &[u8],
    limits: &Limits,
) -> Result<Option<(usize, Request<()>)>, Refusal> {
    let Some((length, request)) = parse_request(bytes, limits)? else {
        return Ok(None);
    };
    check_request(&request)?;
    Ok(Some((length, request)))
}

/// Asserts that an accepted request can be parsed in only one way.
fn taken(head: &[u8], request: &Request<()>) {
    assert!([Method::GET, Method::HEAD].contains(request.method()));
    assert!([Version::HTTP_10, Version::HTTP_11].contains(&request.version()));
    assert!(head.ends_with(b"\n\r\n") || head.ends_with(b"\n\n"));
    assert!(!head.contains(&0) && request.uri().to_string().is_ascii());
    let hosts = request.headers().get_all("host").iter().count();
    assert!(hosts == 1 || hosts == 0 && request.version() == Version::HTTP_10);
    assert!(!head.windows(2).any(|pair| matches!(pair, b"\n " | b"\n\t")));
    assert!(!request.headers().contains_key("transfer-encoding"));
    let expects = request.headers().contains_key("expect");
    assert!(!expects || request.version() == Version::HTTP_10);
    let lengths = request.headers().get_all("content-length");
    let lengths: Vec<&[u8]> = lengths.iter().map(|value| value.as_bytes()).collect();
    assert!(lengths.len() < 2);
    assert!(lengths.concat().iter().all(|digit| *digit == b'0'));
    // The path and each value are a part of the bytes, unless the path was encoded.
    let within = |part: &[u8]| {
        part.is_empty() || head.windows(part.len()).any(|window| window == part)
    };
    let path = request.uri().path();
    assert!(within(path.as_bytes()) || path == "/" || path_is_changed(head));
    assert!(
        request
            .headers()
            .values()
            .all(|value| within(value.as_bytes()))
    );
}

/// Returns whether a path in `head` may differ in form from the request's.
fn path_is_changed(head: &[u8]) -> bool {
    head.iter().any(|byte| b"%\"\\^`{|}".contains(byte))
}
