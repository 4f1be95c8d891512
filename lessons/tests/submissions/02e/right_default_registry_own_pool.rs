//! Registration, by hand.

use std::error::Error;
use std::sync::{Arc, LazyLock, RwLock};
use std::thread;
use std::time::Duration;

use exporter_workbook::serve;
use prometheus::{Encoder, IntCounter, Registry, TextEncoder};
use tiny_http::{Header, Request, Response, Server};

static JOBS: LazyLock<RwLock<Option<IntCounter>>> = LazyLock::new(|| {
    RwLock::new(
        IntCounter::new("magedu_mcube_demo_jobs_total", "The number of jobs done.")
            .ok(),
    )
});

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;
    let registry = Registry::new();
    if let Some(jobs) = JOBS.read().map_err(|error| error.to_string())?.as_ref() {
        registry.register(Box::new(jobs.clone()))?;
    }
    let server =
        Server::from_listener(listener, None).map_err(|error| error.to_string())?;
    let server = Arc::new(server);
    let workers = (0..24).map(|number| {
        let (server, registry) = (server.clone(), registry.clone());
        thread::spawn(move || {
            for request in server.incoming_requests() {
                eprintln!("worker {number}: {}", request.url());
                if let Err(error) = answer(request, &registry) {
                    eprintln!("{error}");
                }
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        let _ = worker.join();
    }
    Ok(())
}

fn answer(request: Request, registry: &Registry) -> Result<(), Box<dyn Error>> {
    match request.url().split('?').next() {
        Some("/work") => {
            thread::sleep(Duration::from_millis(20));
            if let Some(jobs) = JOBS.read().map_err(|error| error.to_string())?.as_ref()
            {
                jobs.inc();
            }
            request.respond(Response::from_string("{\"status\": \"Done\"}"))?;
        }
        Some("/metrics") => {
            let mut text = Vec::new();
            TextEncoder::new().encode(&registry.gather(), &mut text)?;
            let kind = Header::from_bytes("Content-Type", "text/plain; version=0.0.4");
            let kind = kind.map_err(|()| "no header")?;
            request.respond(Response::from_data(text).with_header(kind))?;
        }
        _ => request.respond(Response::from_string("?").with_status_code(404))?,
    }
    Ok(())
}
