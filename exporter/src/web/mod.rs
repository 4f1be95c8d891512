//! What `--web.config.file` sets: TLS, headers and passwords. The file and those that it
//! names are read again whenever they change; one that is wrong changes nothing.

mod auth;
mod config;
mod sans;
mod tls;

pub use config::WebConfigError;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use exporter_workbook::http::header::{
    AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, WWW_AUTHENTICATE,
};
use exporter_workbook::http::{Request, Response, StatusCode};
use exporter_workbook::promhttp::{BoxHandler, Handler};
use exporter_workbook::serve::Server;
use rustls::ServerConfig;

use self::auth::{Passwords, Verdict};
use self::config::WebConfig;

/// The settings, as of the files' last valid state.
pub struct Web {
    file: PathBuf,
    current: Mutex<Current>,
    passwords: Passwords,
}

struct Current {
    settings: Arc<Settings>,
    /// The files as they were last read, whether they were valid or not.
    contents: Contents,
}

type Contents = Vec<(PathBuf, Option<Vec<u8>>)>;

struct Settings {
    config: WebConfig,
    tls: Option<Arc<ServerConfig>>,
}

impl Settings {
    fn read(file: &Path) -> Result<Settings, WebConfigError> {
        let config = WebConfig::read(file)?;
        let folder = file.parent().unwrap_or(Path::new(""));
        let tls = config.tls_server_config.as_ref();
        let tls = tls.map(|tls| tls.build(folder)).transpose()?;
        Ok(Settings { config, tls })
    }

    fn files(&self, file: &Path) -> Vec<PathBuf> {
        let folder = file.parent().unwrap_or(Path::new(""));
        let tls = self.config.tls_server_config.iter();
        let named = tls.flat_map(|tls| {
            let files = [&tls.cert_file, &tls.key_file, &tls.client_ca_file];
            files.into_iter().flatten().map(|file| folder.join(file))
        });
        [file.to_owned()].into_iter().chain(named).collect()
    }
}

fn contents(files: Vec<PathBuf>) -> Contents {
    let content = |file: PathBuf| {
        let bytes = fs::read(&file).ok();
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
        let settings = Settings::read(&file)?;
        let contents = contents(settings.files(&file));
        Ok(Web {
            file,
            current: Mutex::new(Current {
                settings: Arc::new(settings),
                contents,
            }),
            passwords: Passwords::default(),
        })
    }

    /// Returns the settings, which are read again if a file has changed.
    fn settings(&self) -> Arc<Settings> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let files = current.contents.iter().map(|(file, _)| file.clone());
        let now = contents(files.collect());
        if now != current.contents {
            match Settings::read(&self.file) {
                Ok(new) if new.tls.is_some() == current.settings.tls.is_some() => {
                    log::info!("read {} again", self.file.display());
                    current.contents = contents(new.files(&self.file));
                    current.settings = Arc::new(new);
                }
                Ok(_) => {
                    let file = self.file.display();
                    log::error!("{file}: TLS begins or ends only with a restart");
                    current.contents = now;
                }
                Err(error) => {
                    log::error!("{error}: the last valid settings stay");
                    current.contents = now;
                }
            }
        }
        Arc::clone(&current.settings)
    }

    /// Makes `server` one with these settings.
    pub fn apply(self, server: Server) -> Server {
        let web = Arc::new(self);
        let layer = Arc::clone(&web);
        let server = server.layer(move |inner| layer.wrap(inner));
        match web.settings().tls.is_some() {
            false => server,
            true => server.tls(move || match &web.settings().tls {
                Some(tls) => Arc::clone(tls),
                None => unreachable!("TLS doesn't end without a restart"),
            }),
        }
    }

    /// Wraps all responses: the password comes before everything else.
    fn wrap(self: Arc<Web>, inner: BoxHandler) -> impl Handler {
        move |request: &Request<()>| {
            let config = &self.settings().config;
            let mut response = match self.verdict(config, request) {
                Verdict::Allowed => inner.handle(request),
                Verdict::Denied => denied(),
                Verdict::Busy => busy(),
            };
            for (name, value) in &config.http_server_config.headers {
                // They were checked.
                if let (Ok(name), Ok(value)) =
                    (name.parse::<HeaderName>(), value.parse::<HeaderValue>())
                {
                    response.headers_mut().insert(name, value);
                }
            }
            response
        }
    }

    fn verdict(&self, config: &WebConfig, request: &Request<()>) -> Verdict {
        let users = &config.basic_auth_users;
        if users.is_empty() {
            return Verdict::Allowed;
        }
        let header = request.headers().get(AUTHORIZATION);
        let header = header.and_then(|value| value.to_str().ok());
        self.passwords.check(users, header)
    }
}

fn denied() -> Response<Vec<u8>> {
    let mut response = text(StatusCode::UNAUTHORIZED, "Unauthorized\n");
    let basic = HeaderValue::from_static("Basic");
    response.headers_mut().insert(WWW_AUTHENTICATE, basic);
    response
}

fn busy() -> Response<Vec<u8>> {
    let words = "Too many passwords are being checked, try again later.\n";
    text(StatusCode::SERVICE_UNAVAILABLE, words)
}

fn text(status: StatusCode, words: &str) -> Response<Vec<u8>> {
    let mut response = Response::new(words.into());
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    response
}
