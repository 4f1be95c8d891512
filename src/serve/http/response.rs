//! Serialization of responses.

use std::mem;
use std::time::SystemTime;

use http::header::{
    CONNECTION, CONTENT_LENGTH, DATE, HeaderName, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::response::Parts;
use http::{Response, StatusCode, Version};

use crate::promhttp::Body;

/// The headers that frame a message, which only the server sets: a wrong length would
/// corrupt every later response.
const FRAMING: [HeaderName; 5] = [
    CONNECTION,
    CONTENT_LENGTH,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// How a client knows where the body ends.
#[derive(Clone, Copy, PartialEq)]
enum End {
    /// There is no body.
    Head,
    Length(usize),
    /// Each piece is a chunk with its length, and an empty chunk is the last.
    Chunks,
    /// HTTP/1.0 knows no chunks, and each of its connections closes.
    Close,
}

impl End {
    fn of(status: StatusCode, body: &Body, version: Version) -> End {
        match (status.as_u16(), body.size()) {
            // RFC 9110, section 8.6: these have neither body nor length, and a client
            // would parse a body as the next response.
            (100..=199 | 204 | 304, _) => End::Head,
            (_, Some(size)) => End::Length(size),
            (_, None) if version == Version::HTTP_10 => End::Close,
            (_, None) => End::Chunks,
        }
    }
}

/// The bytes of a response, as an iterator over what to write at once: the head with
/// the first piece of the body, and each further piece, which is made only then.
pub struct Message {
    /// Empty once it is written.
    head: Vec<u8>,
    pieces: Box<dyn Iterator<Item = Vec<u8>>>,
    /// Whether there are chunks still to write.
    chunked: bool,
}

/// Returns `response` as bytes, without the body if `head_only`, and with `Connection:
/// close` unless the connection is `kept`.
pub fn message(
    response: Response<Body>,
    version: Version,
    head_only: bool,
    kept: bool,
) -> Message {
    let (parts, body) = response.into_parts();
    let end = End::of(parts.status, &body, version);
    let mut head = start(&parts, version);
    match end {
        End::Length(size) => {
            add(&mut head, &CONTENT_LENGTH, size.to_string().as_bytes())
        }
        End::Chunks => add(&mut head, &TRANSFER_ENCODING, b"chunked"),
        End::Head | End::Close => {}
    }
    if !kept {
        add(&mut head, &CONNECTION, b"close");
    }
    head.extend_from_slice(b"\r\n");
    let has_body = !head_only && end != End::Head;
    let body = if has_body { body } else { Body::default() };
    Message {
        head,
        pieces: Box::new(body.into_pieces()),
        chunked: has_body && end == End::Chunks,
    }
}

impl Iterator for Message {
    type Item = [Vec<u8>; 3];

    fn next(&mut self) -> Option<[Vec<u8>; 3]> {
        let piece = self.pieces.next();
        let mut head = mem::take(&mut self.head);
        match piece {
            Some(piece) if self.chunked => {
                head.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
                Some([head, piece, b"\r\n".to_vec()])
            }
            Some(piece) => Some([head, piece, Vec::new()]),
            None if mem::take(&mut self.chunked) => {
                head.extend_from_slice(b"0\r\n\r\n");
                Some([head, Vec::new(), Vec::new()])
            }
            None if head.is_empty() => None,
            None => Some([head, Vec::new(), Vec::new()]),
        }
    }
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

    /// Returns what is written at once, without the date.
    fn writes(
        mut response: Response<Body>,
        version: Version,
        kept: bool,
    ) -> Vec<String> {
        let today = HeaderValue::from_static("today");
        response.headers_mut().insert(DATE, today);
        message(response, version, false, kept)
            .map(|parts| String::from_utf8(parts.concat()).unwrap())
            .map(|text| text.replace("Date: today\r\n", ""))
            .collect()
    }

    fn pieces() -> Response<Body> {
        let texts = ["a 1\n", "b 2\n# a longer piece\n"].map(|text| text.into());
        Response::new(Body::from_pieces(texts.into_iter()))
    }

    #[test]
    fn a_response_is_written_with_its_length() {
        assert_eq!(
            writes(Response::new("a 1\n".into()), Version::HTTP_11, true),
            ["HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\na 1\n"]
        );
    }

    #[test]
    fn a_connection_that_ends_says_so_in_the_version_of_the_request() {
        assert_eq!(
            writes(Response::default(), Version::HTTP_10, false),
            ["HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"]
        );
    }

    #[test]
    fn each_piece_is_a_chunk_and_the_first_is_written_with_the_head() {
        assert_eq!(
            writes(pieces(), Version::HTTP_11, true),
            [
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\na 1\n\r\n",
                "15\r\nb 2\n# a longer piece\n\r\n",
                "0\r\n\r\n",
            ]
        );
        let none = Response::new(Body::from_pieces(std::iter::empty()));
        assert_eq!(
            writes(none, Version::HTTP_11, true),
            ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"]
        );
    }

    #[test]
    fn pieces_end_with_the_connection_in_http_1_0() {
        let head = "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n";
        assert_eq!(
            writes(pieces(), Version::HTTP_10, false),
            [&format!("{head}a 1\n"), "b 2\n# a longer piece\n"]
        );
        let none = Response::new(Body::from_pieces(std::iter::empty()));
        assert_eq!(writes(none, Version::HTTP_10, false), [head]);
    }

    #[test]
    fn a_handler_cannot_break_the_framing() {
        let framed = |mut response: Response<Body>| {
            let headers = response.headers_mut();
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("1000"));
            headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("gzip"));
            headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert("x-name", HeaderValue::from_static("kept"));
            writes(response, Version::HTTP_11, true).remove(0)
        };
        let start = "HTTP/1.1 200 OK\r\nX-Name: kept\r\n";
        assert_eq!(
            framed(Response::new("a 1\n".into())),
            format!("{start}Content-Length: 4\r\n\r\na 1\n")
        );
        assert_eq!(
            framed(pieces()),
            format!("{start}Transfer-Encoding: chunked\r\n\r\n4\r\na 1\n\r\n")
        );
    }

    #[test]
    fn a_status_without_a_body_is_written_without_one() {
        for (status, line) in [(204, "204 No Content"), (304, "304 Not Modified")] {
            for version in [Version::HTTP_10, Version::HTTP_11] {
                for mut response in [Response::new("a 1\n".into()), pieces()] {
                    *response.status_mut() = status.try_into().unwrap();
                    let head = format!("{version:?} {line}\r\n\r\n");
                    assert_eq!(writes(response, version, true), [head]);
                }
            }
        }
    }

    #[test]
    fn a_head_states_the_length_of_the_body_it_lacks() {
        let response = Response::new(vec![b'a'; 70_000].into());
        let head = message(response, Version::HTTP_11, true, true);
        let text = String::from_utf8(head.flatten().flatten().collect()).unwrap();
        assert!(text.ends_with("Content-Length: 70000\r\n\r\n"), "{text}");
    }

    #[test]
    fn a_head_leaves_the_pieces_unmade() {
        for (version, end) in [
            (Version::HTTP_11, "\r\nTransfer-Encoding: chunked\r\n\r\n"),
            (Version::HTTP_10, "\r\nConnection: close\r\n\r\n"),
        ] {
            let made = std::iter::once_with(|| panic!("a piece is made"));
            let response = Response::new(Body::from_pieces(made));
            let kept = version == Version::HTTP_11;
            let head = message(response, version, true, kept);
            let text = String::from_utf8(head.flatten().flatten().collect()).unwrap();
            assert!(text.ends_with(end), "{text}");
            assert_eq!(text.matches("\r\n\r\n").count(), 1, "{text}");
        }
    }
}
