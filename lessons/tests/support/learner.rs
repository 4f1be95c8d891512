//! A learner with a course of their own.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Output};

use tempfile::TempDir;

use super::{built, script, workbook};

/// A course of two lessons, and a fake cargo that builds what the test says.
pub struct Learner {
    pub folder: TempDir,
}

const LESSON: &str = r#"
title = "Title of NN"
minutes = 10
task = "Task of NN."
hints = ["Vague.", "Nearer.", "Exact."]
start_fails = ["it is there"]

[[step]]

[[step.judge]]
name = "it is there"
why = "Because."
sample = 'lexporter_requests_total{user="admin"}'
broken_by = []

[zh]
of = ""
title = "NN 的标题"
task = "NN 的任务。"
hints = ["含糊。", "近些。", "确切。"]
judge = { "it is there" = { name = "它在", why = "因为。" } }
"#;

impl Learner {
    pub fn new() -> Learner {
        let learner = Learner {
            folder: tempfile::tempdir().unwrap(),
        };
        for slug in ["00_first", "01_second"] {
            let number = &slug[..2];
            let lesson = LESSON.replace("NN", number);
            learner.write(&format!("{slug}/lesson.toml"), &lesson);
            learner.write(&format!("{slug}/start.rs"), "start\n");
            learner.write(&format!("{slug}/exercise.rs"), "start\n");
            learner.write(&format!("{slug}/solution.rs"), "solution\n");
        }
        learner.builds("00_raw_handler_start");
        learner
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join("lessons").join(file)
    }

    pub fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap()
    }

    /// Makes every exercise this program of the real course.
    pub fn builds(&self, program: &str) {
        let program = built(program);
        let lines = ["00_first", "01_second"].map(|slug| {
            let program = program.display();
            let target = format!("{{\"name\":\"{slug}_exercise\"}}");
            format!("{{\"target\":{target},\"executable\":\"{program}\"}}")
        });
        let lines = lines.map(|line| format!("echo '{line}'")).join("\n");
        script(self.folder.path(), "cargo", &lines);
    }

    pub fn command(&self, arguments: &str) -> std::process::Command {
        let mut command = workbook();
        command
            .args(arguments.split_whitespace())
            .env("CARGO_MANIFEST_DIR", self.path(""))
            .env("CARGO", self.folder.path().join("cargo"));
        command
    }

    /// Its standard output, and whether it succeeded.
    pub fn run(&self, arguments: &str) -> (String, bool) {
        let output = self.command(arguments).output().unwrap();
        (said(&output), output.status.success())
    }

    #[track_caller]
    pub fn assert_says(&self, arguments: &str, words: &[&str]) {
        let (text, _) = self.run(arguments);
        for word in words {
            assert!(text.contains(word), "{arguments}: no {word:?} in\n{text}");
        }
    }

    pub fn progress(&self) -> String {
        self.read(".progress/progress.toml")
    }
}

pub fn said(output: &Output) -> String {
    let both = [&output.stdout, &output.stderr].map(|all| String::from_utf8_lossy(all));
    both.concat()
}

/// A process that ends with the test, however the test ends.
pub struct Ended(pub Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
