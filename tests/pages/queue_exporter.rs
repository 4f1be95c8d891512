use std::error::Error;
use std::path::PathBuf;

use exporter::{About, Exporter, secret};
use exporter_workbook::collect::collector_fn;
use exporter_workbook::desc::Desc;
use exporter_workbook::http::{Request, Response};

#[derive(clap::Args)]
struct Flags {
    /// The address of the queue server, as HOST:PORT
    #[arg(long = "queue.address", default_value = "127.0.0.1:7000")]
    address: String,

    /// The file with the token; by default it is in the variable QUEUE_TOKEN
    #[arg(long = "queue.token-file", value_name = "FILE")]
    token_file: Option<PathBuf>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let about = About {
        name: "queue_exporter",
        version: env!("CARGO_PKG_VERSION"),
        revision: option_env!("GIT_REVISION"),
        description: "Reports on a queue server.",
        address: ":9999",
    };
    let (exporter, flags) = Exporter::start::<Flags>(about)?;
    log::info!("reports on the queue server {}", flags.address);

    let up = Desc::gauge("queue_up", "Whether the queue server answered.");
    let collector = collector_fn(vec![up.clone()], move |samples| {
        let token = secret(flags.token_file.as_deref(), "QUEUE_TOKEN")?;
        // Ask the server at `flags.address` here.
        samples.set(&up, f64::from(token.is_some()), &[]);
        Ok(())
    });
    exporter.registry().must_register(collector);

    let ready = |_: &Request<()>| Response::new("ready\n".into());
    exporter.route("/-/ready", ready).run()?;
    Ok(())
}
