//! Parsing of request heads.

use std::borrow::Cow;

use http::header::CONNECTION;
use http::{Request, StatusCode, Version};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, percent_encode};

use super::{Refusal, bad_request, refusal};
use crate::serve::Limits;

/// Removes the empty lines that a client may send before a request (RFC 9112, section
/// 2.2).
pub fn skip_empty_lines(bytes: &mut Vec<u8>) {
    let mut rest = bytes.as_slice();
    while let [b'\r', b'\n', after @ ..] | [b'\n', after @ ..] = rest {
        rest = after;
    }
    bytes.drain(..bytes.len() - rest.len());
}

/// Returns the request at the start of `bytes` and the length of its head, or `None` if
/// the head is incomplete. Never returns `None` for [`Limits::head_bytes`] bytes.
pub fn parse(
    bytes: &[u8],
    limits: &Limits,
) -> Result<Option<(usize, Request<()>)>, Refusal> {
    let mut headers = vec![httparse::EMPTY_HEADER; limits.headers];
    let mut head = httparse::Request::new(&mut headers);
    match head.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => Ok(Some((length, request(&head)?))),
        Ok(httparse::Status::Partial) if bytes.len() < limits.head_bytes => Ok(None),
        Ok(httparse::Status::Partial) => {
            Err(too_long(head.version.is_some(), limits.head_bytes))
        }
        Err(httparse::Error::Version) => other_version(bytes, limits),
        Err(error) => Err(malformed(error, limits.headers)),
    }
}

