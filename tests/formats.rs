//! Names in UTF-8 and their escaping, exemplars, times of creation, info metrics and
//! state sets, as whole texts.

#![allow(clippy::unwrap_used, reason = "this is test code")]

#[path = "pages/formats.rs"]
mod page;
mod tables;

use exporter_workbook::collect::{Collector, Samples, collector_fn, value_fn};
use exporter_workbook::desc::{Desc, MetricKind};
use exporter_workbook::exposition::{
    Escaping, Exemplar, Family, Format, StateSetValue, Value,
};
use exporter_workbook::promhttp::{Handler, HandlerOpts, handler_for};
use exporter_workbook::registry::{Gathered, RegisterError, Registry};
use exporter_workbook::testutil;
use http::Request;

const TEXT_UTF8: Format = Format::TEXT_1_0_0.with_escaping(Escaping::AllowUtf8);
const OPEN_METRICS_UTF8: Format =
    Format::OPEN_METRICS_1_0_0.with_escaping(Escaping::AllowUtf8);
const OPEN_METRICS_CREATED: Format = Format::OPEN_METRICS_1_0_0.with_created_samples();

/// Returns the schemes that leave only classic names.
fn classic_schemes() -> [Escaping; 3] {
    [Escaping::Underscores, Escaping::Dots, Escaping::Values]
}

