//! From the bytes of a request head to a request, or to the answer that refuses it.

use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, TRANSFER_ENCODING};
use http::{HeaderMap, Method, Request, Response, StatusCode, Version};

use super::Limits;
use crate::promhttp::{method_not_allowed, plain_text};

/// What a request that is not taken is answered before its connection is closed.
pub type Refusal = Box<Response<Vec<u8>>>;

pub fn refusal(status: StatusCode, message: &str) -> Refusal {
    Box::new(plain_text(status, message))
}

/// The request at the start of `bytes` and the length of its head, or `None` while there
/// is more of it to come. Never `None` for [`Limits::head_bytes`] of them.
pub fn parse(
    bytes: &[u8],
    limits: &Limits,
) -> Result<Option<(usize, Request<()>)>, Refusal> {
    let mut headers = vec![httparse::EMPTY_HEADER; limits.headers];
    let mut head = httparse::Request::new(&mut headers);
    let parsed = head.parse(bytes);
    match parsed {
        Ok(httparse::Status::Complete(length)) => {
            let request = request(&head)?;
            check(&request)?;
            Ok(Some((length, request)))
        }
        _ if is_cut(parsed, bytes) && bytes.len() < limits.head_bytes => Ok(None),
        Ok(httparse::Status::Partial) => {
            Err(too_long(head.version.is_some(), limits.head_bytes))
        }
        Err(error) => Err(malformed(error, bytes, limits.headers)),
    }
}

/// Whether `bytes` end in the middle of a head. Of a version that is none of ours the whole
/// line is awaited.
fn is_cut(parsed: httparse::Result<usize>, bytes: &[u8]) -> bool {
    match parsed {
        Ok(status) => status.is_partial(),
        Err(httparse::Error::Version) => request_line(bytes).is_none(),
        Err(_) => false,
    }
}

fn too_long(in_headers: bool, most: usize) -> Refusal {
    let (status, what) = match in_headers {
        false => (StatusCode::URI_TOO_LONG, "request line is"),
        true => (
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "request line and its headers are",
        ),
    };
    refusal(status, &format!("The {what} longer than {most} bytes.\n"))
}

fn malformed(error: httparse::Error, bytes: &[u8], headers: usize) -> Refusal {
    match error {
        httparse::Error::TooManyHeaders => refusal(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            &format!("The request has more than {headers} headers.\n"),
        ),
        httparse::Error::Version
            if request_line(bytes).is_some_and(has_other_version) =>
        {
            refusal(
                StatusCode::HTTP_VERSION_NOT_SUPPORTED,
                "This server speaks HTTP/1.0 and HTTP/1.1.\n",
            )
        }
        httparse::Error::Version => {
            bad_request("its first line is no method, path and version")
        }
        error => bad_request(&error.to_string()),
    }
}

/// Whether the client asks to keep the connection after `request`.
pub fn is_kept(request: &Request<()>) -> bool {
    let closes = |value: &str| {
        let mut options = value.split(',');
        options.any(|option| option.trim().eq_ignore_ascii_case("close"))
    };
    request.version() == Version::HTTP_11
        && !request
            .headers()
            .get_all(CONNECTION)
            .iter()
            .any(|value| value.to_str().is_ok_and(closes))
}

fn bad_request(reason: &str) -> Refusal {
    let message = format!("This is no HTTP/1.1 request: {reason}.\n");
    refusal(StatusCode::BAD_REQUEST, &message)
}

/// Whether the answer to `bytes` has no body.
pub fn is_head(bytes: &[u8]) -> bool {
    // A client may send empty lines before its request.
    bytes.trim_ascii_start().starts_with(b"HEAD ")
}

/// The first line that is not empty, if its end has come.
fn request_line(bytes: &[u8]) -> Option<&[u8]> {
    let bytes = bytes.trim_ascii_start();
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    Some(bytes[..end].trim_ascii_end())
}

/// Whether `line` ends with a version of HTTP that is none of ours.
fn has_other_version(line: &[u8]) -> bool {
    let end = line.len().saturating_sub(b" HTTP/1.1".len());
    match line[end..] {
        [b' ', b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'0' | b'1'] => false,
        [b' ', b'H', b'T', b'T', b'P', b'/', major, b'.', minor] => {
            major.is_ascii_digit() && minor.is_ascii_digit()
        }
        _ => false,
    }
}

