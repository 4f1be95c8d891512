//! By hand.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;
use std::sync::{Mutex, mpsc};
use std::thread;

use exporter_workbook::serve;
use tiny_http::{Header, Response, Server};

const FROM_HTTP: &[&str] = &["12", "3", "twelve", "", "40", "eleven"];
const FROM_MAIL: &[&str] = &["5", "x", "two", "-1", "8"];
const FROM_FAX: &[&str] = &["2", "none", "6"];

static WAITING: Mutex<BTreeMap<&str, i64>> = Mutex::new(BTreeMap::new());

fn waiting(module: &'static str, by: i64) {
    if let Ok(mut all) = WAITING.lock() {
        *all.entry(module).or_default() += by;
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;
    thread::scope(|scope| {
        for (module, jobs) in [
            ("mail", FROM_MAIL),
            ("fax", FROM_FAX),
            ("http-server", FROM_HTTP),
        ] {
            scope.spawn(move || work(module, jobs));
        }
    });
    let server =
        Server::from_listener(listener, None).map_err(|error| error.to_string())?;
    for request in server.incoming_requests() {
        if !request.url().starts_with("/metrics") {
            request.respond(Response::empty(404))?;
            continue;
        }
        let kind = Header::from_bytes("Content-Type", "text/plain; version=0.0.4");
        let kind = kind.map_err(|()| "no header")?;
        request.respond(Response::from_string(page()?).with_header(kind))?;
    }
    Ok(())
}

fn page() -> Result<String, Box<dyn Error>> {
    let name = "magedu_mcube_demo_queue_length";
    let mut page = format!("# TYPE {name} gauge\n# HELP {name} Jobs that wait.\n");
    for (module, count) in WAITING.lock().map_err(|error| error.to_string())?.iter() {
        writeln!(page, "{name}{{module=\"{module}\"}} {count}.0")?;
    }
    Ok(page)
}

fn work(module: &'static str, jobs: &[&'static str]) {
    let (sender, receiver) = mpsc::channel();
    for job in jobs {
        waiting(module, 1);
        let _ = sender.send(*job);
    }
    for job in receiver.try_iter().take(4) {
        waiting(module, -1);
        match job.parse::<u32>() {
            Ok(pages) => println!("{module}: printed {pages} pages"),
            Err(error) => eprintln!("[{module}] a job failed: {job:?}: {error}"),
        }
    }
}
