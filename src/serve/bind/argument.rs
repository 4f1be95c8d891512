//! The program's argument: the address to listen on.

use std::env;
use std::io::{self, Write};
use std::path::Path;
use std::process::exit;

use super::ServeError;
use super::address::Address;

/// Returns the address to listen on: the program's first argument, or `default` if
/// there is none. For `--help`, `-h` and `--version`, it prints the text and exits with
/// code 0; the version is this library's.
///
/// # Errors
///
/// Returns an error if there are several arguments, or if the first isn't an address
/// that [`listen`](super::listen) accepts.
pub fn address_argument(default: &str) -> Result<String, ServeError> {
    let mut arguments = env::args_os().map(|text| text.to_string_lossy().into_owned());
    let program = arguments.next().unwrap_or_default();
    let arguments: Vec<String> = arguments.collect();
    let [address] = arguments.as_slice() else {
        return match arguments.is_empty() {
            true => Ok(default.to_owned()),
            false => Err(ServeError::Arguments(arguments)),
        };
    };
    let file = Path::new(&program).file_name().unwrap_or_default();
    let name = file.to_string_lossy();
    match address.as_str() {
        "--help" | "-h" => print_and_exit(&help(&name, default)),
        "--version" => print_and_exit(&format!(
            "{name} (exporter-workbook {})\n",
            env!("CARGO_PKG_VERSION")
        )),
        address => Address::parse(address)?,
    };
    Ok(address.clone())
}

fn print_and_exit(text: &str) -> ! {
    // If it can't be written, nobody can be told.
    let _ = write!(io::stdout(), "{text}");
    exit(0)
}

fn help(name: &str, default: &str) -> String {
    format!(
        "Usage: {name} [ADDRESS]

Serves metrics over HTTP.

ADDRESS is where to listen, {default} if it is left out:
  HOST:PORT               one address, such as localhost:9100 or [::1]:9100
  :PORT or *:PORT or PORT every address of this machine, printed as [::] or 0.0.0.0
  HOST:0                  a free port, which the program prints
A socket passed by systemd (LISTEN_FDS) is used instead of it.

Options:
  -h, --help              prints this
      --version           prints the version of the library that it is built on
"
    )
}