fn request(head: &httparse::Request<'_, '_>) -> Result<Request<()>, Refusal> {
    let path = head.path.unwrap_or_default();
    if !path.is_ascii() {
        return Err(bad_request("its path has a byte beyond ASCII"));
    }
    let mut builder = Request::builder()
        .method(head.method.unwrap_or_default())
        .uri(path)
        .version(match head.version {
            Some(0) => Version::HTTP_10,
            _ => Version::HTTP_11,
        });
    for header in head.headers.iter() {
        if !header.value.is_ascii() {
            let reason = format!("header {:.64} has a byte beyond ASCII", header.name);
            return Err(bad_request(&reason));
        }
        builder = builder.header(header.name, header.value);
    }
    builder
        .body(())
        .map_err(|error| bad_request(&error.to_string()))
}

/// Refuses what this listener does not do.
fn check(request: &Request<()>) -> Result<(), Refusal> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(Box::new(method_not_allowed()));
    }
    if request.headers().contains_key(EXPECT) {
        return Err(refusal(
            StatusCode::EXPECTATION_FAILED,
            "This server meets no expectations: send no Expect header.\n",
        ));
    }
    if has_body(request.headers())? {
        return Err(refusal(
            StatusCode::PAYLOAD_TOO_LARGE,
            "This server takes no request bodies.\n",
        ));
    }
    Ok(())
}

