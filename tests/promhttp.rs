//! The handlers as functions of a request, row by row of what Go's `promhttp` does.

#![allow(clippy::unwrap_used, reason = "this is test code")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use exporter_workbook::gather::{GatherError, Gathered, Gatherer};
use exporter_workbook::promhttp::{
    self, Handler, HandlerErrorHandling, HandlerOpts, instrument_metric_handler,
};
use exporter_workbook::register::Registerer;
use http::{Method, Request, Response};
use prometheus::core::Collector;
use prometheus::proto::{MetricFamily, MetricType};
use prometheus::{Gauge, Registry};

fn ask(handler: &Handler, method: Method) -> Response<Vec<u8>> {
    let mut request = Request::new(());
    *request.method_mut() = method;
    handler(&request)
}

fn body(response: Response<Vec<u8>>) -> String {
    String::from_utf8(response.into_body()).unwrap()
}

fn scrape(handler: &Handler) -> String {
    let response = ask(handler, Method::GET);
    assert_eq!(response.status(), 200);
    body(response)
}

fn handler_for(gatherer: impl Gatherer + 'static, opts: HandlerOpts) -> Handler {
    promhttp::handler_for(gatherer, opts).unwrap()
}

fn instrumented(registry: &Registry) -> Handler {
    let opts = HandlerOpts {
        registry: Some(registry.clone()),
        ..HandlerOpts::default()
    };
    instrument_metric_handler(registry, handler_for(registry.clone(), opts)).unwrap()
}

