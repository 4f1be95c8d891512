// ANCHOR: program
use std::error::Error;
use std::path::PathBuf;

use exporter_workbook::collectors::{
    BuildInfoCollector, ProcessCollector, ProcessCollectorOpts, pid_file,
};
use exporter_workbook::promhttp::{self, HandlerErrorHandling, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};

fn main() -> Result<(), Box<dyn Error>> {
    let registry = registry("/run/nginx.pid".into());
    let opts = HandlerOpts {
        error_handling: HandlerErrorHandling::ContinueOnError,
        registry: Some(registry.clone()),
        ..HandlerOpts::default()
    };
    let handler = promhttp::handler_for(&registry, opts)?;
    let listener = serve::listen(&serve::address_argument("127.0.0.1:9100")?)?;
    Server::new(listener).route("/metrics", handler).run()?;
    Ok(())
}

pub fn registry(pid_path: PathBuf) -> Registry {
    let registry = Registry::new();
    registry.must_register(ProcessCollector::with_opts(ProcessCollectorOpts {
        pid_fn: Some(pid_file(pid_path)),
        namespace: "nginx".to_owned(),
        report_errors: true,
        ..ProcessCollectorOpts::default()
    }));
    // The build sets GIT_REVISION: GIT_REVISION=$(git rev-parse HEAD) cargo build
    let build_info =
        BuildInfoCollector::new("nginx_exporter", env!("CARGO_PKG_VERSION"))
            .revision(option_env!("GIT_REVISION").unwrap_or_default());
    registry.must_register(build_info);
    registry
}
// ANCHOR_END: program
