//! The versions of Prometheus that a test asks: the machine's own, and 3 beside it.
//!
//! Debian 12 has version 2.42. `.ci/prometheus-3` installs version 3 into
//! `target/prometheus-3`; the environment variable `PROMETHEUS_3` names another folder that
//! contains `prometheus` and `promtool`.

#![allow(clippy::unwrap_used, reason = "this is test code")]

use std::env;
use std::iter;
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Version {
    /// The one on the `PATH`, a version 2.
    Installed,
    Three,
}

impl Version {
    /// Runs `program`: `prometheus`, `promtool`, or one that starts them by these names.
    pub fn command(self, program: &str) -> Command {
        let mut command = Command::new(program);
        if self == Version::Three {
            let path = env::var_os("PATH").unwrap_or_default();
            let folders = iter::once(three()).chain(env::split_paths(&path));
            command.env("PATH", env::join_paths(folders).unwrap());
        }
        command
    }
}

/// The folder of version 3.
fn three() -> PathBuf {
    // The lessons' tests run in the folder below.
    let known = ["target/prometheus-3", "../target/prometheus-3"].map(PathBuf::from);
    let named = env::var_os("PROMETHEUS_3").map(PathBuf::from);
    let has_both = |folder: &PathBuf| {
        ["prometheus", "promtool"].map(|program| folder.join(program).is_file())
            == [true; 2]
    };
    let folder = named.into_iter().chain(known).find(has_both);
    let folder = folder.unwrap_or_else(|| {
        panic!(
            "there is no Prometheus 3 here: run `.ci/prometheus-3`, or set PROMETHEUS_3"
        )
    });
    Path::new(&folder).canonicalize().unwrap()
}

/// Makes two tests of each function: with the machine's Prometheus, and with version 3.
macro_rules! with_each_version {
    ($($function:ident),+ $(,)?) => {$(
        mod $function {
            use crate::versions::Version;

            #[test]
            #[ignore = "needs prometheus and promtool, version 2 as in Debian 12"]
            fn installed() {
                super::$function(Version::Installed);
            }

            #[test]
            #[ignore = "needs Prometheus 3: run `.ci/prometheus-3`"]
            fn prometheus_3() {
                super::$function(Version::Three);
            }
        }
    )+};
}

pub(crate) use with_each_version;
