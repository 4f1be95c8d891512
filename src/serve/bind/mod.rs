//! The port that a program listens on: its argument, the address, an inherited socket,
//! and errors that say what to do.

mod address;
mod argument;
#[cfg(unix)]
mod inherited;

pub use address::AddressError;
pub use argument::address_argument;

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};

use self::address::Address;
use crate::message::debug_is_message;

/// Why a program can't serve.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The program has more than one argument.
    #[error(
        "expected at most one argument, the address to listen on: got {}; see --help",
        quoted(.0)
    )]
    Arguments(Vec<String>),
    /// The text isn't an address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The server can't listen on the address.
    #[error("cannot listen on {address}: {}", reason(.address, .source))]
    Listen {
        /// The address as it was passed.
        address: String,
        /// The system's error.
        source: io::Error,
    },
    /// The program inherited a socket that it can't use.
    #[error("cannot listen on the socket that LISTEN_FDS passes: {0}")]
    Inherited(io::Error),
    /// The route has a path that no request can match.
    #[error(
        "no request matches the route {0:?}: a path starts with `/` and has no `?`, no \
         `#`, no space and nothing beyond ASCII"
    )]
    Route(String),
    /// Two routes have the same path.
    #[error(
        "the route {0:?} is defined twice: its second handler would never be called"
    )]
    DuplicateRoute(String),
    /// The system refuses something else that a server needs.
    #[error("cannot serve: {0}")]
    System(#[from] io::Error),
}

debug_is_message!(ServeError);

fn quoted(arguments: &[String]) -> String {
    let quoted: Vec<_> = arguments.iter().map(|text| format!("{text:?}")).collect();
    quoted.join(" ")
}

fn reason(address: &str, error: &io::Error) -> String {
    let port = address.rsplit(':').next().unwrap_or_default();
    match error.kind() {
        ErrorKind::AddrInUse => format!(
            "port {port} is in use; stop the program that holds it \
             (`ss -ltnp sport = :{port}` names it), or listen on another address"
        ),
        ErrorKind::PermissionDenied => {
            format!("{error}; ports from 1024 on need no privilege")
        }
        ErrorKind::AddrNotAvailable => {
            format!("{error}; :{port} listens on every address of this machine")
        }
        _ => error.to_string(),
    }
}

/// Listens on `address`: `HOST:PORT`, or `:PORT`, `*:PORT` or `PORT` for every address
/// of the machine. Port 0 selects a free one. If the program inherited sockets, which
/// systemd passes by `LISTEN_FDS`, each call uses the next one instead.
///
/// # Errors
///
/// Returns an error if `address` isn't an address, if its port is in use on any address
/// of the host, or if the host isn't this machine. The message says what to do.
pub fn listen(address: &str) -> Result<TcpListener, ServeError> {
    let parsed = Address::parse(address)?;
    if let Some(listener) = inherited()? {
        return Ok(listener);
    }
    bind(&parsed).map_err(|source| ServeError::Listen {
        address: address.to_owned(),
        source,
    })
}

/// Returns the next socket that the program inherited and [`listen`] hasn't returned
/// yet, or `None` if there is none. A program serves all of them: a client of the one
/// that it leaves out would wait for ever.
///
/// # Errors
///
/// Returns an error if it isn't a listening TCP socket.
pub fn inherited() -> Result<Option<TcpListener>, ServeError> {
    #[cfg(unix)]
    return inherited::next().map_err(ServeError::Inherited);
    #[cfg(not(unix))]
    Ok(None)
}

fn bind(address: &Address<'_>) -> io::Result<TcpListener> {
    let candidates = address.resolve()?;
    if !address.is_every() {
        return bind_one(&candidates);
    }
    // Only the first one: it includes IPv4, so binding the second would find the port
    // in use.
    TcpListener::bind(&candidates[..1]).or_else(|error| match error.kind() {
        ErrorKind::AddrInUse => Err(error),
        _ => TcpListener::bind(&candidates[1..]),
    })
}

/// Binds the first of a host's addresses that can be bound. A port in use on any of
/// them is an error: half of the clients of `localhost` would reach the other program.
fn bind_one(addresses: &[SocketAddr]) -> io::Result<TcpListener> {
    let mut bound: io::Result<TcpListener> = Err(ErrorKind::AddrNotAvailable.into());
    for address in addresses {
        match TcpListener::bind(address) {
            Err(error) if error.kind() == ErrorKind::AddrInUse => return Err(error),
            next if bound.is_err() => bound = next,
            _ => {}
        }
    }
    bound
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named_with_what_to_do_about_it() {
        let listener = listen("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let port = address.port();
        let error = listen(&address.to_string()).unwrap_err();
        assert_eq!(
            format!("{error:?}"),
            format!(
                "cannot listen on 127.0.0.1:{port}: port {port} is in use; stop the \
                 program that holds it (`ss -ltnp sport = :{port}` names it), or listen \
                 on another address"
            )
        );
    }

    #[test]
    fn a_port_in_use_on_any_address_of_a_host_is_in_use() {
        // Only on Linux, all of 127.0.0.0/8 is this machine.
        let second = if cfg!(target_os = "linux") {
            "127.0.0.2"
        } else {
            "::1"
        };
        let holder = TcpListener::bind((second, 0)).unwrap();
        let taken = holder.local_addr().unwrap();
        let first = SocketAddr::from(([127, 0, 0, 1], taken.port()));
        let elsewhere = SocketAddr::from(([192, 0, 2, 1], taken.port()));
        for addresses in [[first, taken], [taken, first], [elsewhere, taken]] {
            let error = bind_one(&addresses).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AddrInUse, "{addresses:?}");
        }
        drop(holder);
        for addresses in [[first, taken], [elsewhere, first], [first, elsewhere]] {
            let listener = bind_one(&addresses).unwrap();
            assert_eq!(listener.local_addr().unwrap(), first);
        }
        assert_eq!(
            bind_one(&[elsewhere]).unwrap_err().kind(),
            ErrorKind::AddrNotAvailable
        );
    }

    #[test]
    fn an_address_of_another_machine_is_an_error_that_says_so() {
        let error = listen("192.0.2.1:0").unwrap_err().to_string();
        assert!(
            error.starts_with("cannot listen on 192.0.2.1:0: "),
            "{error}"
        );
        assert!(
            error.ends_with("; :0 listens on every address of this machine"),
            "{error}"
        );
    }
}