fn has_body(headers: &HeaderMap) -> Result<bool, Refusal> {
    if headers.contains_key(TRANSFER_ENCODING) {
        return Ok(true);
    }
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    match (lengths.next(), lengths.next()) {
        (None, _) => Ok(false),
        (Some(length), None) => match length.as_bytes() {
            [] => Err(bad_request("its Content-Length is empty")),
            digits if digits.iter().all(u8::is_ascii_digit) => {
                Ok(digits.iter().any(|digit| *digit != b'0'))
            }
            _ => Err(bad_request("its Content-Length is no number")),
        },
        _ => Err(bad_request("it has more than one Content-Length")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(bytes: &[u8]) -> u16 {
        match parse(bytes, &Limits::default()) {
            Ok(Some((length, _))) if length == bytes.len() => 200,
            Ok(Some((length, _))) => panic!("ends at {length} of {}", bytes.len()),
            Ok(None) => 0,
            Err(refusal) => refusal.status().as_u16(),
        }
    }

    fn status_with(header: &str) -> u16 {
        status(format!("GET /metrics HTTP/1.1\r\n{header}\r\n\r\n").as_bytes())
    }

    #[test]
    fn a_scrape_is_taken() {
        assert_eq!(status_with("Host: 127.0.0.1:8050\r\nAccept: */*"), 200);
        assert_eq!(status(b"HEAD /metrics?name[]=a HTTP/1.0\r\n\r\n"), 200);
        assert_eq!(status_with("Content-Length: 0"), 200);
    }

    #[test]
    fn a_head_is_awaited_until_it_is_whole() {
        let whole = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";
        for end in 0..whole.len() {
            assert_eq!(status(&whole[..end]), 0, "{end} bytes");
        }
        assert_eq!(status(whole), 200);
    }

    #[test]
    fn a_refusal_does_not_depend_on_how_the_request_is_cut() {
        for whole in [
            &b"GET / HTTP/2.0\r\n\r\n"[..],
            b"GET / FTP/1.1\r\n\r\n",
            b"POST / HTTP/1.1\r\nA: b\r\n\r\n",
            b"GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n",
            b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nExpect: a\r\n\r\n",
        ] {
            let answers = (0..=whole.len()).map(|end| status(&whole[..end]));
            let mut answers: Vec<u16> = answers.collect();
            answers.dedup();
            assert_eq!(answers, [0, status(whole)], "{}", whole.escape_ascii());
        }
    }

    #[test]
    fn what_is_no_http_gets_400() {
        assert_eq!(status(b"\x16\x03\x01\x02\x00\x01\x00"), 400);
        assert_eq!(status(b"hello world and more\r\n\r\n"), 400);
        assert_eq!(status(b"GET /metrics FTP/1.1\r\n\r\n"), 400);
        assert_eq!(status("GET /m\u{e9} HTTP/1.1\r\n\r\n".as_bytes()), 400);
        assert_eq!(status_with("no colon"), 400);
        assert_eq!(status_with("A: b\r\n folded"), 400);
        assert_eq!(status_with("A: nul\0"), 400);
        assert_eq!(status_with("A: \u{e9}"), 400);
    }

    #[test]
    fn a_refusal_is_short_whatever_it_names() {
        let header = format!("{}: \u{e9}", "A".repeat(1000));
        let request = format!("GET / HTTP/1.1\r\n{header}\r\n\r\n");
        let refusal = parse(request.as_bytes(), &Limits::default()).unwrap_err();
        let name = "A".repeat(64);
        assert_eq!(
            String::from_utf8_lossy(refusal.body()),
            format!(
                "This is no HTTP/1.1 request: header {name} has a byte beyond ASCII.\n"
            )
        );
    }

    #[test]
    fn a_body_gets_413_however_it_is_announced() {
        assert_eq!(status_with("Content-Length: 1"), 413);
        assert_eq!(status_with("Content-Length: 99999999999999"), 413);
        assert_eq!(
            status_with(&format!("Content-Length: {}", "9".repeat(400))),
            413
        );
        assert_eq!(status_with("Transfer-Encoding: chunked"), 413);
    }

    #[test]
    fn a_length_that_can_be_read_in_two_ways_gets_400() {
        assert_eq!(status_with("Content-Length: 0\r\nContent-Length: 0"), 400);
        assert_eq!(status_with("Content-Length: 0\r\nContent-Length: 5"), 400);
        assert_eq!(status_with("Content-Length: +5"), 400);
        assert_eq!(status_with("Content-Length:"), 400);
        assert_eq!(status_with("Content-Length: -1"), 400);
    }

    #[test]
    fn what_the_listener_does_not_do_gets_a_status_of_its_own() {
        assert_eq!(
            status(b"POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\n"),
            405
        );
        assert_eq!(status_with("Expect: 100-continue"), 417);
        assert_eq!(status(b"GET / HTTP/2.0\r\n\r\n"), 505);
        assert_eq!(status(b"PRI * HTTP/2.0\r\n\r\n"), 505);
        assert_eq!(status(b"GET / HTTP/1.2\r\n\r\n"), 505);
        assert_eq!(status(b"\r\n\nGET / HTTP/3.0 \r\n\r\n"), 505);
        assert_eq!(status(b"GET / HTTP/2\r\n\r\n"), 400);
        assert_eq!(status(b"GET /  HTTP/1.1\r\n\r\n"), 400);
        assert_eq!(status(b"GET / HTTP/1.1.1\r\n\r\n"), 400);
    }

    #[test]
    fn a_head_that_does_not_end_gets_414_in_its_path_and_431_in_its_headers() {
        let fill = |start: &str| {
            let mut head = start.as_bytes().to_vec();
            head.resize(Limits::default().head_bytes, b'a');
            head
        };
        assert_eq!(status(&fill("GET /")), 414);
        assert_eq!(status(&fill("GET / HTTP/1.1\r\nA: ")), 431);
        assert_eq!(status_with("A: b\r\n".repeat(65).trim_end()), 431);
        assert_eq!(status_with("A: b\r\n".repeat(64).trim_end()), 200);
    }

    #[test]
    fn a_connection_is_kept_by_http_1_1_unless_a_header_says_close() {
        let kept = |head: &str| {
            let parsed = parse(head.as_bytes(), &Limits::default());
            is_kept(&parsed.unwrap().unwrap().1)
        };
        assert!(kept("GET / HTTP/1.1\r\n\r\n"));
        assert!(kept("GET / HTTP/1.1\r\nConnection: keep-alive\r\n\r\n"));
        assert!(!kept("GET / HTTP/1.1\r\nConnection: Close\r\n\r\n"));
        assert!(!kept("GET / HTTP/1.1\r\nConnection: TE, close\r\n\r\n"));
        assert!(!kept("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    }

    #[test]
    fn a_second_request_behind_the_first_is_left_for_later() {
        let two = b"GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n";
        let (length, request) = parse(two, &Limits::default()).unwrap().unwrap();
        assert_eq!((length, request.uri().path()), (19, "/a"));
    }
}
