//! Which readable requests the server refuses.

use std::net::Ipv6Addr;

use http::header::{CONTENT_LENGTH, EXPECT, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, Method, Request, StatusCode, Uri, Version};

use super::{Refusal, bad_request, refusal};
use crate::promhttp::method_not_allowed;

/// Returns the refusal of a request that no handler may see. Its connection is then
/// closed, because what follows may be a body.
pub fn check(request: &Request<()>) -> Result<(), Refusal> {
    let is_1_0 = request.version() == Version::HTTP_10;
    check_host(request.headers(), is_1_0)?;
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(Box::new(method_not_allowed()));
    }
    if !is_target(request.uri()) {
        return Err(bad_request("its target isn't a path, such as /metrics"));
    }
    // RFC 9110, section 10.1.1: Expect is ignored in HTTP/1.0.
    if request.headers().contains_key(EXPECT) && !is_1_0 {
        return Err(refusal(
            StatusCode::EXPECTATION_FAILED,
            "This server doesn't support the Expect header.\n",
        ));
    }
    if has_body(request.headers())? {
        return Err(refusal(
            StatusCode::PAYLOAD_TOO_LARGE,
            "This server doesn't accept request bodies.\n",
        ));
    }
    Ok(())
}

/// Checks for one valid Host (RFC 9112, section 3.2), which HTTP/1.0 may lack.
fn check_host(headers: &HeaderMap, may_lack: bool) -> Result<(), Refusal> {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) if may_lack => Ok(()),
        (None, _) => Err(bad_request("it has no Host header")),
        (Some(host), None) if is_host(host.as_bytes()) => Ok(()),
        (Some(_), None) => Err(bad_request("its Host header isn't a host")),
        _ => Err(bad_request("it has more than one Host header")),
    }
}

/// Returns whether `value` is a host with or without a port (RFC 3986, section 3.2). It
/// is empty for a target that has no host.
fn is_host(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else {
        return false;
    };
    let (is_host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']').unwrap_or_default();
            (address.parse::<Ipv6Addr>().is_ok(), port)
        }
        None => {
            let (name, port) = text.split_at(text.find(':').unwrap_or(text.len()));
            (name.bytes().all(is_in_name), port)
        }
    };
    let digits = port.strip_prefix(':').unwrap_or_default();
    let is_port = port.is_empty() || port.starts_with(':');
    is_host && is_port && digits.bytes().all(|digit| digit.is_ascii_digit())
}

fn is_in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(&byte)
}

/// Returns whether the target is a path or a whole URL, rather than the `*` or the
/// authority of other methods.
fn is_target(uri: &Uri) -> bool {
    let is_ours = match uri.scheme_str() {
        None => uri.authority().is_none(),
        Some(scheme) => matches!(scheme, "http" | "https"),
    };
    is_ours && uri.path().starts_with('/')
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
            _ => Err(bad_request("its Content-Length isn't a number")),
        },
        _ => Err(bad_request("it has more than one Content-Length")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_with_or_without_a_port() {
        for host in [
            "",
            "a",
            "a.b-c_d:80",
            "a:",
            "127.0.0.1:9100",
            "a%41",
            "[::1]",
            "[::1]:80",
        ] {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        for other in [
            "a b", "a/b", "u@a", "a:b", "a:80:90", "[::1", "::1", "[a]", "[::1]80",
            "a?", "a#", "http://a", "a,b c", "\u{e9}", "a\t", "@", "[]", "a:+1", "a\\",
        ] {
            assert!(!is_host(other.as_bytes()), "{other}");
        }
    }
}
