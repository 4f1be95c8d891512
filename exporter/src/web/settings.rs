//! The settings in use, and when they are read again.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use exporter_workbook::http::{HeaderName, HeaderValue};

use super::auth::{self, Users};
use super::config::{WebConfig, WebConfigError, discreet};
use super::files::Files;
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
    /// Reads the text of a configuration, and the files that it names relative to
    /// `folder`.
    fn parse(text: &str, files: &mut Files, folder: &Path) -> Result<Settings, String> {
        let config = WebConfig::parse(text)?;
        let tls = config.tls_server_config.iter();
        for named in tls.flat_map(|tls| tls.value.files()) {
            files.add(folder.join(named));
        }
        Settings::new(config, files, folder)
    }

    /// Checks a configuration, whose files were read.
    fn new(
        config: WebConfig,
        files: &Files,
        folder: &Path,
    ) -> Result<Settings, String> {
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
            tls: tls.map(|tls| tls::build(tls, files, folder)).transpose()?,
            headers: headers(&headers_config.unwrap_or_default())?,
            rate: Rate::new(&config.rate_limit.unwrap_or_default())?,
            users,
        })
    }

    /// Returns which protection would end with `new`. Only a restart ends one: a file
    /// that is still written, or was emptied, must not.
    fn ended_by(&self, new: &Settings) -> Option<&'static str> {
        let mut pairs = self.protections.iter().zip(&new.protections);
        let (ended, _) = pairs.find(|((_, old), (_, new))| *old && !*new)?;
        Some(ended.0)
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
    files: Files,
    state: State,
}

/// How the files were last read.
#[derive(Clone, Copy)]
pub struct State {
    pub is_valid: bool,
    /// When they were last read and valid.
    pub read: SystemTime,
}

/// Reads the file and those that it names.
fn read(file: &Path) -> (Files, Result<Settings, String>) {
    let mut files = Files::default();
    files.add(file.to_owned());
    let settings = settings(file, &mut files);
    (files, settings.map_err(discreet))
}

fn settings(file: &Path, files: &mut Files) -> Result<Settings, String> {
    let text = files.content(file)?.to_vec();
    let text = String::from_utf8(text);
    let text =
        text.map_err(|error| format!("it isn't text: {}", error.utf8_error()))?;
    let folder = file.parent().unwrap_or(Path::new(""));
    Settings::parse(&text, files, folder)
}

impl Web {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// Returns an error if it or one that it names can't be read or used.
    pub fn read(file: PathBuf) -> Result<Web, WebConfigError> {
        let (files, settings) = read(&file);
        let settings = match settings {
            Ok(settings) => settings,
            Err(message) => return Err(WebConfigError { file, message }),
        };
        let current = Current {
            settings: Arc::new(settings),
            files,
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

    /// Returns the settings in use, and how they were last read: for a scrape, whose
    /// request has read them again.
    pub fn state(&self) -> (Arc<Settings>, State) {
        let current = self.current();
        (Arc::clone(&current.settings), current.state)
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // ANCHOR: refreshed
    fn refreshed(&self) -> MutexGuard<'_, Current> {
        let mut current = self.current();
        if !current.files.are_unchanged() {
            current.refresh(&self.file);
        }
        current
    }
    // ANCHOR_END: refreshed
}

impl Current {
    fn refresh(&mut self, file: &Path) {
        let (files, read) = read(file);
        self.files = files;
        let new = read.and_then(|new| match self.settings.ended_by(&new) {
            Some(ended) => Err(format!("{ended} ends only with a restart")),
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
    let settings = Settings::parse(text, &mut Files::default(), folder);
    settings.map(drop).map_err(discreet)
}
