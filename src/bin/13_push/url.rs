//! What may be the URL of a Pushgateway.

use std::num::NonZeroU16;

/// Returns `url` without a slash at its end, if `minreq` connects to where it says.
///
/// # Errors
///
/// Returns what the URL must be, without the URL, which may have a password.
pub fn checked(url: &str) -> Result<&str, &'static str> {
    let rest = url.strip_prefix("http://");
    let rest =
        rest.ok_or("must begin with http://, in lower case: this client has no TLS")?;
    if rest.contains('@') {
        return Err("must not have a password: all users see a command line");
    }
    if rest.starts_with('[') {
        return Err(
            "must have a name or an IPv4 address: this client knows no IPv6 address",
        );
    }
    if rest.contains(|c: char| !c.is_ascii_graphic() || "?#[]".contains(c)) {
        return Err(
            "must be http://HOST, http://HOST:PORT or one of these with a path",
        );
    }
    let host = rest.split('/').next().unwrap_or_default();
    let (host, port) = host.split_once(':').unwrap_or((host, "80"));
    // With another port, `minreq` would connect to port 80.
    if host.is_empty() || port.parse::<NonZeroU16>().is_err() {
        return Err("must have a host, and a port from 1 to 65535 or none");
    }
    Ok(url.trim_end_matches('/'))
}
