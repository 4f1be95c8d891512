//! Requests with which an outsider finds what a lesson hides: similar paths, and queries
//! that ask for more.

use crate::course::{Judge, Wanted};

/// Whether the lesson says that other paths must not show something.
pub fn is_secret(judge: &Judge) -> bool {
    matches!(
        judge.wanted,
        Wanted::Hidden { .. } | Wanted::NoSamples { .. }
    )
}

/// Paths that a lax router treats as `path`, because it compares only a part or ignores
/// case: a proxy that guards `path` lets them through.
pub fn neighbours(path: &str) -> Vec<String> {
    let mut paths = vec![
        format!("{path}/"),
        format!("/elsewhere{path}"),
        path.to_uppercase(),
    ];
    if let Some((folder, _)) = path.rsplit_once('/').filter(|all| !all.0.is_empty()) {
        paths.extend([folder.to_owned(), format!("{folder}/")]);
    }
    paths.retain(|path| !path.trim_matches('/').is_empty());
    paths
}

/// `path` with queries that people try in order to see more, and with the names of the
/// other `paths`.
pub fn queries<'a>(path: &str, paths: impl Iterator<Item = &'a str>) -> Vec<String> {
    let words = paths.flat_map(|all| all.split('/'));
    let other = words.filter(|word| !word.is_empty() && !path.contains(word));
    let mut queries: Vec<String> = other.map(|word| format!("{path}?{word}")).collect();
    queries.push(format!("{path}?all=1&debug=1&full=1"));
    queries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_a_lax_router_treats_alike_are_tried() {
        let near = [
            "/a/metrics/",
            "/elsewhere/a/metrics",
            "/A/METRICS",
            "/a",
            "/a/",
        ];
        assert_eq!(neighbours("/a/metrics"), near);
        let near = ["/metrics/", "/elsewhere/metrics", "/METRICS"];
        assert_eq!(neighbours("/metrics"), near);
        assert_eq!(neighbours("/"), ["/elsewhere/"]);
    }

    #[test]
    fn a_query_has_the_words_of_other_paths() {
        let paths = ["/metrics", "/a/metrics"];
        let asked = queries("/metrics", paths.into_iter());
        assert_eq!(asked, ["/metrics?a", "/metrics?all=1&debug=1&full=1"]);
    }
}
