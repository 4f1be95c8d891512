//! From a response to its bytes.

use std::io;

use http::header::CONTENT_LENGTH;
use http::response::Parts;
use http::{Response, Version};

/// The bytes of `response`, without its body where that was not asked for, and with
/// `Connection: close` where the connection is not kept.
pub fn message(
    response: Response<Vec<u8>>,
    version: Version,
    head_only: bool,
    kept: bool,
) -> Vec<u8> {
    let (parts, mut body) = response.into_parts();
    if matches!(parts.status.as_u16(), 100..=199 | 204 | 304) {
        // These never have one, and the client takes it for the next answer.
        body.clear();
    }
    let mut head = Vec::with_capacity(256);
    // Writing to memory does not fail.
    let _ = write_head(&parts, body.len(), version, &mut head);
    if !kept {
        // tiny_http leaves this header to its own server.
        head.truncate(head.len() - 2);
        head.extend_from_slice(b"Connection: close\r\n\r\n");
    }
    if head_only {
        return head;
    }
    // In the memory that the body has: a copy of it would be a second one.
    body.splice(..0, head);
    body
}

/// Leaves out what tiny_http does not write: headers beyond ASCII, and those that frame
/// the message, such as Connection and Transfer-Encoding.
fn write_head(
    parts: &Parts,
    length: usize,
    version: Version,
    head: &mut Vec<u8>,
) -> io::Result<()> {
    let headers = parts
        .headers
        .iter()
        // Stated by `length`: a wrong one would shift every later answer.
        .filter(|(name, _)| **name != CONTENT_LENGTH)
        .filter_map(|(name, value)| {
            tiny_http::Header::from_bytes(titled(name.as_str()), value.as_bytes()).ok()
        })
        .collect();
    let status = tiny_http::StatusCode(parts.status.as_u16());
    let version = tiny_http::HTTPVersion(1, u8::from(version != Version::HTTP_10));
    tiny_http::Response::new(status, headers, io::empty(), Some(length), None)
        .with_chunked_threshold(usize::MAX)
        // Without the request's headers: one of them, TE, would ask for chunks.
        .raw_print(head, version, &[], true, None)
}

/// `content-type` as `Content-Type`, the way tiny_http writes the headers of its own.
fn titled(name: &str) -> String {
    let mut starts = true;
    let title = |letter: char| {
        let titled = if starts {
            letter.to_ascii_uppercase()
        } else {
            letter
        };
        starts = letter == '-';
        titled
    };
    name.chars().map(title).collect()
}

#[cfg(test)]
mod tests {
    use http::header::{CONNECTION, HeaderValue, TRANSFER_ENCODING};

    use super::*;

    fn lines(response: Response<Vec<u8>>, version: Version, kept: bool) -> Vec<String> {
        let bytes = message(response, version, false, kept);
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
            [
                "HTTP/1.1 200 OK",
                "Server: tiny-http (Rust)",
                "Content-Length: 4",
                "",
                "a 1\n"
            ]
        );
    }

    #[test]
    fn a_connection_that_ends_says_so_in_the_version_of_the_request() {
        let lines = lines(Response::new(Vec::new()), Version::HTTP_10, false);
        assert_eq!(lines[0], "HTTP/1.0 200 OK");
        assert_eq!(
            lines[2..],
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
            lines(response, Version::HTTP_11, true)[2..],
            ["X-Name: kept", "Content-Length: 4", "", "a 1\n"]
        );
    }

    #[test]
    fn a_status_without_a_body_is_written_without_one() {
        for status in [204, 304] {
            let mut response = Response::new(b"a 1\n".to_vec());
            *response.status_mut() = status.try_into().unwrap();
            let lines = lines(response, Version::HTTP_11, true);
            assert_eq!(lines[2..], ["Content-Length: 0", "", ""]);
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
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.ends_with("Content-Length: 70000\r\n\r\n"), "{text}");
    }
}
