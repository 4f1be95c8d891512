//! Testing
//!
//! The exercise: tests that pass whatever the program serves. Only edit the tests.
//!
//! Check it: `cargo workbook check 08`

use std::{collections::BTreeMap, error::Error, fs};

use exporter_workbook::collect::{CollectError, Collector, Samples};
use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::serve::{self, Server};
use exporter_workbook::{desc::Desc, registry::Registry};

type Lengths = Result<BTreeMap<String, f64>, CollectError>;

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:9000")?)?;
    let registry = Registry::new();
    registry.must_register(collector(|| parse(&fs::read_to_string("target/queues")?)));
    let handler = promhttp::handler_for(&registry, HandlerOpts::default())?;
    Ok(Server::new(listener).route("/metrics", handler).run()?)
}

fn collector<S>(source: S) -> QueueCollector<S> {
    let up = Desc::gauge("magedu_mcube_demo_up", "Whether the queues could be read.");
    let length = Desc::gauge("magedu_mcube_demo_queue_length", "Items.").label("queue");
    QueueCollector { source, up, length }
}

struct QueueCollector<S> {
    source: S,
    up: Desc,
    length: Desc,
}

impl<S: Fn() -> Lengths + Send + Sync + 'static> Collector for QueueCollector<S> {
    fn describe(&self) -> Vec<&Desc> {
        vec![&self.up, &self.length]
    }

    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        let lengths = (self.source)();
        samples.set(&self.up, f64::from(lengths.is_ok()), &[]);
        for (queue, length) in lengths.iter().flatten() {
            samples.set(&self.length, *length, &[queue]);
        }
        Ok(())
    }
}

fn parse(text: &str) -> Lengths {
    let parse_line = |line: &str| {
        let (queue, length) = line.split_once(' ').ok_or("a line has no length")?;
        Ok((queue.to_owned(), length.parse::<u32>()?.into()))
    };
    text.lines().map(parse_line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use exporter_workbook::testutil::{collect_and_compare, to_float64};

    #[test]
    fn lengths() {
        let expected = r#"
            # HELP magedu_mcube_demo_queue_length Items.
            # TYPE magedu_mcube_demo_queue_length gauge
            magedu_mcube_demo_queue_length{queue="mail"} 3
            magedu_mcube_demo_queue_length{queue="print"} 5
        "#;
        let names = ["magedu_mcube_demo_queue_length"];
        collect_and_compare(collector(|| parse("mail 3\nprint 5\n")), expected, &names)
            .unwrap();
    }

    #[test]
    fn up() {
        assert_eq!(to_float64(collector(|| parse(""))), 1.0);
        assert_eq!(to_float64(collector(|| Err("gone".into()))), 0.0);
    }
}