const ERRORS_TOTAL: &str = "\
# HELP promhttp_metric_handler_errors_total Total number of internal errors encountered by the promhttp metric handler.
# TYPE promhttp_metric_handler_errors_total counter
promhttp_metric_handler_errors_total{cause=\"encoding\"} 0
promhttp_metric_handler_errors_total{cause=\"gathering\"} 0
";

const REQUESTS: &str = "\
# HELP promhttp_metric_handler_requests_in_flight Current number of scrapes being served.
# TYPE promhttp_metric_handler_requests_in_flight gauge
promhttp_metric_handler_requests_in_flight 1
# HELP promhttp_metric_handler_requests_total Total number of scrapes by HTTP status code.
# TYPE promhttp_metric_handler_requests_total counter
promhttp_metric_handler_requests_total{code=\"200\"} 0
promhttp_metric_handler_requests_total{code=\"500\"} 0
promhttp_metric_handler_requests_total{code=\"503\"} 0
";

#[test]
fn handler_serves_the_default_registry_and_counts_its_requests_but_no_errors() {
    let text = scrape(&promhttp::handler().unwrap());
    assert!(text.ends_with(REQUESTS), "{text}");
    assert!(!text.contains("errors_total"));
}

#[test]
fn handler_for_without_a_registry_adds_nothing() {
    assert_eq!(
        scrape(&handler_for(Registry::new(), HandlerOpts::default())),
        ""
    );
}

#[test]
fn handler_for_with_a_registry_adds_its_errors_at_0_and_nothing_else() {
    let registry = Registry::new();
    let opts = HandlerOpts {
        registry: Some(registry.clone()),
        ..HandlerOpts::default()
    };
    let handler = handler_for(registry, opts);
    assert_eq!(scrape(&handler), ERRORS_TOTAL);
    assert_eq!(scrape(&handler), ERRORS_TOTAL);
}

#[test]
fn instrument_metric_handler_counts_a_scrape_once_it_is_answered() {
    let handler = instrumented(&Registry::new());
    let first = format!("{ERRORS_TOTAL}{REQUESTS}");
    assert_eq!(scrape(&handler), first);
    let (at_0, at_1) = ("{code=\"200\"} 0", "{code=\"200\"} 1");
    assert_eq!(scrape(&handler), first.replace(at_0, at_1));
}

#[test]
fn two_handlers_on_one_registry_share_their_metrics() {
    let registry = Registry::new();
    let (one, other) = (instrumented(&registry), instrumented(&registry));
    scrape(&one);
    scrape(&other);
    assert!(scrape(&one).contains("requests_total{code=\"200\"} 2\n"));
}

#[test]
fn a_name_that_a_stranger_holds_is_an_error() {
    let registry = Registry::new();
    let name = "promhttp_metric_handler_requests_in_flight";
    let help = "Current number of scrapes being served.";
    registry.must_register(vec![Box::new(Gauge::new(name, help).unwrap())]);
    let inner = handler_for(registry.clone(), HandlerOpts::default());
    let error = instrument_metric_handler(&registry, inner).err().unwrap();
    assert_eq!(
        error.to_string(),
        format!(
            "`{name}` is registered already: register it once and change its value \
             through a clone, or leave out one of the two collectors"
        )
    );
}

#[test]
fn a_scrape_is_no_longer_in_flight_after_a_panic() {
    let registry = Registry::new();
    let panics: Handler = Box::new(|_| panic!("on purpose"));
    let handler = instrument_metric_handler(&registry, panics).unwrap();
    catch_unwind(AssertUnwindSafe(|| ask(&handler, Method::GET))).unwrap_err();
    let families = registry.gather();
    let in_flight = families[0].get_metric()[0].get_gauge();
    assert_eq!(in_flight.get_value(), 0.0);
}

#[test]
fn the_content_type_is_that_of_the_text_format() {
    let response = ask(&instrumented(&Registry::new()), Method::GET);
    assert_eq!(
        response.headers()["content-type"],
        "text/plain; version=0.0.4; charset=utf-8"
    );
}

#[test]
fn get_and_head_are_answered_alike_and_others_with_405() {
    let handler = handler_for(Registry::new(), HandlerOpts::default());
    for method in [Method::GET, Method::HEAD] {
        assert_eq!(ask(&handler, method).status(), 200);
    }
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let response = ask(&handler, method);
        assert_eq!(response.status(), 405);
        assert_eq!(response.headers()["allow"], "GET, HEAD");
    }
}

#[test]
fn an_empty_registry_is_an_empty_page() {
    let response = ask(
        &handler_for(Registry::new(), HandlerOpts::default()),
        Method::GET,
    );
    assert_eq!(response.status(), 200);
    assert_eq!(response.body().len(), 0);
}

// Errors.

/// Gathers `good`, and fails with `errors`.
struct Failing {
    good: Vec<MetricFamily>,
    errors: &'static [&'static str],
}

impl Gatherer for Failing {
    fn gather(&self) -> Gathered {
        let error = |text: &&str| GatherError::CollectorPanicked {
            collector: "a collector".to_owned(),
            message: text.to_string(),
        };
        Gathered {
            families: self.good.clone(),
            errors: self.errors.iter().map(error).collect(),
        }
    }
}

fn good() -> Vec<MetricFamily> {
    Gauge::new("queue_length", "Items.").unwrap().collect()
}

const GOOD: &str =
    "# HELP queue_length Items.\n# TYPE queue_length gauge\nqueue_length 0\n";

/// A family that the SDK's encoder panics on.
fn untyped() -> MetricFamily {
    let mut family = good().remove(0);
    family.set_name("load".to_owned());
    family.set_field_type(MetricType::UNTYPED);
    family
}

#[test]
fn a_failed_gather_is_answered_with_500_and_its_error() {
    let gatherer = Failing {
        good: good(),
        errors: &["no sensor"],
    };
    let response = ask(&handler_for(gatherer, HandlerOpts::default()), Method::GET);
    assert_eq!(response.status(), 500);
    assert_eq!(
        response.headers()["content-type"],
        "text/plain; charset=utf-8"
    );
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    assert_eq!(
        body(response),
        "An error has occurred while serving metrics:\n\n\
         a collector panicked: no sensor (the program's log says where)\n"
    );
}

#[test]
fn several_errors_are_counted_and_listed() {
    let gatherer = Failing {
        good: good(),
        errors: &["no sensor", "no disk"],
    };
    assert_eq!(
        body(ask(
            &handler_for(gatherer, HandlerOpts::default()),
            Method::GET
        )),
        "An error has occurred while serving metrics:\n\n2 error(s) occurred:\n\
         * a collector panicked: no sensor (the program's log says where)\n\
         * a collector panicked: no disk (the program's log says where)\n"
    );
}

fn continue_on_error() -> HandlerOpts {
    HandlerOpts {
        error_handling: HandlerErrorHandling::ContinueOnError,
        registry: None,
    }
}

#[test]
fn continue_on_error_serves_what_there_is() {
    let gatherer = Failing {
        good: good(),
        errors: &["no sensor"],
    };
    assert_eq!(scrape(&handler_for(gatherer, continue_on_error())), GOOD);
    let gatherer = Failing {
        good: vec![untyped(), good().remove(0)],
        errors: &[],
    };
    assert_eq!(scrape(&handler_for(gatherer, continue_on_error())), GOOD);
}

#[test]
fn continue_on_error_fails_when_there_is_nothing() {
    let gatherer = Failing {
        good: Vec::new(),
        errors: &["no sensor"],
    };
    let handler = handler_for(gatherer, continue_on_error());
    assert_eq!(ask(&handler, Method::GET).status(), 500);
}

#[test]
fn panic_on_error_panics_with_the_error() {
    let gatherer = Failing {
        good: good(),
        errors: &["no sensor"],
    };
    let opts = HandlerOpts {
        error_handling: HandlerErrorHandling::PanicOnError,
        registry: None,
    };
    let handler = handler_for(gatherer, opts);
    let panic =
        catch_unwind(AssertUnwindSafe(|| ask(&handler, Method::GET))).unwrap_err();
    assert!(
        panic
            .downcast_ref::<String>()
            .unwrap()
            .contains("no sensor")
    );
}

#[test]
fn a_family_that_cannot_be_encoded_is_named() {
    let gatherer = Failing {
        good: vec![good().remove(0), untyped()],
        errors: &[],
    };
    let response = ask(&handler_for(gatherer, HandlerOpts::default()), Method::GET);
    assert_eq!(response.status(), 500);
    assert_eq!(
        body(response),
        "An error has occurred while serving metrics:\n\n\
         cannot encode metric family `load` of type UNTYPED: not implemented\n"
    );
}

#[test]
fn errors_are_counted_by_cause_and_shown_one_scrape_later() {
    let registry = Registry::new();
    let gatherer = Failing {
        good: vec![untyped(), good().remove(0)],
        errors: &["no sensor", "no disk"],
    };
    let opts = HandlerOpts {
        error_handling: HandlerErrorHandling::ContinueOnError,
        registry: Some(registry.clone()),
    };
    let failing = handler_for(gatherer, opts);
    scrape(&failing);
    let text = scrape(&handler_for(registry, HandlerOpts::default()));
    // A gather fails once, however much is wrong with it; each family is encoded.
    assert!(text.contains("{cause=\"gathering\"} 1\n"), "{text}");
    assert!(text.contains("{cause=\"encoding\"} 1\n"), "{text}");
}