/// Registers an unchecked collector.
fn unchecked(collect: impl Fn(&mut Samples<'_>) + Send + Sync + 'static) -> Registry {
    let registry = Registry::new();
    registry.must_register(collector_fn(Vec::new(), move |samples| {
        collect(samples);
        Ok(())
    }));
    registry
}

#[track_caller]
fn text_of(registry: &Registry, format: Format) -> String {
    let gathered = registry.gather();
    assert_eq!(gathered.errors(), []);
    format.to_text(gathered.families())
}

/// Returns the only error of a scrape.
#[track_caller]
fn error_of(collect: impl Fn(&mut Samples<'_>) + Send + Sync + 'static) -> String {
    let gathered = unchecked(collect).gather();
    let [error] = gathered.errors() else {
        panic!("{gathered:?}");
    };
    let message = error.to_string();
    let (_, message) = message.split_once(") reported ").unwrap();
    message.to_owned()
}

// Names in UTF-8.

/// A family of every type whose names aren't classic, and one whose names are.
fn every_type(samples: &mut Samples<'_>) {
    let utf8 = |desc: Desc| desc.label("http.route").label("zone").utf8();
    let gauge = utf8(Desc::gauge("a.queue \"länge\"\\\n", "A queue."));
    samples.set(&gauge, 1.0, &["/", "eu"]);
    samples.set(
        &Desc::gauge("a_classic", "Classic.").label("zone"),
        2.0,
        &["eu"],
    );
    let bare = Desc::gauge("b.bare", "No labels.").utf8();
    samples.set(&bare, 3.0, &[]);
    let counter = utf8(Desc::counter("c.requests_total", "Requests."));
    samples.set(&counter, 4.0, &["/a\"b", ""]);
    let labels_only = utf8(Desc::gauge("d_labels", "Only a label isn't classic."));
    samples.set(&labels_only, 5.0, &["/", "eu"]);
    let histogram = Desc::histogram("e.duration_seconds", "Durations.").utf8();
    samples.histogram(&histogram, 3, 4.5, &[(0.5, 1)], &[]);
    let histogram = Desc::histogram("f.size", "Sizes.");
    samples.histogram(&utf8(histogram), 1, 2.0, &[(1.0, 0)], &["/", "eu"]);
    let summary = Desc::summary("g.wait", "Waits.").utf8();
    samples.summary(&summary, 2, 3.0, &[(0.5, 1.0)], &[]);
    let states = utf8(Desc::state_set("h.breaker", "A breaker."));
    samples.states(&states, &[("open", true), ("shut", false)], &["/", "eu"]);
    let info = Desc::info("i.build_info", "A build.").label("a.b").utf8();
    samples.info(&info, &["1"]);
    samples.set(&Desc::untyped("j.ü", "Untyped.").utf8(), 6.0, &[]);
}

#[test]
fn names_in_utf8_are_quoted() {
    let registry = unchecked(every_type);
    let text = include_str!("formats/utf8.prom");
    assert_eq!(text_of(&registry, TEXT_UTF8), text);
    let format = Format::TEXT.with_escaping(Escaping::AllowUtf8);
    assert_eq!(text_of(&registry, format), text);
    let open_metrics = include_str!("formats/utf8.openmetrics");
    assert_eq!(text_of(&registry, OPEN_METRICS_UTF8), open_metrics);
}

#[test]
fn names_in_utf8_have_underscores_for_a_client_that_doesnt_ask() {
    let registry = unchecked(every_type);
    let text = include_str!("formats/underscores.prom");
    let escaping = Escaping::Underscores;
    for format in [Format::TEXT, Format::TEXT_1_0_0] {
        assert_eq!(text_of(&registry, format), text);
        assert_eq!(text_of(&registry, format.with_escaping(escaping)), text);
    }
    let open_metrics = include_str!("formats/underscores.openmetrics");
    for format in [Format::OPEN_METRICS_0_0_1, Format::OPEN_METRICS_1_0_0] {
        assert_eq!(text_of(&registry, format), open_metrics);
        assert_eq!(
            text_of(&registry, format.with_escaping(escaping)),
            open_metrics
        );
    }
}

#[test]
fn names_in_utf8_are_escaped_as_the_client_asks() {
    let registry = unchecked(every_type);
    for (escaping, text, open_metrics) in [
        (
            Escaping::Dots,
            include_str!("formats/dots.prom"),
            include_str!("formats/dots.openmetrics"),
        ),
        (
            Escaping::Values,
            include_str!("formats/values.prom"),
            include_str!("formats/values.openmetrics"),
        ),
    ] {
        assert_eq!(
            text_of(&registry, Format::TEXT.with_escaping(escaping)),
            text
        );
        let format = Format::OPEN_METRICS_1_0_0.with_escaping(escaping);
        assert_eq!(text_of(&registry, format), open_metrics);
    }
}

#[test]
fn classic_names_are_written_alike_in_all_schemes() {
    let registry = unchecked(|samples| {
        for desc in [
            Desc::gauge("U__a_2e_b", "Help.").label("U__c"),
            Desc::gauge("no:escaping_required", "Help.")
                .label("a_b")
                .utf8(),
        ] {
            samples.set(&desc, 1.0, &["x"]);
        }
    });
    for format in [Format::TEXT, Format::TEXT_1_0_0, Format::OPEN_METRICS_1_0_0] {
        let text = text_of(&registry, format);
        for escaping in [[Escaping::AllowUtf8].as_slice(), &classic_schemes()].concat()
        {
            assert_eq!(text_of(&registry, format.with_escaping(escaping)), text);
        }
    }
}

#[allow(clippy::too_many_lines, reason = "a table")]
#[test]
fn names_are_escaped_as_in_go() {
    for (name, expected) in [
        (
            "mysystem.prod.west.cpu.load",
            [
                "mysystem_prod_west_cpu_load",
                "mysystem_dot_prod_dot_west_dot_cpu_dot_load",
                "U__mysystem_2e_prod_2e_west_2e_cpu_2e_load",
            ],
        ),
        (
            "http.status:sum",
            [
                "http_status:sum",
                "http_dot_status:sum",
                "U__http_2e_status:sum",
            ],
        ),
        (
            "label with 😱",
            [
                "label_with__",
                "label__with____",
                "U__label_20_with_20__1f631_",
            ],
        ),
        ("花火", ["__", "____", "U___82b1__706b_"]),
        (
            "no:escaping_required",
            [
                "no:escaping_required",
                "no:escaping__required",
                "no:escaping_required",
            ],
        ),
    ] {
        let escaped = classic_schemes().map(|scheme| scheme.escape(name));
        assert_eq!(escaped, expected);
        assert_eq!(Escaping::AllowUtf8.escape(name), name);
    }
}

#[test]
fn metrics_that_escape_alike_stay_apart() {
    let registry = unchecked(|samples| {
        for (name, value) in [("a b", 1.0), ("a.b", 2.0), ("c.d", 3.0), ("ü", 4.0)] {
            samples.set(&Desc::gauge(name, "").utf8(), value, &[]);
        }
        // What others would be escaped to.
        samples.set(&Desc::gauge("U__a_2e_b", ""), 5.0, &[]);
        samples.set(&Desc::gauge("c_d_count", ""), 6.0, &[]);
        let histogram = Desc::histogram("c:d", "").utf8();
        samples.histogram(&histogram, 1, 1.0, &[], &[]);
        samples.summary(&Desc::summary("c d", "").utf8(), 1, 1.0, &[], &[]);
    });
    assert_eq!(
        text_of(&registry, Format::TEXT),
        "# TYPE U__a_2e_b gauge\nU__a_2e_b 5\n\
         # TYPE a_b gauge\na_b 1\n\
         # TYPE U__U____a__2e__b gauge\nU__U____a__2e__b 2\n\
         # TYPE U__c_20_d summary\nU__c_20_d_sum 1\nU__c_20_d_count 1\n\
         # TYPE c_d gauge\nc_d 3\n\
         # TYPE c:d histogram\nc:d_bucket{le=\"+Inf\"} 1\nc:d_sum 1\nc:d_count 1\n\
         # TYPE c_d_count gauge\nc_d_count 6\n\
         # TYPE _ gauge\n_ 4\n"
    );
}

#[test]
fn labels_that_escape_alike_stay_apart() {
    let registry = unchecked(|samples| {
        let desc = Desc::gauge("a", "");
        let desc = ["x.y", "x y", "x_y", "..name..", "花", "x:y"]
            .into_iter()
            .fold(desc, Desc::label)
            .utf8();
        samples.set(&desc, 1.0, &["1", "2", "3", "4", "5", "6"]);
        let other = Desc::gauge("a", "").label("x.y").label("U__x_20_y").utf8();
        samples.set(&other, 2.0, &["1", "2"]);
    });
    // By name in order; `x.y` is the same label in both samples.
    assert_eq!(
        text_of(&registry, Format::TEXT),
        "# TYPE a gauge\n\
         a{U___2e__2e_name_2e__2e_=\"4\",U__U____x__20__y=\"2\",U__x_2e_y=\"1\",\
         U__x_3a_y=\"6\",x_y=\"3\",_=\"5\"} 1\n\
         a{U__x_20_y=\"2\",U__x_2e_y=\"1\"} 2\n"
    );
}

#[test]
fn a_metric_and_its_labels_are_read_back_as_they_were_named() {
    let gathered = unchecked(every_type).gather();
    let families = gathered.families();
    let names: Vec<&str> = families.iter().map(Family::name).collect();
    assert_eq!(names[0], "a.queue \"länge\"\\\n");
    let sample = families[0].samples().next().unwrap();
    let label = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        sample.labels(),
        [label("http.route", "/"), label("zone", "eu")]
    );
    assert_eq!(sample.label("http.route").as_deref(), Some("/"));
    let again = Gathered::new(families.to_vec(), Vec::new());
    assert_eq!(again.errors(), []);
    let text = OPEN_METRICS_UTF8.to_text(families);
    assert_eq!(OPEN_METRICS_UTF8.to_text(again.families()), text);
}

#[test]
fn a_label_is_read_back_whatever_it_is_called() {
    let names = [
        "=", "=\"", "a=\"\",b", "\\", "\n", ",", "{}", "é", "\"", "a",
    ];
    let registry = unchecked(move |samples| {
        let desc = names.into_iter().fold(Desc::gauge("a", ""), Desc::label);
        let mut values = names;
        values[3] = "";
        samples.set(&desc.utf8(), 1.0, &values);
    });
    let gathered = registry.gather();
    assert_eq!(gathered.errors(), []);
    let sample = gathered.families()[0].samples().next().unwrap();
    let mut expected = names.map(|name| (name, if name == "\\" { "" } else { name }));
    expected.sort_unstable();
    let labels = sample.labels();
    let labels: Vec<_> = labels.iter().map(|(n, v)| (&**n, &**v)).collect();
    assert_eq!(labels, expected);
}

#[test]
fn a_sample_without_a_quoted_label_and_with_an_empty_one_is_the_same() {
    let message = {
        let a = Desc::gauge("a", "").label("x.y").label("=\"").utf8();
        let b = Desc::gauge("a", "").label("x.y").utf8();
        let registry = unchecked(move |samples| {
            samples.set(&a, 1.0, &["1", ""]);
            samples.set(&b, 1.0, &["1"]);
        });
        let gathered = registry.gather();
        gathered.errors()[0].to_string()
    };
    assert!(message.contains("which was reported already"), "{message}");
}

#[track_caller]
fn refused(desc: Desc) -> String {
    let registry = Registry::new();
    match registry.register(collector_fn(vec![desc], |_| Ok(()))) {
        Err(RegisterError::Invalid { reason, .. }) => reason,
        other => panic!("{:?}", other.map(|_| ())),
    }
}

#[allow(clippy::too_many_lines, reason = "a table")]
#[test]
fn a_wrong_name_is_refused_with_utf8_too() {
    let classic = "isn't a metric name: use letters, digits, `_` and `:`, but no \
                   leading digit";
    let reserved = "label names that begin with `__` are reserved: rename `__x.y`";
    for (desc, reason) in [
        (Desc::gauge("a.b", ""), &*format!("`a.b` {classic}")),
        (
            Desc::gauge("", "").utf8(),
            "a metric name can't be empty: name it",
        ),
        (
            Desc::gauge("a", "").label("x.y"),
            "`x.y` isn't a label name: use letters, digits and `_`, but no leading digit",
        ),
        (
            Desc::gauge("a", "").label("").utf8(),
            "a label name can't be empty: name it",
        ),
        (
            Desc::gauge("a\0", "").utf8(),
            "a metric name can't have a NUL: rename \"a\\0\"",
        ),
        (
            Desc::gauge("a", "").label("x\0").utf8(),
            "a label name can't have a NUL: rename \"x\\0\"",
        ),
        (Desc::gauge("a", "").label("__x.y").utf8(), reserved),
        (
            Desc::gauge("a", "")
                .label("x.y")
                .const_label("x.y", "")
                .utf8(),
            "it has the label `x.y` twice, keep one",
        ),
        (
            Desc::histogram("a.b", "").label("le").utf8(),
            "the label `le` belongs to the histogram itself, rename yours",
        ),
        (
            Desc::state_set("a.b", "").label("a.b").utf8(),
            "the label `a.b` belongs to the stateset itself, rename yours",
        ),
        (
            Desc::state_set("a:b", ""),
            "`a:b` isn't a label name: use letters, digits and `_`, but no leading digit",
        ),
        (
            Desc::info("a.b", "").utf8(),
            "the name of an info metric ends in `_info`: rename `a.b`",
        ),
    ] {
        assert_eq!(refused(desc), reason);
    }
}

/// Passes on a state set that another registry gathered.
fn appended_states() -> impl Collector {
    let appended = unchecked(|samples| {
        let family = Desc::state_set("other.state", "").label("a b").utf8();
        samples.states(&family, &[("on", true)], &["1"]);
    });
    collector_fn(Vec::new(), move |samples| {
        let families = appended.gather().into_families();
        families
            .into_iter()
            .for_each(|family| samples.append(family));
        Ok(())
    })
}

#[test]
fn a_prefix_and_labels_are_added_to_names_in_utf8() {
    let registry = Registry::new();
    let inner = registry
        .with_prefix("shop.")
        .with_labels(&[("zone.name", "eu")]);
    let desc = Desc::gauge("queue", "").utf8();
    inner.must_register(value_fn(desc, || 1.0));
    let states = Desc::state_set("state", "").utf8();
    inner.must_register(collector_fn(vec![states.clone()], move |samples| {
        samples.states(&states, &[("on", true)], &[]);
        Ok(())
    }));
    inner.must_register(appended_states());
    assert_eq!(
        text_of(&registry, TEXT_UTF8),
        "# TYPE \"shop.other.state\" gauge\n\
         {\"shop.other.state\",\"a b\"=\"1\",\"zone.name\"=\"eu\",\
         \"shop.other.state\"=\"on\"} 1\n\
         # TYPE \"shop.queue\" gauge\n{\"shop.queue\",\"zone.name\"=\"eu\"} 1\n\
         # TYPE \"shop.state\" gauge\n\
         {\"shop.state\",\"zone.name\"=\"eu\",\"shop.state\"=\"on\"} 1\n"
    );
    // A prefix isn't classic because the wrapped metric may not be.
    let classic = Desc::gauge("queue", "");
    let refused = inner.register(value_fn(classic, || 1.0)).err().unwrap();
    assert!(
        refused
            .to_string()
            .contains("`shop.queue` isn't a metric name")
    );
}

#[test]
fn a_renamed_family_has_classic_names_unless_it_asks() {
    let gathered = unchecked(|samples| {
        samples.set(&Desc::gauge("a", "").label("x"), 1.0, &["1"]);
    });
    let family = gathered.gather().into_families().remove(0).with_name("a.b");
    let refused = Gathered::new(vec![family.clone()], Vec::new());
    assert_eq!(refused.families().len(), 0);
    let message = refused.errors()[0].to_string();
    assert!(message.contains("`a.b` isn't a metric name"), "{message}");
    let accepted = Gathered::new(vec![family.utf8()], Vec::new());
    assert_eq!(accepted.errors(), []);
    assert_eq!(
        TEXT_UTF8.to_text(accepted.families()),
        "# TYPE \"a.b\" gauge\n{\"a.b\",x=\"1\"} 1\n"
    );
}

#[test]
fn a_state_sets_label_is_renamed_with_it() {
    let gathered = unchecked(|samples| {
        let states = Desc::state_set("b", "").label("x");
        samples.states(&states, &[("on", true)], &["1"]);
    });
    let family = gathered.gather().into_families().remove(0);
    let renamed = Gathered::new(vec![family.clone().with_name("c")], Vec::new());
    assert_eq!(
        Format::TEXT.to_text(renamed.families()),
        "# TYPE c gauge\nc{x=\"1\",c=\"on\"} 1\n"
    );
    let clash = Gathered::new(vec![family.with_name("x")], Vec::new());
    let message = clash.errors()[0].to_string();
    assert!(
        message.contains("the label `x` belongs to the stateset"),
        "{message}"
    );
}

#[test]
fn one_name_is_merged_whether_its_collectors_ask_for_utf8_or_not() {
    let registry = Registry::new();
    let classic = Desc::gauge("a", "").label("x");
    registry.must_register(collector_fn(Vec::new(), move |samples| {
        samples.set(&classic, 1.0, &["1"]);
        Ok(())
    }));
    let utf8 = Desc::gauge("a", "").label("y.z").utf8();
    registry.must_register(collector_fn(Vec::new(), move |samples| {
        samples.set(&utf8, 2.0, &["1"]);
        Ok(())
    }));
    assert_eq!(
        text_of(&registry, Format::TEXT),
        "# TYPE a gauge\na{y_z=\"1\"} 2\na{x=\"1\"} 1\n"
    );
}

/// Returns the Content-Type and the body of a response.
fn response(accept: &str, opts: HandlerOpts) -> (String, String) {
    let registry = unchecked(|samples| {
        let desc = Desc::counter("a.b_total", "").label("c.d").utf8();
        samples.set(&desc, 1.0, &["x"]).created(1500);
    });
    let handler = handler_for(registry, opts).unwrap();
    let request = Request::builder()
        .header("accept", accept)
        .body(())
        .unwrap();
    let response = handler.handle(&request);
    let content_type = response.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    let body = String::from_utf8(response.into_body().into_bytes()).unwrap();
    (content_type, body)
}

#[allow(clippy::too_many_lines, reason = "a table")]
#[test]
fn a_response_is_escaped_as_the_chosen_element_of_accept_asks() {
    let opts = HandlerOpts {
        enable_open_metrics: true,
        enable_open_metrics_text_created_samples: true,
        ..HandlerOpts::default()
    };
    let utf8 = "# TYPE \"a.b_total\" counter\n{\"a.b_total\",\"c.d\"=\"x\"} 1\n";
    let underscores = "# TYPE a_b_total counter\na_b_total{c_d=\"x\"} 1\n";
    for (accept, content_type, body) in [
        (
            "text/plain",
            "text/plain; version=0.0.4; charset=utf-8",
            underscores,
        ),
        (
            "text/plain;version=1.0.0;escaping=allow-utf-8",
            "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8",
            utf8,
        ),
        (
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8",
            "application/openmetrics-text; version=1.0.0; charset=utf-8; \
             escaping=allow-utf-8",
            "# TYPE \"a.b\" counter\n{\"a.b_total\",\"c.d\"=\"x\"} 1.0\n\
             {\"a.b_created\",\"c.d\"=\"x\"} 1.500\n# EOF\n",
        ),
        (
            "application/openmetrics-text;version=1.0.0",
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
            "# TYPE a_b counter\na_b_total{c_d=\"x\"} 1.0\n\
             a_b_created{c_d=\"x\"} 1.500\n# EOF\n",
        ),
    ] {
        let expected = (content_type.to_owned(), body.to_owned());
        assert_eq!(response(accept, opts.clone()), expected);
    }
}

#[test]
fn testutil_compares_names_in_utf8() {
    let desc = Desc::histogram("a.b", "Help.")
        .label("x.y")
        .label("z")
        .utf8();
    let registry = unchecked(move |samples| {
        samples.histogram(&desc, 1, 2.0, &[], &["1", "2"]);
    });
    let expected = "# HELP \"a.b\" Help.\n# TYPE \"a.b\" histogram\n\
                    { \"a.b_bucket\" , le=\"+Inf\", \"x.y\" = \"1\", z=\"2\" } 1.0\n\
                    {\"a.b_sum\",\"x.y\"=\"1\",z=\"2\"} 2\n\
                    {\"a.b_count\",\"x.y\"=\"1\",z=\"2\"} 1\n";
    testutil::gather_and_compare(&registry, expected, &[]).unwrap();
    testutil::gather_and_compare(&registry, expected, &["a.b"]).unwrap();
    let wrong = expected.replace("x.y", "x.z");
    testutil::gather_and_compare(&registry, &wrong, &[]).unwrap_err();
    let text = testutil::gather_to_text(&registry).unwrap();
    testutil::gather_and_compare(&registry, &text, &["a.b"]).unwrap();
}

// Exemplars and times of creation.

const TRACE: [(&str, &str); 1] = [("trace_id", "4bf92f")];

#[test]
fn exemplars_are_served_in_open_metrics_only() {
    let registry = unchecked(|samples| {
        let requests = Desc::counter("a_total", "").label("x");
        samples.set(&requests, 3.0, &["1"]).exemplar(&TRACE, 1.0);
        samples
            .set(&requests, 4.0, &["2"])
            .exemplar(&[("a", "dropped")], 1.0)
            .exemplar_at(&[("trace_id", "\"\\\n"), ("b", "")], 0.5, 1500)
            .at(2500);
        samples.set(&requests, 5.0, &["3"]).exemplar(&[], 1.0);
        samples
            .set(&Desc::counter("b", ""), 1.0, &[])
            .exemplar(&TRACE, 1.0);
    });
    assert_eq!(
        text_of(&registry, Format::TEXT),
        "# TYPE a_total counter\na_total{x=\"1\"} 3\na_total{x=\"2\"} 4 2500\n\
         a_total{x=\"3\"} 5\n# TYPE b counter\nb 1\n"
    );
    assert_eq!(
        text_of(&registry, Format::OPEN_METRICS_1_0_0),
        "# TYPE a counter\na_total{x=\"1\"} 3.0 # {trace_id=\"4bf92f\"} 1.0\n\
         a_total{x=\"2\"} 4.0 2.500 # {trace_id=\"\\\"\\\\\\n\",b=\"\"} 0.5 1.500\n\
         a_total{x=\"3\"} 5.0 # {} 1.0\n\
         # TYPE b unknown\nb 1.0\n# EOF\n"
    );
}

#[test]
fn a_histograms_exemplar_belongs_to_the_bucket_that_holds_it() {
    let registry = unchecked(|samples| {
        for (name, buckets) in [
            ("a", &[(0.5, 1), (1.0, 2)][..]),
            ("b", &[(0.5, 1), (1.0, 2), (f64::INFINITY, 5)]),
        ] {
            let added =
                samples.histogram(&Desc::histogram(name, ""), 5, 9.0, buckets, &[]);
            let of = |name: &'static str| [("id", name)];
            added
                .exemplar(&of("replaced"), -1.0)
                .exemplar(&of("first"), 0.5)
                .exemplar(&of("second"), 0.75)
                .exemplar(&of("replaced"), f64::NAN)
                .exemplar(&of("last"), 1.5);
        }
    });
    let expected = |name: &str| {
        format!(
            "# TYPE {name} histogram\n\
             {name}_bucket{{le=\"0.5\"}} 1 # {{id=\"first\"}} 0.5\n\
             {name}_bucket{{le=\"1.0\"}} 2 # {{id=\"second\"}} 0.75\n\
             {name}_bucket{{le=\"+Inf\"}} 5 # {{id=\"last\"}} 1.5\n\
             {name}_sum 9.0\n{name}_count 5\n"
        )
    };
    assert_eq!(
        text_of(&registry, Format::OPEN_METRICS_1_0_0),
        expected("a") + &expected("b") + "# EOF\n"
    );
}

#[test]
fn an_exemplar_of_more_than_128_characters_is_dropped_but_not_its_sample() {
    let registry = unchecked(|samples| {
        let desc = Desc::counter("a_total", "").label("x");
        let fits = "é".repeat(120);
        samples
            .set(&desc, 1.0, &["1"])
            .exemplar(&[("trace_id", &fits)], 1.0);
        let too_long = fits + "é";
        samples
            .set(&desc, 2.0, &["2"])
            .exemplar(&[("trace_id", &too_long)], 1.0);
    });
    let fits = "é".repeat(120);
    assert_eq!(
        text_of(&registry, Format::OPEN_METRICS_1_0_0),
        format!(
            "# TYPE a counter\na_total{{x=\"1\"}} 1.0 # {{trace_id=\"{fits}\"}} 1.0\n\
             a_total{{x=\"2\"}} 2.0\n# EOF\n"
        )
    );
}

/// One of each type that counts, with a time of creation.
fn created(samples: &mut Samples<'_>) {
    let counter = Desc::counter("a_total", "").label("x");
    let added = samples
        .set(&counter, 1.0, &["1"])
        .created(1_520_430_000_123);
    added.at(1_520_430_001_000).exemplar(&TRACE, 1.0);
    samples.set(&counter, 2.0, &["2"]).created(0);
    samples.set(&Desc::counter("b", ""), 1.0, &[]).created(1);
    let histogram = Desc::histogram("c", "");
    samples
        .histogram(&histogram, 1, 1.0, &[], &[])
        .created(2000);
    let summary = Desc::summary("d", "").label("x");
    samples.summary(&summary, 1, 1.0, &[], &["1"]).created(3000);
    samples
        .histogram(&Desc::histogram("e", ""), 1, 1.0, &[], &[])
        .created(4000);
    samples.set(&Desc::gauge("e_created", ""), 5.0, &[]);
}

#[test]
fn times_of_creation_are_served_in_open_metrics_only_and_if_asked_for() {
    let registry = unchecked(created);
    let with = text_of(&registry, OPEN_METRICS_CREATED);
    assert_eq!(
        with,
        "# TYPE a counter\n\
         a_total{x=\"1\"} 1.0 1520430001.000 # {trace_id=\"4bf92f\"} 1.0\n\
         a_created{x=\"1\"} 1520430000.123 1520430001.000\n\
         a_total{x=\"2\"} 2.0\na_created{x=\"2\"} 0.000\n\
         # TYPE b unknown\nb 1.0\n\
         # TYPE c histogram\nc_bucket{le=\"+Inf\"} 1\nc_sum 1.0\nc_count 1\n\
         c_created 2.000\n\
         # TYPE d summary\nd_sum{x=\"1\"} 1.0\nd_count{x=\"1\"} 1\n\
         d_created{x=\"1\"} 3.000\n\
         # TYPE e histogram\ne_bucket{le=\"+Inf\"} 1\ne_sum 1.0\ne_count 1\n\
         # TYPE e_created gauge\ne_created 5.0\n# EOF\n"
    );
    let lines = with.lines();
    let own = |line: &&str| line.contains("_created") && !line.contains("e_created");
    let without: String = lines
        .filter(|line| !own(line))
        .map(|l| format!("{l}\n"))
        .collect();
    assert_eq!(text_of(&registry, Format::OPEN_METRICS_1_0_0), without);
    let text = text_of(&registry, Format::TEXT.with_created_samples());
    assert_eq!(text, text_of(&registry, Format::TEXT));
    assert!(!text.contains("a_created"));
}

#[allow(clippy::too_many_lines, reason = "a table")]
#[test]
fn what_a_metric_cant_have_is_an_error_of_the_scrape() {
    let gauge = || Desc::gauge("a", "");
    let counter = || Desc::counter("a_total", "");
    let label = "`a.b` isn't a label name: use letters, digits and `_`, but no leading \
                 digit";
    for (message, expected) in [
        (
            error_of(move |samples| {
                samples.set(&gauge(), 1.0, &[]).exemplar(&TRACE, 1.0);
            }),
            "`a`: a metric of type gauge can't have an exemplar: leave it out",
        ),
        (
            error_of(move |samples| {
                let summary = Desc::summary("a", "");
                samples
                    .summary(&summary, 1, 1.0, &[], &[])
                    .exemplar(&TRACE, 1.0);
            }),
            "`a`: a metric of type summary can't have an exemplar: leave it out",
        ),
        (
            error_of(move |samples| {
                samples.set(&gauge(), 1.0, &[]).created(1);
            }),
            "`a`: a metric of type gauge can't have a time of creation: leave it out",
        ),
        (
            error_of(move |samples| {
                samples.set(&counter(), 1.0, &[]).created(-1);
            }),
            "`a_total`: its time of creation -1 is negative: set Unix milliseconds",
        ),
        (
            error_of(move |samples| {
                samples.set(&counter(), 1.0, &[]).exemplar_at(&[], 1.0, -1);
            }),
            "`a_total`: the timestamp -1 of its exemplar is negative: set Unix \
             milliseconds, or none",
        ),
        (
            error_of(move |samples| {
                let desc = counter().utf8();
                samples.set(&desc, 1.0, &[]).exemplar(&[("a.b", "")], 1.0);
            }),
            &*format!("`a_total`: in its exemplar, {label}"),
        ),
        (
            error_of(move |samples| {
                samples.set(&Desc::info("a_info", ""), 1.0, &[]).at(1);
            }),
            "`a_info`: it is an info metric: use `Samples::info`",
        ),
        (
            error_of(move |samples| {
                samples.set(&Desc::state_set("a", ""), 1.0, &[]).at(1);
            }),
            "`a`: it is a state set: use `Samples::states`",
        ),
        (
            error_of(move |samples| {
                samples.info(&gauge(), &[]).exemplar(&TRACE, 1.0);
            }),
            "`a`: it is described as a single number: use `Samples::set`",
        ),
        (
            error_of(move |samples| {
                samples.states(&Desc::state_set("a", ""), &[], &[]);
            }),
            "`a`: it has no state: name at least one",
        ),
        (
            error_of(move |samples| {
                let states = [("x", true), ("y", false), ("x", true)];
                samples.states(&Desc::state_set("a", ""), &states, &[]);
            }),
            "`a`: its state `x` comes twice: name each once",
        ),
        (
            error_of(move |samples| {
                samples.states(&Desc::state_set("a", ""), &[("", true)], &[]);
            }),
            "`a`: one of its states has no name: name it",
        ),
    ] {
        assert_eq!(message, expected);
    }
}

#[test]
fn what_was_added_to_a_sample_is_read_back_and_survives_labels() {
    let inner = unchecked(created);
    let registry = Registry::new();
    let labelled = registry.with_labels(&[("zone", "eu")]);
    labelled.must_register(collector_fn(Vec::new(), move |samples| {
        let families = inner.gather().into_families();
        families
            .into_iter()
            .for_each(|family| samples.append(family));
        Ok(())
    }));
    let gathered = registry.gather();
    let sample = gathered.families()[0].samples().next().unwrap();
    let exemplar = Exemplar {
        labels: vec![("trace_id".to_owned(), "4bf92f".to_owned())],
        value: 1.0,
        timestamp: None,
    };
    assert_eq!(
        (sample.created(), sample.timestamp(), sample.exemplars()),
        (
            Some(1_520_430_000_123),
            Some(1_520_430_001_000),
            [exemplar].as_slice()
        )
    );
    let text = OPEN_METRICS_CREATED.to_text(gathered.families());
    let created = "a_created{x=\"1\",zone=\"eu\"} 1520430000.123 1520430001.000\n";
    assert!(text.contains(created), "{text}");
}

// Info metrics and state sets.

/// Describes its info metric and its state set.
fn info_and_states() -> Registry {
    let info = Desc::info("build_info", "The build.").label("version");
    let states = Desc::state_set("breaker", "A breaker.").label("name");
    let registry = Registry::new();
    let descs = vec![info.clone(), states.clone()];
    registry.must_register(collector_fn(descs, move |samples| {
        samples.info(&info, &["1.4.0"]);
        samples.states(&states, &[("open", true), ("\"shut\"", false)], &["db"]);
        samples.states(&states, &[("open", false)], &[""]).at(1000);
        Ok(())
    }));
    registry
}

#[test]
fn info_metrics_and_state_sets_have_types_in_open_metrics_only() {
    let registry = info_and_states();
    assert_eq!(
        text_of(&registry, Format::TEXT),
        "# HELP breaker A breaker.\n# TYPE breaker gauge\n\
         breaker{name=\"db\",breaker=\"open\"} 1\n\
         breaker{name=\"db\",breaker=\"\\\"shut\\\"\"} 0\n\
         breaker{name=\"\",breaker=\"open\"} 0 1000\n\
         # HELP build_info The build.\n# TYPE build_info gauge\n\
         build_info{version=\"1.4.0\"} 1\n"
    );
    assert_eq!(
        text_of(&registry, Format::OPEN_METRICS_1_0_0),
        "# HELP breaker A breaker.\n# TYPE breaker stateset\n\
         breaker{name=\"db\",breaker=\"open\"} 1.0\n\
         breaker{name=\"db\",breaker=\"\\\"shut\\\"\"} 0.0\n\
         breaker{name=\"\",breaker=\"open\"} 0.0 1.000\n\
         # HELP build The build.\n# TYPE build info\n\
         build_info{version=\"1.4.0\"} 1.0\n# EOF\n"
    );
}

#[test]
fn info_metrics_and_state_sets_are_read_back_and_break_no_rule() {
    let registry = info_and_states();
    assert_eq!(testutil::gather_and_lint(&registry), []);
    let families = registry.gather().into_families();
    let kinds: Vec<MetricKind> = families.iter().map(Family::kind).collect();
    assert_eq!(kinds, [MetricKind::StateSet, MetricKind::Info]);
    let values: Vec<Value> = families
        .iter()
        .flat_map(Family::samples)
        .map(|sample| sample.value().clone())
        .collect();
    let set = |states: &[(&str, bool)]| {
        let states = states
            .iter()
            .map(|(state, is_on)| (String::from(*state), *is_on));
        let states = states.collect();
        Value::StateSet(Box::new(StateSetValue { states }))
    };
    let both = set(&[("open", true), ("\"shut\"", false)]);
    assert_eq!(values, [both, set(&[("open", false)]), Value::Number(1.0)]);
}

#[test]
fn neither_an_info_metric_nor_a_state_set_has_a_unit() {
    let registry = unchecked(|samples| {
        samples.info(&Desc::info("a_bytes_info", ""), &[]);
        samples.states(&Desc::state_set("b_bytes", ""), &[("x", true)], &[]);
    });
    assert_eq!(
        text_of(&registry, Format::OPEN_METRICS_1_0_0),
        "# TYPE a_bytes info\na_bytes_info 1.0\n\
         # TYPE b_bytes stateset\nb_bytes{b_bytes=\"x\"} 1.0\n# EOF\n"
    );
}

#[test]
fn an_info_metric_whose_short_name_is_taken_is_a_gauge() {
    for other in [
        Desc::gauge("a", ""),
        Desc::counter("a_total", ""),
        Desc::gauge("a_created", ""),
    ] {
        let name = other.name().to_owned();
        let registry = unchecked(move |samples| {
            samples.set(&other, 1.0, &[]);
            samples.info(&Desc::info("a_info", ""), &[]);
        });
        let text = text_of(&registry, Format::OPEN_METRICS_1_0_0);
        let info = "# TYPE a_info gauge\na_info 1.0\n";
        assert!(text.contains(info), "{name}: {text}");
    }
    let bare = unchecked(|samples| {
        samples.info(&Desc::info("_info", ""), &[]);
    });
    assert_eq!(
        text_of(&bare, Format::OPEN_METRICS_1_0_0),
        "# TYPE _info gauge\n_info 1.0\n# EOF\n"
    );
}

#[test]
fn a_state_set_that_escapes_like_its_own_label_stays_apart() {
    let registry = unchecked(|samples| {
        let desc = Desc::state_set("a.b", "").label("a_b").label("x.y").utf8();
        samples.states(&desc, &[("on", true)], &["1", "2"]);
        let colon = Desc::state_set("a:b", "").label("a.b").utf8();
        samples.states(&colon, &[("on", true)], &["1"]);
        // As a label, `__` is reserved.
        samples.states(&Desc::state_set("花火", "").utf8(), &[("on", true)], &[]);
    });
    assert_eq!(
        text_of(&registry, Format::TEXT),
        "# TYPE U__a_2e_b gauge\nU__a_2e_b{a_b=\"1\",x_y=\"2\",U__a_2e_b=\"on\"} 1\n\
         # TYPE a_b gauge\na_b{U__a_2e_b=\"1\",a_b=\"on\"} 1\n\
         # TYPE U___82b1__706b_ gauge\nU___82b1__706b_{U___82b1__706b_=\"on\"} 1\n"
    );
}

// The page on formats.

const PAGE: &str = "docs/en/reference/formats.md";

fn shop() -> Registry {
    let registry = Registry::new();
    registry.must_register(page::Shop::new());
    registry
}

#[test]
fn the_page_shows_what_its_collector_serves() {
    let registry = shop();
    let utf8 = OPEN_METRICS_CREATED.with_escaping(Escaping::AllowUtf8);
    assert_eq!(
        text_of(&registry, utf8),
        include_str!("pages/formats.openmetrics")
    );
    assert_eq!(
        text_of(&registry, Format::TEXT),
        include_str!("pages/formats.prom")
    );
}

#[test]
fn a_response_has_the_format_that_the_page_says() {
    let rows = tables::rows(PAGE, "Who gets what");
    assert_eq!(rows.len(), 4);
    for cells in rows {
        for (enable_open_metrics, content_type) in
            [(false, &cells[2]), (true, &cells[3])]
        {
            let opts = HandlerOpts {
                enable_open_metrics,
                ..HandlerOpts::default()
            };
            assert_eq!(&response(&cells[1], opts).0, content_type);
        }
    }
}

#[test]
fn names_are_escaped_as_the_page_says() {
    let rows = tables::rows(PAGE, "Escaping");
    assert_eq!(rows.len(), 4);
    for cells in rows {
        let escaped = classic_schemes().map(|scheme| scheme.escape(&cells[0]));
        assert_eq!(escaped, cells[1..], "{}", cells[0]);
    }
}
