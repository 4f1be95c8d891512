//! Serialization of responses.

use std::time::SystemTime;

use http::header::{
    CONNECTION, CONTENT_LENGTH, DATE, HeaderName, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::response::Parts;
use http::{Response, Version};

/// The headers that frame a message, which only the server sets: a wrong length would
/// corrupt every later response.
const FRAMING: [HeaderName; 5] = [
    CONNECTION,
    CONTENT_LENGTH,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Returns the head and the body of `response` as bytes, without the body if
/// `head_only`, and with `Connection: close` unless the connection is `kept`.
pub fn message(
    response: Response<Vec<u8>>,
    version: Version,
    head_only: bool,
    kept: bool,
) -> [Vec<u8>; 2] {
    let (parts, mut body) = response.into_parts();
    let mut head = start(&parts, version);
    if matches!(parts.status.as_u16(), 100..=199 | 204 | 304) {
        // RFC 9110, section 8.6: these have neither body nor length, and a client would
        // parse a body as the next response.
        body.clear();
    } else {
        add(
            &mut head,
            &CONTENT_LENGTH,
            body.len().to_string().as_bytes(),
        );
    }
    if !kept {
        add(&mut head, &CONNECTION, b"close");
    }
    head.extend_from_slice(b"\r\n");
    if head_only {
        body.clear();
    }
    [head, body]
}

/// Returns the status line and the response's own headers.
fn start(parts: &Parts, version: Version) -> Vec<u8> {
    let version = match version {
        Version::HTTP_10 => "HTTP/1.0",
        _ => "HTTP/1.1",
    };
    let reason = parts.status.canonical_reason().unwrap_or_default();
    let line = format!("{version} {} {reason}\r\n", parts.status.as_str());
    let mut head = Vec::with_capacity(256);
    head.extend_from_slice(line.as_bytes());
    if !parts.headers.contains_key(DATE) {
        let now = httpdate::fmt_http_date(SystemTime::now());
        add(&mut head, &DATE, now.as_bytes());
    }
    for (name, value) in &parts.headers {
        if !FRAMING.contains(name) {
            add(&mut head, name, value.as_bytes());
        }
    }
    head
}

/// Appends a header, `content-type` as `Content-Type`.
fn add(head: &mut Vec<u8>, name: &HeaderName, value: &[u8]) {
    let mut starts = true;
    for letter in name.as_str().bytes() {
        head.push(if starts {
            letter.to_ascii_uppercase()
        } else {
            letter
        });
        starts = letter == b'-';
    }
    head.extend_from_slice(b": ");
    head.extend_from_slice(value);
    head.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use http::header::HeaderValue;

    use super::*;

    fn lines(response: Response<Vec<u8>>, version: Version, kept: bool) -> Vec<String> {
        let bytes = message(response, version, false, kept).concat();
        String::from_utf8(bytes)
            .unwrap()
            .split("\r\n")
            .filter(|line| !line.starts_with("Date: "))
            .map(ToOwned::to_owned)
            .collect()
    }

    #[test]
    fn a_response_is_written_with_its_length() {
        assert_eq!(
            lines(Response::new(b"a 1\n".to_vec()), Version::HTTP_11, true),
            ["HTTP/1.1 200 OK", "Content-Length: 4", "", "a 1\n"]
        );
    }

    #[test]
    fn a_connection_that_ends_says_so_in_the_version_of_the_request() {
        let lines = lines(Response::new(Vec::new()), Version::HTTP_10, false);
        assert_eq!(lines[0], "HTTP/1.0 200 OK");
        assert_eq!(
            lines[1..],
            ["Content-Length: 0", "Connection: close", "", ""]
        );
    }

    #[test]
    fn a_handler_cannot_break_the_framing() {
        let mut response = Response::new(b"a 1\n".to_vec());
        let headers = response.headers_mut();
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("1000"));
        headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert("x-name", HeaderValue::from_static("kept"));
        assert_eq!(
            lines(response, Version::HTTP_11, true)[1..],
            ["X-Name: kept", "Content-Length: 4", "", "a 1\n"]
        );
    }

    #[test]
    fn a_status_without_a_body_is_written_without_one() {
        for status in [204, 304] {
            let mut response = Response::new(b"a 1\n".to_vec());
            *response.status_mut() = status.try_into().unwrap();
            let lines = lines(response, Version::HTTP_11, true);
            assert_eq!(lines[1..], ["", ""]);
        }
    }

    #[test]
    fn a_head_states_the_length_of_the_body_it_lacks() {
        let bytes = message(
            Response::new(vec![b'a'; 70_000]),
            Version::HTTP_11,
            true,
            true,
        );
        let text = String::from_utf8(bytes.concat()).unwrap();
        assert!(text.ends_with("Content-Length: 70000\r\n\r\n"), "{text}");
    }
}
