//! What each program has to be built with.

#![allow(clippy::unwrap_used, reason = "this is test code")]

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

/// Returns what cargo prints for the workspace.
fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .args(["--locked", "--offline"])
        .current_dir("..")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Returns the names of the crates that the package of the first programs is built
/// with if cargo is called with `selection`.
fn crates(selection: &[&str]) -> BTreeSet<String> {
    let tree = [
        "tree",
        "--prefix=none",
        "--no-dedupe",
        "--edges=normal,build",
    ];
    let trees = cargo(&[&tree, selection].concat());
    // An empty line separates the trees of packages.
    let mut trees = trees.split("\n\n");
    let tree = trees.find(|tree| tree.starts_with("exporter-workbook "));
    let names = tree.unwrap().lines().map(|line| line.split(' ').next());
    names.map(|name| name.unwrap().to_owned()).collect()
}

#[test]
fn the_first_programs_need_none_of_the_exporters_crates() {
    let first = crates(&["--package=exporter-workbook"]);
    assert!(first.contains("prometheus"), "{first:?}");
    let later = [
        "axum",
        "base64",
        "clap",
        "clap_builder",
        "humantime",
        "minreq",
        "rustls",
        "serde_json",
        "tokio",
    ];
    for name in later {
        assert!(!first.contains(name), "{name}: {first:?}");
    }
    // Nor do the features that the exporter wants of crates that both have add one.
    assert_eq!(crates(&[]), first);
}

#[test]
fn every_program_is_built_without_an_option() {
    let metadata = cargo(&["metadata", "--no-deps", "--format-version=1"]);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let defaults = metadata["workspace_default_members"].as_array().unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    for (slug, name) in [
        ("00_raw_handler", "exporter-workbook"),
        ("08_testing", "exporter-workbook"),
        ("09_redis_exporter", "exporter"),
        ("13_push", "exporter"),
    ] {
        let is_program = |target: &&Value| target["name"] == slug;
        let has_it = |package: &&Value| {
            let targets = package["targets"].as_array().unwrap();
            targets.iter().any(|target| is_program(&target))
        };
        let package = packages.iter().find(has_it).unwrap();
        assert_eq!(package["name"], name, "{slug}");
        assert!(defaults.contains(&package["id"]), "{slug}");
        let targets = package["targets"].as_array().unwrap();
        let target = targets.iter().find(is_program).unwrap();
        assert!(target.get("required-features").is_none(), "{slug}");
    }
}
