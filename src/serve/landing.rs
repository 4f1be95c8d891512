//! The page on `/`, for whoever opens the port in a browser.

use http::Response;
use http::header::{CONTENT_TYPE, HeaderValue};

/// Links to `paths`.
pub fn landing_page<'a>(paths: impl Iterator<Item = &'a str>) -> Response<Vec<u8>> {
    let links: String = paths
        .map(|path| {
            path.replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('"', "&quot;")
        })
        .map(|path| format!("<li><a href=\"{path}\">{path}</a></li>\n"))
        .collect();
    let page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <title>Exporter</title>\n<h1>Exporter</h1>\n<ul>\n{links}</ul>\n</html>\n"
    );
    let mut response = Response::new(page.into_bytes());
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, html);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_cannot_break_the_landing_page() {
        let page = landing_page(["/a&b\"<i>"].into_iter()).into_body();
        let page = String::from_utf8(page).unwrap();
        assert!(page.contains("<a href=\"/a&amp;b&quot;&lt;i>\">"), "{page}");
    }
}