/// Parses bytes whose first line doesn't end with HTTP/1.0 or HTTP/1.1. Waits for the
/// end of that line, and treats later versions of HTTP/1 as HTTP/1.1.
fn other_version(
    bytes: &[u8],
    limits: &Limits,
) -> Result<Option<(usize, Request<()>)>, Refusal> {
    let end = match bytes.iter().position(|byte| *byte == b'\n') {
        Some(end) => end,
        None if bytes.len() < limits.head_bytes => return Ok(None),
        None => return Err(too_long(false, limits.head_bytes)),
    };
    let line = bytes[..end].trim_ascii_end();
    let version = line.rsplit(|byte| *byte == b' ').next();
    match version.and_then(|version| version.strip_prefix(b"HTTP/")) {
        Some([b'1', b'.', b'2'..=b'9']) => {
            let mut bytes = bytes.to_vec();
            bytes[line.len() - 1] = b'1';
            parse(&bytes, limits)
        }
        Some([b'0' | b'2'..=b'9', b'.', b'0'..=b'9']) => Err(refusal(
            StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            "This server speaks HTTP/1.0 and HTTP/1.1.\n",
        )),
        _ => Err(bad_request(
            "its first line isn't a method, a path and a version",
        )),
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

fn malformed(error: httparse::Error, headers: usize) -> Refusal {
    match error {
        httparse::Error::TooManyHeaders => refusal(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            &format!("The request has more than {headers} headers.\n"),
        ),
        error => bad_request(&error.to_string()),
    }
}

fn request(head: &httparse::Request<'_, '_>) -> Result<Request<()>, Refusal> {
    let target = head.path.unwrap_or_default();
    if !target.is_ascii() {
        return Err(bad_request("its path has a byte beyond ASCII"));
    }
    let mut builder = Request::builder()
        .method(head.method.unwrap_or_default())
        .uri(target)
        .version(match head.version {
            Some(0) => Version::HTTP_10,
            _ => Version::HTTP_11,
        });
    for header in head.headers.iter() {
        builder = builder.header(header.name, header.value);
    }
    let mut request = builder
        .body(())
        .map_err(|error| bad_request(&error.to_string()))?;
    let path = canonical(request.uri().path());
    if path != request.uri().path() {
        let query = request.uri().query().map(|query| format!("?{query}"));
        let target = format!("{path}{}", query.unwrap_or_default());
        *request.uri_mut() = target.parse().map_err(|_| bad_request("its path"))?;
    }
    Ok(request)
}

/// What stays encoded in a path: what it can't contain, or what would end it.
const ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Decodes what doesn't need encoding in a path: layers and routes compare paths as
/// text.
pub fn canonical(path: &str) -> Cow<'_, str> {
    match percent_decode_str(path).into() {
        Cow::Borrowed(path) => percent_encode(path, ENCODED).into(),
        Cow::Owned(path) => percent_encode(&path, ENCODED).to_string().into(),
    }
}

/// Returns whether the client asks to keep the connection open after `request`.
pub fn is_kept(request: &Request<()>) -> bool {
    let closes = |value: &[u8]| {
        let mut options = value.split(|byte| *byte == b',');
        options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"))
    };
    let mut connection = request.headers().get_all(CONNECTION).iter();
    request.version() == Version::HTTP_11
        && !connection.any(|value| closes(value.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::*;

    fn status(bytes: &[u8]) -> u16 {
        let parsed = parse(bytes, &Limits::default());
        let checked = parsed.and_then(|parsed| {
            let checked = parsed.as_ref().map(|(_, request)| check(request));
            checked.transpose().map(|_| parsed)
        });
        match checked {
            Ok(Some((length, _))) if length == bytes.len() => 200,
            Ok(Some((length, _))) => panic!("ends at {length} of {}", bytes.len()),
            Ok(None) => 0,
            Err(refusal) => refusal.status().as_u16(),
        }
    }

    fn status_with(header: &str) -> u16 {
        status(
            format!("GET /metrics HTTP/1.1\r\nHost: a\r\n{header}\r\n\r\n").as_bytes(),
        )
    }

    #[test]
    fn a_scrape_is_accepted() {
        assert_eq!(status_with("Accept: */*"), 200);
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
            b"POST / HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET / HTTP/1.1\r\nA: b\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n folded\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: a\r\nExpect: a\r\n\r\n",
            b"GET / HTTP/1.9\r\nHost: a\r\n\r\n",
        ] {
            let answers = (0..=whole.len()).map(|end| status(&whole[..end]));
            let mut answers: Vec<u16> = answers.collect();
            answers.dedup();
            assert_eq!(answers, [0, status(whole)], "{}", whole.escape_ascii());
        }
    }

    #[test]
    fn what_isnt_http_gets_400() {
        assert_eq!(status(b"\x16\x03\x01\x02\x00\x01\x00"), 400);
        assert_eq!(status(b"hello world and more\r\n\r\n"), 400);
        assert_eq!(status(b"GET /metrics FTP/1.1\r\n\r\n"), 400);
        assert_eq!(status("GET /m\u{e9} HTTP/1.1\r\n\r\n".as_bytes()), 400);
        assert_eq!(status_with("no colon"), 400);
        assert_eq!(status_with("A: b\r\n folded"), 400);
        assert_eq!(status_with("A: nul\0"), 400);
        assert_eq!(status_with("A: del\x7f"), 400);
        assert_eq!(status_with("\u{e9}: a"), 400);
    }

    #[test]
    fn non_ascii_bytes_are_accepted_in_a_value() {
        for byte in 0x80..=0xff_u8 {
            let mut request = b"GET / HTTP/1.1\r\nHost: a\r\nA: ".to_vec();
            request.extend_from_slice(&[byte, b'\r', b'\n', b'\r', b'\n']);
            assert_eq!(status(&request), 200, "{byte:#x}");
        }
        assert_eq!(status_with("Host: \u{e9}"), 400);
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
    fn an_ambiguous_length_gets_400() {
        assert_eq!(status_with("Content-Length: 0\r\nContent-Length: 0"), 400);
        assert_eq!(status_with("Content-Length: 0\r\nContent-Length: 5"), 400);
        assert_eq!(status_with("Content-Length: +5"), 400);
        assert_eq!(status_with("Content-Length:"), 400);
        assert_eq!(status_with("Content-Length: -1"), 400);
    }

    #[test]
    fn unsupported_features_have_their_own_status() {
        let post = b"POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n";
        assert_eq!(status(post), 405);
        assert_eq!(status(b"OPTIONS * HTTP/1.0\r\n\r\n"), 405);
        assert_eq!(status(b"CONNECT a:80 HTTP/1.0\r\n\r\n"), 405);
        assert_eq!(status_with("Expect: 100-continue"), 417);
        assert_eq!(
            status(b"GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n"),
            200
        );
    }

    #[test]
    fn a_later_version_of_http_1_is_read_as_1_1_and_another_major_version_gets_505() {
        for version in ["1.2", "1.9"] {
            let head = format!("GET /a HTTP/{version}\r\nHost: a\r\n\r\n");
            assert_eq!(status(head.as_bytes()), 200, "{version}");
            let (_, request) =
                parse(head.as_bytes(), &Limits::default()).unwrap().unwrap();
            assert_eq!(request.version(), Version::HTTP_11);
            // With the obligations of HTTP/1.1.
            assert_eq!(
                status(format!("GET / HTTP/{version}\r\n\r\n").as_bytes()),
                400
            );
        }
        assert_eq!(status(b"GET / HTTP/2.0\r\n\r\n"), 505);
        assert_eq!(status(b"PRI * HTTP/2.0\r\n\r\n"), 505);
        assert_eq!(status(b"GET / HTTP/0.9\r\n\r\n"), 505);
        assert_eq!(status(b"GET / HTTP/3.0 \r\n\r\n"), 505);
        assert_eq!(status(b"GET / HTTP/2\r\n\r\n"), 400);
        assert_eq!(status(b"GET /  HTTP/1.1\r\n\r\n"), 400);
        assert_eq!(status(b"GET / HTTP/1.1.1\r\n\r\n"), 400);
        assert_eq!(status(b"GET / HTTP/1.10\r\n\r\n"), 400);
    }

    #[test]
    fn a_target_is_a_path_or_a_whole_url() {
        let target = |target: &str| {
            status(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes())
        };
        for path in [
            "/",
            "/metrics?a=b",
            "http://a/metrics",
            "http://a",
            "/a:b",
            "//a",
        ] {
            assert_eq!(target(path), 200, "{path}");
        }
        for other in [
            "*",
            "metrics",
            "a:80",
            "ftp://a/metrics",
            "http:///",
            "?a",
            "a/b",
        ] {
            assert_eq!(target(other), 400, "{other}");
        }
    }

    #[test]
    fn exactly_one_host_is_accepted() {
        assert_eq!(status(b"GET / HTTP/1.1\r\n\r\n"), 400);
        assert_eq!(status(b"GET / HTTP/1.0\r\n\r\n"), 200);
        assert_eq!(status_with("Host: a"), 400);
        assert_eq!(status(b"GET / HTTP/1.1\r\nHost:\r\n\r\n"), 200);
        for version in ["1.0", "1.1"] {
            for wrong in ["Host: a\r\nHost: a", "Host: a b", "Host: a/b"] {
                let head = format!("GET / HTTP/{version}\r\n{wrong}\r\n\r\n");
                assert_eq!(status(head.as_bytes()), 400, "{head}");
            }
        }
    }

    #[test]
    fn empty_lines_are_skipped_except_an_incomplete_one() {
        for (bytes, rest) in [
            (&b"\r\n\n\r\nGET"[..], &b"GET"[..]),
            (b"\r\n\r", b"\r"),
            (b"\n", b""),
            (b"GET\r\n", b"GET\r\n"),
            (b" \r\n", b" \r\n"),
        ] {
            let mut bytes = bytes.to_vec();
            skip_empty_lines(&mut bytes);
            assert_eq!(bytes, rest);
        }
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
        assert_eq!(status_with("A: b\r\n".repeat(64).trim_end()), 431);
        assert_eq!(status_with("A: b\r\n".repeat(63).trim_end()), 200);
    }

    #[test]
    fn a_connection_is_kept_by_http_1_1_unless_a_header_says_close() {
        let kept = |head: &str| {
            let head = head.replacen("\r\n", "\r\nHost: a\r\n", 1);
            let parsed = parse(head.as_bytes(), &Limits::default());
            is_kept(&parsed.unwrap().unwrap().1)
        };
        assert!(kept("GET / HTTP/1.1\r\n\r\n"));
        assert!(kept("GET / HTTP/1.1\r\nConnection: keep-alive\r\n\r\n"));
        assert!(!kept("GET / HTTP/1.1\r\nConnection: Close\r\n\r\n"));
        assert!(!kept("GET / HTTP/1.1\r\nConnection: TE, close\r\n\r\n"));
        assert!(!kept("GET / HTTP/1.1\r\nConnection: close, \u{e9}\r\n\r\n"));
        assert!(!kept("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    }

    #[test]
    fn a_second_request_after_the_first_is_left_for_later() {
        let two = b"GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n";
        let (length, request) = parse(two, &Limits::default()).unwrap().unwrap();
        assert_eq!((length, request.uri().path()), (19, "/a"));
    }
}
