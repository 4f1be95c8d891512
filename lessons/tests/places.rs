//! Where the runner is called, with which arguments, and what it finds there.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "this is test code")]

mod support;

use std::fs::{self, File};
use std::process::Stdio;
use std::time::SystemTime;

use support::learner::{Learner, said};
use support::script;

/// Its output when it is called in a subfolder of `lessons`.
fn run_in(learner: &Learner, folder: &str, arguments: &str) -> String {
    let mut command = learner.command(arguments);
    let command = command.current_dir(learner.path(folder));
    said(&command.output().unwrap())
}

#[test]
fn in_the_folder_of_a_lesson_a_command_is_about_it() {
    let learner = Learner::new();
    fs::create_dir(learner.path("01_second/helper")).unwrap();
    for folder in ["01_second", "01_second/helper"] {
        for (arguments, words) in [
            ("", "Task of 01."),
            ("task", "Task of 01."),
            ("hint", "01  Title of 01"),
            ("check", "01  checking lessons/01_second/exercise.rs"),
            ("run", "--bin 01_second"),
            ("reset", "Nothing to reset"),
            ("list", "Title of 01 (you are here)"),
            ("task 00", "Task of 00."),
        ] {
            learner.builds("00_raw_handler_start");
            if arguments == "run" {
                script(learner.folder.path(), "cargo", "echo \"$*\"");
            }
            let text = run_in(&learner, folder, arguments);
            assert!(text.contains(words), "{folder}, {arguments}: {text}");
        }
    }
    learner.assert_says("reset", &["say which"]);
    learner.assert_says("task 00", &["Task of 00."]);
    assert!(run_in(&learner, "", "task").contains("Task of 00."));
}

#[test]
fn a_path_of_a_lesson_means_its_number() {
    let learner = Learner::new();
    let absolute = learner.path("01_second/exercise.rs");
    let absolute = absolute.to_str().unwrap();
    for folder in ["", "..", "00_first", "01_second"] {
        for path in ["lessons/01_second/exercise.rs", "01_second/", absolute] {
            for arguments in [format!("task {path}"), path.to_owned()] {
                let text = run_in(&learner, folder, &arguments);
                assert!(
                    text.contains("Task of 01."),
                    "{folder}, {arguments}: {text}"
                );
            }
        }
    }
    for path in [
        ".",
        "exercise.rs",
        "./exercise.rs",
        "../01_second/lesson.toml",
    ] {
        let text = run_in(&learner, "01_second", &format!("task {path}"));
        assert!(text.contains("Task of 01."), "{path}: {text}");
    }
    for path in ["..", "lessons/07_gone/exercise.rs", "exercise.rs"] {
        let text = run_in(&learner, "", &format!("task {path}"));
        assert!(text.contains("there is no lesson"), "{path}: {text}");
    }
    learner.assert_says("--language zh 01", &["01 的任务。"]);
}

