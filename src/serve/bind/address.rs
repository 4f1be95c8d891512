//! The address to listen on, as people type it.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};

use crate::message::debug_is_message;

/// Why a text isn't an address to listen on.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// The text is empty.
    #[error("the address to listen on is empty: write HOST:PORT, or :PORT for {EVERY}")]
    Empty,
    /// A command-line option.
    #[error(
        "unknown option {0:?}: the only argument is the address to listen on; see --help"
    )]
    Option(String),
    /// A URL.
    #[error("{0:?} is a URL: the address to listen on is HOST:PORT alone")]
    Url(String),
    /// Something with a path, or the path of a Unix socket.
    #[error("{0:?} has a path: the address to listen on is HOST:PORT alone, for TCP")]
    Path(String),
    /// Characters that no address contains, such as a full-width colon.
    #[error("{0:?} has characters beyond ASCII: write HOST:PORT with a plain colon")]
    NotAscii(String),
    /// A host without a port.
    #[error("{address:?} has no port: write {}:9100", .address.trim_end_matches(':'))]
    NoPort {
        /// The text.
        address: String,
    },
    /// A port that isn't a number.
    #[error("the port {port:?} of {address:?} isn't a number")]
    PortNotNumber {
        /// The text.
        address: String,
        /// Its port.
        port: String,
    },
    /// A port above 65535.
    #[error("the port {port} of {address:?} is out of range: the highest is 65535")]
    PortOutOfRange {
        /// The text.
        address: String,
        /// Its port.
        port: String,
    },
    /// An IPv6 address without brackets, which can't be told apart from a port after
    /// it.
    #[error("{0:?} has an IPv6 address without brackets: write [::1]:9100")]
    NoBrackets(String),
    /// Brackets around something other than an IPv6 address.
    #[error("{0:?} has brackets that don't hold an IPv6 address: write [::1]:9100")]
    Brackets(String),
    /// Something that can't be a host.
    #[error("the host {host:?} of {address:?} is neither a name nor an IP address")]
    Host {
        /// The text.
        address: String,
        /// Its host.
        host: String,
    },
}

debug_is_message!(AddressError);

const EVERY: &str = "every address of this machine";

/// A host and a port to listen on.
#[derive(Debug, PartialEq)]
pub struct Address<'a> {
    /// Every address of the machine if `None`.
    host: Option<&'a str>,
    port: u16,
}

impl<'a> Address<'a> {
    /// Parses `HOST:PORT`, `[IPV6]:PORT`, `:PORT`, `*:PORT` or `PORT`.
    pub fn parse(text: &'a str) -> Result<Address<'a>, AddressError> {
        if let Some(error) = something_else(text) {
            return Err(error);
        }
        let (host, port) = match text.rsplit_once(':') {
            _ if text.bytes().all(|byte| byte.is_ascii_digit()) => ("", text),
            Some((host, port)) if !port.is_empty() && !text.ends_with(']') => {
                (host, port)
            }
            _ => {
                host_of(text.trim_end_matches(':'), text)?;
                let address = text.to_owned();
                return Err(AddressError::NoPort { address });
            }
        };
        Ok(Address {
            host: host_of(host, text)?,
            port: port_of(port, text)?,
        })
    }

    /// Returns whether this means every address of the machine.
    pub fn is_every(&self) -> bool {
        self.host.is_none()
    }

    /// Returns the socket addresses to listen on, in order of preference. `[::]`
    /// includes IPv4 if that is the system's default.
    ///
    /// # Errors
    ///
    /// Returns an error if the host has no address.
    pub fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        let Some(host) = self.host else {
            let v4 = SocketAddr::from((Ipv4Addr::UNSPECIFIED, self.port));
            let v6 = SocketAddr::from((Ipv6Addr::UNSPECIFIED, self.port));
            return Ok(match cfg!(any(target_os = "linux", target_os = "macos")) {
                true => vec![v6, v4],
                false => vec![v4],
            });
        };
        Ok(in_order((host, self.port).to_socket_addrs()?.collect()))
    }
}

/// Sorts IPv4 before IPv6 and removes duplicates: a name may resolve to one address
/// twice.
fn in_order(mut addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    addresses.sort();
    addresses.dedup();
    addresses
}

/// Recognizes what people type instead of an address.
fn something_else(text: &str) -> Option<AddressError> {
    let owned = || text.to_owned();
    let has_brackets = text.starts_with('[');
    match text.rsplit_once(':') {
        _ if text.is_empty() => Some(AddressError::Empty),
        _ if text.starts_with('-') => Some(AddressError::Option(owned())),
        _ if text.contains("://") => Some(AddressError::Url(owned())),
        _ if text.contains('/') => Some(AddressError::Path(owned())),
        _ if !text.is_ascii() => Some(AddressError::NotAscii(owned())),
        Some((host, _)) if host.contains(':') && !has_brackets => {
            Some(AddressError::NoBrackets(owned()))
        }
        _ => None,
    }
}

