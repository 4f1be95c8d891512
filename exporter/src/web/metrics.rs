//! The exporter's metrics on its web configuration.

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use exporter_workbook::collect::{CollectError, Collector, Samples};
use exporter_workbook::desc::Desc;

use super::settings::Web;

/// Reports whether the last change of the files was valid, and when the certificate
/// expires.
pub struct WebConfigCollector {
    web: Arc<Web>,
    successful: Desc,
    timestamp: Desc,
    not_after: Desc,
}

impl WebConfigCollector {
    /// Creates a collector whose metrics begin with `prefix`.
    pub fn new(web: Arc<Web>, prefix: &str) -> WebConfigCollector {
        let gauge =
            |name: &str, help: &str| Desc::gauge(&format!("{prefix}_web_{name}"), help);
        WebConfigCollector {
            web,
            successful: gauge(
                "config_last_reload_successful",
                "Whether the web configuration and the files that it names were valid \
                 when they last changed.",
            ),
            timestamp: gauge(
                "config_last_reload_success_timestamp_seconds",
                "When the web configuration in use was read.",
            ),
            not_after: gauge(
                "certificate_expiry_timestamp_seconds",
                "When the server's certificate expires.",
            ),
        }
    }
}

impl Collector for WebConfigCollector {
    fn describe(&self) -> Vec<&Desc> {
        vec![&self.successful, &self.timestamp, &self.not_after]
    }

    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        let (settings, state) = self.web.state();
        let read = state.read.duration_since(UNIX_EPOCH)?.as_secs_f64();
        samples.set(&self.successful, f64::from(state.is_valid), &[]);
        samples.set(&self.timestamp, read, &[]);
        if let Some(not_after) = settings.tls.as_ref().and_then(|tls| tls.not_after) {
            samples.set(&self.not_after, not_after as f64, &[]);
        }
        Ok(())
    }
}
