//! The landing page at `/`, for people who open the port in a browser: the exporter's
//! name, its links, and the live view, which draws the metrics of the first route.
//!
//! All references are relative, so it also works under a sub-path of a proxy.

use std::env;
use std::path::Path;

use http::Response;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};

use crate::promhttp::Body;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("live.css");
const SCRIPT: &str = include_str!("live.js");

/// Allows the program's own script and style, and requests to the program, but nothing
/// else. The page embeds its icon.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// The content of the page at `/`; Go's `web.LandingConfig` of exporter-toolkit.
#[derive(Clone, Debug)]
pub struct Landing {
    name: String,
    description: String,
    version: String,
    live_view: bool,
}

/// Uses the name of the program's file as the title.
impl Default for Landing {
    fn default() -> Landing {
        let file = env::args_os().next().unwrap_or_default();
        let name = Path::new(&file).file_stem().unwrap_or_default();
        Landing::new(&name.to_string_lossy())
    }
}

impl Landing {
    /// Creates a page with the title `name`, links to the server's routes, and the live
    /// view.
    #[must_use]
    pub fn new(name: &str) -> Landing {
        Landing {
            name: name.to_owned(),
            description: String::new(),
            version: String::new(),
            live_view: true,
        }
    }

    /// Sets a sentence on what the exporter reports.
    #[must_use]
    pub fn description(mut self, description: &str) -> Landing {
        description.clone_into(&mut self.description);
        self
    }

    /// Sets the program's version, such as `env!("CARGO_PKG_VERSION")`.
    #[must_use]
    pub fn version(mut self, version: &str) -> Landing {
        version.clone_into(&mut self.version);
        self
    }

    /// Omits the live view, which costs a scrape every few seconds for each browser
    /// that shows it.
    #[must_use]
    pub fn without_live_view(mut self) -> Landing {
        self.live_view = false;
        self
    }

    /// Returns the page, its style or its script if `path` is one of these and no route
    /// has it.
    pub(super) fn answer<'a>(
        &self,
        path: &str,
        routes: impl Iterator<Item = &'a str>,
    ) -> Option<Response<Body>> {
        match path {
            "/" => {
                let page = self.page(&routes.collect::<Vec<_>>());
                Some(response("text/html; charset=utf-8", page))
            }
            "/-/live.css" => {
                Some(response("text/css; charset=utf-8", STYLE.to_owned()))
            }
            "/-/live.js" if self.live_view => {
                let script = SCRIPT.to_owned();
                Some(response("text/javascript; charset=utf-8", script))
            }
            _ => None,
        }
    }

    fn page(&self, routes: &[&str]) -> String {
        let link = |path: &&str| {
            let path = escaped(path);
            format!("<li><a href=\".{path}\">{path}</a></li>\n")
        };
        let metrics = routes.first();
        filled(PAGE, |placeholder| match placeholder {
            "name" => escaped(&self.name),
            "version" => escaped(&self.version),
            "description" if self.description.is_empty() => String::new(),
            "description" => format!("<p>{}</p>", escaped(&self.description)),
            "links" => routes.iter().map(link).collect(),
            "metrics" => metrics
                .map(|path| format!(".{}", escaped(path)))
                .unwrap_or_default(),
            "script" if self.live_view && metrics.is_some() => {
                "<script src=\"./-/live.js\" defer></script>".to_owned()
            }
            _ => String::new(),
        })
    }
}

/// Replaces each `{{placeholder}}` in `template`. Braces in a value stay.
fn filled(template: &str, value: impl Fn(&str) -> String) -> String {
    let mut parts = template.split("{{");
    let mut page = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (placeholder, text) = part.split_once("}}").unwrap_or((part, ""));
        page += &value(placeholder);
        page += text;
    }
    page
}

/// Escapes `text` for element content and for attributes in double quotes.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn response(content_type: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(body.into());
    for (name, value) in [
        (CONTENT_TYPE, content_type),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        // A new version of the program has a new page.
        (CACHE_CONTROL, "no-cache"),
    ] {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(landing: &Landing, routes: &[&str]) -> String {
        let response = landing.answer("/", routes.iter().copied()).unwrap();
        String::from_utf8(response.into_body().into_bytes()).unwrap()
    }

    #[test]
    fn what_a_program_says_cannot_break_the_page() {
        let hostile = "{{links}}</h1><script>&\"";
        let landing = Landing::new(hostile).description(hostile).version(hostile);
        let page = page(&landing, &["/a&b\"<i>", "/metrics"]);
        assert!(
            page.contains("<a href=\"./a&amp;b&quot;&lt;i&gt;\">"),
            "{page}"
        );
        assert!(!page.contains("</h1><script>"), "{page}");
        let escaped = "{{links}}&lt;/h1&gt;&lt;script&gt;&amp;&quot;";
        assert!(page.matches(escaped).count() >= 3, "{page}");
    }

    #[test]
    fn the_live_view_can_be_turned_off() {
        let on = Landing::new("An exporter");
        let off = on.clone().without_live_view();
        let script = "<script src=\"./-/live.js\" defer></script>";
        assert!(page(&on, &["/metrics"]).contains(script));
        assert!(!page(&off, &["/metrics"]).contains("<script"));
        // Without a route there is nothing to draw.
        assert!(!page(&on, &[]).contains("<script"));
        let script =
            |landing: &Landing| landing.answer("/-/live.js", ["/metrics"].into_iter());
        assert!(script(&on).is_some() && script(&off).is_none());
    }

    #[test]
    fn the_page_is_small() {
        let sizes = [PAGE, STYLE, SCRIPT].map(str::len);
        assert!(sizes.iter().sum::<usize>() <= 25_500, "{sizes:?}");
    }

    #[test]
    fn every_placeholder_of_the_page_is_known() {
        let landing = Landing::new("name").description("words").version("1.2");
        let page = page(&landing, &["/metrics"]);
        assert!(!page.contains("{{"), "{page}");
        for part in ["name</h1>", "<p>words</p>", "1.2", "\"./metrics\""] {
            assert!(page.contains(part), "{part}: {page}");
        }
    }
}
