//! The collector of the page on formats, whose output the page shows.

use exporter_workbook::collect::{CollectError, Collector, Samples};
use exporter_workbook::desc::Desc;

pub struct Shop {
    requests: Desc,
    duration: Desc,
    breaker: Desc,
    build: Desc,
}

impl Shop {
    // ANCHOR: new
    pub fn new() -> Shop {
        Shop {
            requests: Desc::counter("http.requests_total", "Requests handled.")
                .label("http.route")
                .utf8(),
            duration: Desc::histogram("duration_seconds", "Durations of requests."),
            breaker: Desc::state_set("breaker", "The state of a breaker.").label("of"),
            build: Desc::info("shop_build_info", "The build.").label("version"),
        }
    }
    // ANCHOR_END: new
}

impl Collector for Shop {
    fn describe(&self) -> Vec<&Desc> {
        vec![&self.requests, &self.duration, &self.breaker, &self.build]
    }

    // ANCHOR: collect
    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        samples
            .set(&self.requests, 42.0, &["/orders"])
            .created(1_700_000_000_000)
            .exemplar(&[("trace_id", "4bf92f")], 1.0);
        samples
            .histogram(&self.duration, 3, 2.5, &[(0.5, 2)], &[])
            .exemplar(&[("trace_id", "0af765")], 0.25);
        samples.states(&self.breaker, &[("open", true), ("closed", false)], &["db"]);
        samples.info(&self.build, &["1.4.0"]);
        Ok(())
    }
    // ANCHOR_END: collect
}
