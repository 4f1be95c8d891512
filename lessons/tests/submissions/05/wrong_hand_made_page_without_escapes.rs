//! By hand.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;
use std::fs;

use exporter_workbook::promhttp::Body;
use exporter_workbook::serve::{self, Server};
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response};

const SOURCE: &str = "target/queues";

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:9000")?)?;
    Server::new(listener).route("/metrics", metrics).run()?;
    Ok(())
}

fn metrics(_: &Request<()>) -> Response<Body> {
    let queues = read_queues().inspect_err(|error| eprintln!("{SOURCE}: {error}"));
    let mut response = Response::new(page(queues.ok()).into());
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

fn page(queues: Option<BTreeMap<String, u32>>) -> String {
    let name = "magedu_mcube_demo_queue_length";
    let up = u8::from(queues.is_some());
    let mut page = format!(
        "# HELP magedu_mcube_demo_up Whether the queues could be read.\n\
         # TYPE magedu_mcube_demo_up gauge\nmagedu_mcube_demo_up {up}\n\
         # HELP {name} The number of items in the queue.\n# TYPE {name} gauge\n"
    );
    for (queue, length) in queues.unwrap_or_default() {
        let _ = writeln!(page, "{name}{{queue=\"{queue}\"}} {length}");
    }
    page
}

fn read_queues() -> Result<BTreeMap<String, u32>, Box<dyn Error>> {
    let text = fs::read_to_string(SOURCE)?;
    text.lines().map(read_line).collect()
}

fn read_line(line: &str) -> Result<(String, u32), Box<dyn Error>> {
    let (queue, length) = line.split_once(' ').ok_or("a line has no length")?;
    Ok((queue.to_owned(), length.parse()?))
}
