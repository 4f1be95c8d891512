//! What a series costs in memory, in a process of its own for each library and size:
//! the difference of its resident memory (VmRSS).

use std::env;
use std::error::Error;
use std::fs;
use std::process::Command;

use crate::labels;
use crate::peers::{Kind, Library, empty};

const FLAG: &str = "--memory";

/// Measures one library in another process, which runs the same program. Returns the
/// bytes a series once all are created, and after a scrape.
///
/// # Errors
///
/// Returns an error if the process can't run or doesn't print two numbers.
pub fn measure(library: Library, series: usize) -> Result<[f64; 2], Box<dyn Error>> {
    let arguments = [FLAG, &format!("{library:?}"), &series.to_string()];
    let output = Command::new(env::current_exe()?).args(arguments).output()?;
    let printed = String::from_utf8(output.stdout)?;
    let numbers: Result<Vec<f64>, _> =
        printed.split_whitespace().map(str::parse).collect();
    match *numbers? {
        [created, scraped] => Ok([created, scraped]),
        _ => {
            Err(format!("{library:?} printed {printed:?}: expected two numbers").into())
        }
    }
}

/// Does what [`measure`] has started this process for, if it has. Returns whether it
/// has.
///
/// # Errors
///
/// Returns an error if the library refuses a name, or if /proc can't be read.
pub fn measured() -> Result<bool, Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [flag, library, series] = arguments.as_slice() else {
        return Ok(false);
    };
    if flag != FLAG {
        return Ok(false);
    }
    let mut libraries = Library::ALL.into_iter();
    let library = libraries.find(|other| format!("{other:?}") == *library);
    let library = library.ok_or("expected the name of a library")?;
    let series: usize = series.parse()?;
    let family = empty(library, Kind::Gauges)?;
    // What the first scrape sets up once isn't a series.
    family.scrape();
    let before = resident()?;
    for number in 0..series {
        let (module, shard) = labels(number);
        family.make(&module, &shard, number);
    }
    let created = resident()?;
    family.scrape();
    let scraped = resident()?;
    let each = |bytes: f64| (bytes - before) / series as f64;
    println!("{} {}", each(created), each(scraped));
    Ok(true)
}

/// Returns the resident memory in bytes.
fn resident() -> Result<f64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let text = line.ok_or("/proc/self/status has no VmRSS")?;
    let kilobytes: f64 = text.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes * 1024.0)
}
