//! The program's arguments: where to listen, and how many series to serve.

use std::env;
use std::fmt;

use exporter_workbook::serve;

const DEFAULT: u32 = 1_000_000;
/// They need about a gigabyte.
const MOST: u32 = 10_000_000;

#[derive(thiserror::Error)]
pub enum ArgumentsError {
    #[error(transparent)]
    Address(#[from] serve::ServeError),
    #[error("{0:?} isn't a number of series: write one from 1 to {MOST}")]
    Series(String),
    #[error(
        "expected at most two arguments, the address to listen on and the number of \
         series: got {0:?}"
    )]
    Arguments(Vec<String>),
}

/// What `main` prints.
impl fmt::Debug for ArgumentsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Returns the address and the number of series.
pub fn parse() -> Result<(String, u32), ArgumentsError> {
    let arguments = env::args_os().skip(1);
    let arguments = arguments.map(|text| text.to_string_lossy().into_owned());
    let arguments: Vec<String> = arguments.collect();
    match arguments.as_slice() {
        [] | [_] => Ok((serve::address_argument("127.0.0.1:9000")?, DEFAULT)),
        [address, series] => {
            let number = series.parse().ok();
            let number = number.filter(|number| (1..=MOST).contains(number));
            let wrong = || ArgumentsError::Series(series.clone());
            Ok((address.clone(), number.ok_or_else(wrong)?))
        }
        _ => Err(ArgumentsError::Arguments(arguments)),
    }
}
