//! The port that a program listens on: its argument, and what to do if it is in use.

use std::env;
use std::io::{self, ErrorKind};
use std::net::TcpListener;

use crate::message::debug_is_message;

/// Why a program does not serve.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The program's arguments are something else than one listen address.
    #[error(
        "expected one argument at most, the HOST:PORT to listen on: such as \
         127.0.0.1:9100, or 0.0.0.0:9100 for every address of this machine (port 0 \
         takes a free one); got {0}"
    )]
    Argument(String),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {}", reason(.address, .source))]
    Listen {
        /// As it was asked for.
        address: String,
        /// What the system answered.
        source: io::Error,
    },
    /// No request matches the path of a route.
    #[error(
        "no request matches the route {0:?}: a path starts with `/`, and has no `?`, no \
         `#`, no space and nothing beyond ASCII"
    )]
    Route(String),
    /// The system refuses what a server needs besides its port.
    #[error("cannot serve: {0}")]
    System(#[from] io::Error),
}

debug_is_message!(ServeError);

fn reason(address: &str, error: &io::Error) -> String {
    let port = address.rsplit(':').next().unwrap_or_default();
    match error.kind() {
        ErrorKind::AddrInUse => format!(
            "port {port} is in use; stop the program that holds it \
             (`ss -ltnp sport = :{port}` names it), or give another address as argument"
        ),
        ErrorKind::PermissionDenied => {
            format!("{error}; ports from 1024 on need no privilege")
        }
        ErrorKind::AddrNotAvailable => {
            format!("{error}; 0.0.0.0 stands for every address of this machine")
        }
        _ => error.to_string(),
    }
}

/// The listen address: the program's first argument, or `default` if there is none.
///
/// # Errors
///
/// When there are more arguments, or the first is not `HOST:PORT`.
pub fn address_argument(default: &str) -> Result<String, ServeError> {
    let arguments: Vec<String> = env::args_os()
        .skip(1)
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    match arguments.as_slice() {
        [] => Ok(default.to_owned()),
        [address] if is_address(address) => Ok(address.clone()),
        _ => {
            let quoted = arguments.iter().map(|argument| format!("{argument:?}"));
            Err(ServeError::Argument(quoted.collect::<Vec<_>>().join(" ")))
        }
    }
}

fn is_address(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty() && !host.contains('/') && port.parse::<u16>().is_ok()
    })
}

/// Takes the port of `address`, given as `HOST:PORT`.
///
/// # Errors
///
/// When the port is taken or the address is not to be had, with what to do about it.
pub fn listen(address: &str) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).map_err(|source| ServeError::Listen {
        address: address.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for address in [
            "127.0.0.1:8050",
            "0.0.0.0:0",
            "[::1]:9000",
            "localhost:65535",
        ] {
            assert!(is_address(address), "{address}");
        }
        for other in [
            "",
            "8050",
            ":8050",
            "127.0.0.1",
            "127.0.0.1:",
            "a:65536",
            "--help",
            "http://a:80",
        ] {
            assert!(!is_address(other), "{other}");
        }
    }

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
                 program that holds it (`ss -ltnp sport = :{port}` names it), or give \
                 another address as argument"
            )
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
            error.ends_with("; 0.0.0.0 stands for every address of this machine"),
            "{error}"
        );
    }
}