#[test]
fn help_and_version_work_in_every_spelling() {
    let learner = Learner::new();
    for arguments in ["help", "--help", "-h", "help help --plain"] {
        assert!(learner.run(arguments).1, "{arguments}");
    }
    learner.assert_says("help", &["Usage: cargo workbook", "\n  watch "]);
    for arguments in ["help check", "check --help", "check -h"] {
        learner.assert_says(arguments, &["Usage: cargo workbook check", "--program"]);
    }
    let (version, good) = learner.run("--version");
    assert!(good);
    let expected = format!("cargo workbook {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(version, expected);
    let (hidden, _) = learner.run("help check");
    assert!(
        !hidden.contains("watched") && !hidden.contains("columns"),
        "{hidden}"
    );
}

/// The arguments, and the error in both languages.
const REFUSALS: [[&str; 3]; 7] = [
    [
        "chekc",
        "there is no command `chekc`; did you mean `check`?",
        "没有 `chekc` 这个命令；你是不是想写 `check`？",
    ],
    [
        "check --al",
        "there is no option `--al` here; did you mean `--all`?",
        "这里没有 `--al` 这个选项；你是不是想写 `--all`？",
    ],
    ["check 1 2", "unexpected argument `2`", "`2` 是多余的"],
    [
        "check 00 --all",
        "`[NN]` and `--all` can't be used together",
        "`[NN]` 和 `--all` 不能同时使用",
    ],
    [
        "hint --all --all",
        "`--all` was given twice",
        "`--all` 写了两次",
    ],
    ["check --program x", "`<NN>` is missing", "缺少 `<NN>`"],
    [
        "check 00 --program",
        "`--program <FILE>` needs a value",
        "`--program <FILE>` 需要一个值",
    ],
];

#[test]
fn argument_errors_are_in_the_learners_language() {
    let learner = Learner::new();
    for [arguments, english, chinese] in REFUSALS {
        for (language, words) in [("en", english), ("zh", chinese)] {
            let mut command = learner.command(&format!("--language {language}"));
            command.args(arguments.split(' '));
            let output = command.output().unwrap();
            let text = said(&output);
            assert_eq!(output.status.code(), Some(2), "{text}");
            assert!(text.contains(words), "{arguments}: {text}");
            assert!(
                text.contains("`cargo workbook help`"),
                "{arguments}: {text}"
            );
        }
    }
    learner.assert_says("--language fr", &["`fr` isn't a value of"]);
}

#[test]
fn a_missing_exercise_is_created_from_its_starter_code() {
    let learner = Learner::new();
    fs::remove_file(learner.path("00_first/exercise.rs")).unwrap();
    learner.write("01_second/exercise.rs", "mine\n");
    learner.assert_says("list", &["00   to do", "01   begun"]);
    assert_eq!(learner.read("00_first/exercise.rs"), "start\n");
    assert_eq!(learner.read("01_second/exercise.rs"), "mine\n");
    let mode = |file: &str| {
        use std::os::unix::fs::PermissionsExt;
        fs::metadata(learner.path(file))
            .unwrap()
            .permissions()
            .mode()
    };
    assert_eq!(mode("00_first/exercise.rs") & 0o777, 0o644);
    let names = fs::read_dir(learner.path("00_first")).unwrap();
    assert_eq!(names.count(), 4);
}

#[test]
fn the_last_checked_version_survives_its_exercise() {
    let learner = Learner::new();
    learner.write("00_first/exercise.rs", "mine\n");
    learner.run("check 00");
    fs::remove_file(learner.path("00_first/exercise.rs")).unwrap();
    let kept = "lessons/.progress/checked/00_first.rs";
    learner.assert_says("list", &["lessons/00_first/exercise.rs was missing", kept]);
    assert_eq!(learner.read("00_first/exercise.rs"), "start\n");
    assert_eq!(learner.read(".progress/checked/00_first.rs"), "mine\n");
    // It is said once, and not about an exercise that was never changed.
    assert!(!learner.run("list").0.contains("was missing"));
    learner.run("check 00");
    fs::remove_file(learner.path("00_first/exercise.rs")).unwrap();
    assert!(!learner.run("list").0.contains("was missing"));
}

#[test]
fn an_exercise_that_cannot_be_created_is_reported_and_the_rest_works() {
    let learner = Learner::new();
    fs::remove_file(learner.path("00_first/exercise.rs")).unwrap();
    fs::remove_file(learner.path("00_first/start.rs")).unwrap();
    learner.assert_says(
        "task 01",
        &["cannot read", "00_first/start.rs", "Task of 01."],
    );
    learner.assert_says("check 00", &["is missing", "cargo workbook reset 00"]);
}

/// Each runner changes its own lesson in the shared file.
#[test]
fn parallel_runners_lose_no_progress() {
    const COUNT: usize = 24;
    let learner = Learner::new();
    let lesson = learner.read("00_first/lesson.toml");
    for number in 10..10 + COUNT {
        learner.write(&format!("{number}_more/lesson.toml"), &lesson);
        learner.write(&format!("{number}_more/start.rs"), "start\n");
    }
    let hint = |number: usize| {
        let mut command = learner.command(&format!("hint {number}"));
        command.stdout(Stdio::null()).spawn().unwrap()
    };
    let mut runners: Vec<_> = (10..10 + COUNT).map(hint).collect();
    for runner in &mut runners {
        assert!(runner.wait().unwrap().success());
    }
    let kept = learner.progress();
    assert_eq!(kept.matches("hints = 1").count(), COUNT, "{kept}");
}

/// As for a file that was restored with its old time.
#[test]
fn a_restored_module_of_the_exercise_is_built_again() {
    let learner = Learner::new();
    let program = learner.folder.path().join("program");
    fs::copy(support::built("00_raw_handler_solution"), &program).unwrap();
    let message = format!(
        "{{\"target\":{{\"name\":\"00_first_exercise\"}},\"fresh\":true,\"executable\":\"{}\"}}",
        program.display()
    );
    let count = learner.folder.path().join("count");
    let lines = format!("echo build >>'{}'\necho '{message}'", count.display());
    script(learner.folder.path(), "cargo", &lines);
    let builds = || fs::read_to_string(&count).unwrap().lines().count();
    learner.write("00_first/helper/mod.rs", "one\n");
    assert!(learner.run("check 00").1);
    assert!(learner.run("check 00").1);
    assert_eq!(builds(), 3);
    learner.write("00_first/helper/mod.rs", "two\n");
    let helper = File::options()
        .append(true)
        .open(learner.path("00_first/helper/mod.rs"));
    helper
        .unwrap()
        .set_modified(SystemTime::UNIX_EPOCH)
        .unwrap();
    assert!(learner.run("check 00").1);
    assert_eq!(builds(), 5);
}

#[test]
fn a_relative_target_folder_means_what_it_means_to_cargo() {
    let learner = Learner::new();
    for name in ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"] {
        script(
            learner.folder.path(),
            "cargo",
            &format!("echo \"${name}\" >&2"),
        );
        for arguments in ["check 00", "run 00"] {
            let mut command = learner.command(arguments);
            let folder = learner.path("01_second").canonicalize().unwrap();
            command.current_dir(&folder).env(name, "out");
            let text = said(&command.output().unwrap());
            let meant = format!("{}\n", folder.join("out").display());
            assert!(text.contains(&meant), "{arguments}: {text}");
        }
    }
}
