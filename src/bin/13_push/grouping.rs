//! The group of metrics that a push is about: its labels, and its path in the URL.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

/// Why there is no such group.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GroupingError {
    #[error("the job of a push must have a name")]
    NoJob,
    #[error(
        "`{0}` can't be a label: use letters, digits and _, but no digit or __ first"
    )]
    Name(String),
    #[error("the group has the label `{0}` twice")]
    Twice(String),
}

/// The labels of a group, `job` first.
#[derive(Clone)]
pub struct Grouping(Vec<(String, String)>);

impl Grouping {
    pub fn of_job(job: &str) -> Result<Grouping, GroupingError> {
        match job {
            "" => Err(GroupingError::NoJob),
            _ => Ok(Grouping(vec![("job".to_owned(), job.to_owned())])),
        }
    }

    /// Returns the group that has one more label. Its value may be any text.
    pub fn label(mut self, name: &str, value: &str) -> Result<Grouping, GroupingError> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !begins || name.starts_with("__") || !name.chars().all(is_name) {
            return Err(GroupingError::Name(name.to_owned()));
        }
        if self.0.iter().any(|(other, _)| other == name) {
            return Err(GroupingError::Twice(name.to_owned()));
        }
        self.0.push((name.to_owned(), value.to_owned()));
        Ok(self)
    }

    // ANCHOR: path
    /// Returns the path of the group's URL: `/metrics/job/backup/backup/docs`.
    pub fn path(&self) -> String {
        let segments = self.0.iter().map(|(name, value)| match value.as_str() {
            // The Pushgateway decodes the path before it splits it, and answers a path
            // with a dot between slashes with a redirect.
            "" => format!("/{name}@base64/="),
            _ if value.contains('/') || [".", ".."].contains(&value.as_str()) => {
                let encoded = BASE64_URL_SAFE_NO_PAD.encode(value);
                format!("/{name}@base64/{encoded}")
            }
            _ => format!("/{name}/{}", percent_encoded(value)),
        });
        format!("/metrics{}", segments.collect::<String>())
    }
    // ANCHOR_END: path
}

fn percent_encoded(text: &str) -> String {
    let encoded: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    // A form has a plus sign for a space, and %2B for a plus sign. A path has not.
    encoded.replace('+', "%20")
}
