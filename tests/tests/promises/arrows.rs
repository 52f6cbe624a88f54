//! Crates are the arrows of the design: each may use only those listed here.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

/// What each crate may use of this workspace, in any kind of dependency.
const ARROWS: &[(&str, &[&str])] = &[
    ("codec-entropy", &[]),
    ("codec-core", &[]),
    ("codec-classic", &["codec-core", "codec-entropy"]),
    (
        "codec-log",
        &["codec-classic", "codec-core", "codec-entropy"],
    ),
    (
        "codec-dna",
        &["codec-classic", "codec-core", "codec-entropy"],
    ),
    (
        "codec-circuit",
        // The generators of `codec-corpora` are for its tests only.
        &[
            "codec-classic",
            "codec-core",
            "codec-corpora",
            "codec-entropy",
        ],
    ),
    ("codec-wavelet", &[]),
    (
        "codec-models",
        &[
            "codec-core",
            "codec-corpora",
            "codec-entropy",
            "codec-wavelet",
        ],
    ),
    ("codec-ncd", &["codec-core"]),
    ("codec-corpora", &["codec-core"]),
    (
        "codec-suite",
        &[
            "codec-circuit",
            "codec-classic",
            "codec-core",
            "codec-dna",
            "codec-entropy",
            "codec-log",
            "codec-models",
            "codec-ncd",
        ],
    ),
    ("codec-cli", &["codec-corpora", "codec-suite"]),
    ("codec-tests", &["codec-corpora", "codec-suite"]),
];

/// Packages that only one crate may name.
const OWNED: &[(&str, &str)] = &[("constriction", "codec-entropy"), ("burn", "codec-models")];

#[test]
fn every_crate_uses_only_what_stands_above_it() {
    let arrows: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    for (name, dependencies) in packages() {
        let allowed = arrows.get(name.as_str()).unwrap_or_else(|| {
            panic!("crate {name} is not drawn: add it to ARROWS and to ARCHITECTURE.md")
        });
        for dependency in dependencies {
            let ours = dependency.starts_with("codec-");
            assert!(
                !ours || allowed.contains(&dependency.as_str()),
                "{name} -> {dependency}"
            );
            for (package, owner) in OWNED {
                assert!(
                    dependency != *package || name == *owner,
                    "{name} -> {dependency}"
                );
            }
        }
    }
}

/// The members of the workspace with the names of their dependencies.
fn packages() -> Vec<(String, Vec<String>)> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
    metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().unwrap();
            (name(package), dependencies.iter().map(name).collect())
        })
        .collect()
}
