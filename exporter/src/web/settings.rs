//! The settings in use, and when they are read again.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use exporter_workbook::http::{HeaderName, HeaderValue};

use super::auth::{self, Users};
use super::config::{WebConfig, WebConfigError};
use super::files;
use super::headers::headers;
use super::limit::Rate;
use super::tls::{self, Tls};

/// What the files set.
pub struct Settings {
    pub tls: Option<Tls>,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub rate: Option<Rate>,
    pub users: Users,
    /// The protections, with a name for each.
    protections: [(&'static str, bool); 5],
}

impl Settings {
    /// Checks a configuration, and reads the files that it names relative to `folder`.
    fn new(config: WebConfig, folder: &Path) -> Result<Settings, String> {
        let tls = config.tls_server_config.as_ref();
        let headers_config = config.http_server_config.unwrap_or_default().headers;
        let users = auth::users(&config.basic_auth_users.unwrap_or_default())?;
        let kind = tls
            .map(|tls| tls.value.client_auth_type())
            .unwrap_or_default();
        let has_names = tls.is_some_and(|tls| tls.value.client_allowed_sans.is_some());
        Ok(Settings {
            protections: [
                ("TLS", tls.is_some()),
                ("basic_auth_users", !users.is_empty()),
                ("a required client certificate", kind.requires()),
                ("a verified client certificate", kind.verifies()),
                ("client_allowed_sans", has_names),
            ],
            tls: tls.map(|tls| tls::build(tls, folder)).transpose()?,
            headers: headers(&headers_config.unwrap_or_default())?,
            rate: Rate::new(&config.rate_limit.unwrap_or_default())?,
            users,
        })
    }

    /// Returns what only a restart may change: the protocol, and each protection that
    /// would end. A file that is still being written, or empty, ends none.
    fn needs_restart_for(&self, new: &Settings) -> Option<String> {
        if self.tls.is_none() && new.tls.is_some() {
            return Some("TLS begins only with a restart".to_owned());
        }
        let mut pairs = self.protections.iter().zip(&new.protections);
        let (ended, _) = pairs.find(|((_, old), (_, new))| *old && !*new)?;
        Some(format!("{} ends only with a restart", ended.0))
    }
}

/// The settings, as of the files' last valid state.
pub struct Web {
    file: PathBuf,
    current: Mutex<Current>,
}

/// What is in use, and how it got there.
struct Current {
    settings: Arc<Settings>,
    /// The files as they were last read, whether they were valid or not.
    contents: Contents,
    state: State,
}

/// How the files were last read.
#[derive(Clone, Copy)]
pub struct State {
    pub is_valid: bool,
    /// When they were last read and valid.
    pub read: SystemTime,
}

type Contents = Vec<(PathBuf, Option<Vec<u8>>)>;

/// Reads the file and those that it names. Returns what was in them, and the settings.
/// The contents are read first, so that a change in between is seen later.
fn read(file: &Path) -> (Contents, Result<Settings, String>) {
    let config = WebConfig::read(file);
    let named = config.map(|config| config.files()).unwrap_or_default();
    let folder = file.parent().unwrap_or(Path::new(""));
    let named = named.into_iter().map(|named| folder.join(named));
    let files = [file.to_owned()].into_iter().chain(named).collect();
    let contents = contents(files);
    let settings =
        WebConfig::read(file).and_then(|config| Settings::new(config, folder));
    (contents, settings)
}

fn contents(files: Vec<PathBuf>) -> Contents {
    let content = |file: PathBuf| {
        let bytes = files::read(&file).ok();
        (file, bytes)
    };
    files.into_iter().map(content).collect()
}

impl Web {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// Returns an error if it or one that it names can't be read or used.
    pub fn read(file: PathBuf) -> Result<Web, WebConfigError> {
        let (contents, settings) = read(&file);
        let settings = match settings {
            Ok(settings) => settings,
            Err(message) => return Err(WebConfigError { file, message }),
        };
        let current = Current {
            settings: Arc::new(settings),
            contents,
            state: State {
                is_valid: true,
                read: SystemTime::now(),
            },
        };
        Ok(Web {
            file,
            current: Mutex::new(current),
        })
    }

    /// Returns the settings, which are read again if a file has changed.
    pub fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.refreshed().settings)
    }

    /// Returns the settings, and how they were last read.
    pub fn state(&self) -> (Arc<Settings>, State) {
        let current = self.refreshed();
        (Arc::clone(&current.settings), current.state)
    }

    // ANCHOR: refreshed
    fn refreshed(&self) -> MutexGuard<'_, Current> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let files = current.contents.iter().map(|(file, _)| file.clone());
        if contents(files.collect()) != current.contents {
            current.refresh(&self.file);
        }
        current
    }
    // ANCHOR_END: refreshed
}

impl Current {
    fn refresh(&mut self, file: &Path) {
        let (contents, read) = read(file);
        self.contents = contents;
        let new = read.and_then(|new| match self.settings.needs_restart_for(&new) {
            Some(reason) => Err(reason),
            None => Ok(new),
        });
        let file = file.display();
        self.state.is_valid = new.is_ok();
        match new {
            Ok(new) => {
                log::info!("read {file} again");
                self.settings = Arc::new(new);
                self.state.read = SystemTime::now();
            }
            Err(error) => log::error!("{file}: {error}; the last valid settings stay"),
        }
    }
}

/// Checks the text of a configuration: for the fuzz target.
#[cfg(fuzzing)]
pub fn check(text: &str, folder: &Path) -> Result<(), String> {
    WebConfig::parse(text).and_then(|config| Settings::new(config, folder).map(drop))
}