fn host_of<'a>(host: &'a str, address: &str) -> Result<Option<&'a str>, AddressError> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    match host {
        "" | "*" => Ok(None),
        _ if host.starts_with('[') || host.ends_with(']') => {
            let inner = host
                .strip_prefix('[')
                .and_then(|host| host.strip_suffix(']'));
            // With a zone: `[fe80::1%eth0]`.
            let is_v6 = |inner: &&str| {
                let (ip, zone) = inner.split_once('%').unwrap_or((inner, ""));
                ip.parse::<Ipv6Addr>().is_ok() && zone.bytes().all(is_name)
            };
            let inner = inner.filter(is_v6);
            let brackets = || AddressError::Brackets(address.to_owned());
            inner.map(Some).ok_or_else(brackets)
        }
        _ if host.bytes().all(is_name) => Ok(Some(host)),
        _ => Err(AddressError::Host {
            address: address.to_owned(),
            host: host.to_owned(),
        }),
    }
}

fn port_of(port: &str, address: &str) -> Result<u16, AddressError> {
    let (port, address) = (port.to_owned(), address.to_owned());
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(AddressError::PortNotNumber { address, port });
    }
    port.parse()
        .map_err(|_| AddressError::PortOutOfRange { address, port })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Option<&str>, u16) {
        let address = Address::parse(text).unwrap();
        (address.host, address.port)
    }

    #[test]
    fn an_address_is_read_as_people_type_it() {
        assert_eq!(read("127.0.0.1:8050"), (Some("127.0.0.1"), 8050));
        assert_eq!(read("localhost:65535"), (Some("localhost"), 65535));
        assert_eq!(
            read("my-host_1.example.:80"),
            (Some("my-host_1.example."), 80)
        );
        assert_eq!(read("[::1]:9000"), (Some("::1"), 9000));
        assert_eq!(read("[fe80::1%eth0]:9000"), (Some("fe80::1%eth0"), 9000));
        for every in ["9100", ":9100", "*:9100"] {
            assert_eq!(read(every), (None, 9100));
        }
        assert_eq!(read("0"), (None, 0));
    }

    #[test]
    fn every_address_is_ipv6_first_and_a_host_is_ipv4_first() {
        let every = Address::parse(":9100").unwrap().resolve().unwrap();
        assert_eq!(every.last().unwrap().to_string(), "0.0.0.0:9100");
        let [v4, v6] = ["127.0.0.1:80", "[::1]:80"].map(|text| text.parse().unwrap());
        assert_eq!(in_order(vec![v4, v6, v4]), [v4, v6]);
        assert_eq!(in_order(vec![v6, v4]), [v4, v6]);
        let localhost = Address::parse("localhost:9100").unwrap().resolve().unwrap();
        assert!(localhost.iter().all(|address| address.ip().is_loopback()));
    }

    /// Texts with the messages that refuse them.
    const WRONG: [(&str, &str); 20] = [
        (
            "",
            "the address to listen on is empty: write HOST:PORT, or :PORT for every \
             address of this machine",
        ),
        (
            "--port",
            "unknown option \"--port\": the only argument is the address to listen \
             on; see --help",
        ),
        (
            "http://a:80/metrics",
            "\"http://a:80/metrics\" is a URL: the address to listen on is HOST:PORT \
             alone",
        ),
        (
            "/run/a.sock",
            "\"/run/a.sock\" has a path: the address to listen on is HOST:PORT alone, for \
         TCP",
        ),
        (
            "127.0.0.1\u{ff1a}9100",
            "\"127.0.0.1\u{ff1a}9100\" has characters beyond ASCII: write HOST:PORT with a \
         plain colon",
        ),
        (
            "[::1%\u{1b}[31m]:0",
            "\"[::1%\\u{1b}[31m]:0\" has brackets that don't hold an IPv6 address: write \
         [::1]:9100",
        ),
        (
            " ",
            "the host \" \" of \" \" is neither a name nor an IP address",
        ),
        (
            "127.0.0.1",
            "\"127.0.0.1\" has no port: write 127.0.0.1:9100",
        ),
        (
            "localhost:",
            "\"localhost:\" has no port: write localhost:9100",
        ),
        (
            "::1",
            "\"::1\" has an IPv6 address without brackets: write [::1]:9100",
        ),
        (
            "::1:9100",
            "\"::1:9100\" has an IPv6 address without brackets: write [::1]:9100",
        ),
        ("[::1]", "\"[::1]\" has no port: write [::1]:9100"),
        (":", "\":\" has no port: write :9100"),
        ("a:http", "the port \"http\" of \"a:http\" isn't a number"),
        ("a:+80", "the port \"+80\" of \"a:+80\" isn't a number"),
        (
            "127.0.0.1:65536",
            "the port 65536 of \"127.0.0.1:65536\" is out of range: the highest is \
             65535",
        ),
        (
            "123456",
            "the port 123456 of \"123456\" is out of range: the highest is 65535",
        ),
        (
            "fe80::1:x:9100",
            "\"fe80::1:x:9100\" has an IPv6 address without brackets: write [::1]:9100",
        ),
        (
            "[localhost]:80",
            "\"[localhost]:80\" has brackets that don't hold an IPv6 address: write \
             [::1]:9100",
        ),
        (
            "a b\n:80",
            "the host \"a b\\n\" of \"a b\\n:80\" is neither a name nor an IP address",
        ),
    ];

    #[test]
    fn an_error_says_what_is_wrong_with_this_address() {
        for (text, message) in WRONG {
            let error = Address::parse(text).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
    }
}
