//! Links between the documents, and to files. Those to the network are not followed.

use std::{fs, path::Path};

use super::read;

const DOCUMENTS: [&str; 13] = [
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "crates/mongod/README.md",
    "docs/alerts.md",
    "docs/configuration.md",
    "docs/figures.md",
    "docs/guide.md",
    "docs/migrations.md",
    "docs/operating.md",
    "docs/monitoring.md",
    "docs/resilience.md",
    "docs/seeds.md",
];

#[test]
fn every_link_leads_to_a_file_and_to_a_heading_in_it() {
    let mut followed = 0;

    for document in DOCUMENTS {
        let folder = Path::new(document).parent().unwrap();
        let text = read(document);
        let targets = targets(&text).filter(|target| !target.contains("://"));
        for target in targets {
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let path = match file {
                "" => document.to_owned(),
                file => folder.join(file).to_string_lossy().into_owned(),
            };
            let there = Path::new(env!("CARGO_MANIFEST_DIR")).join(&path).exists();
            assert!(there, "{document}: `{target}` leads nowhere");
            let found = heading.is_empty() || headings(&read(&path)).any(|one| one == heading);
            assert!(found, "{document}: `{target}` has no such heading");
            followed += 1;
        }
    }

    assert!(followed > 10, "links are found at all: {followed}");
}

#[test]
fn every_document_of_docs_is_known_here() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    for entry in fs::read_dir(docs).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            DOCUMENTS.contains(&format!("docs/{name}").as_str()),
            "{name}"
        );
    }
}

/// The targets of `[text](target)`.
fn targets(text: &str) -> impl Iterator<Item = &str> {
    let rest = text.split("](").skip(1);
    rest.filter_map(|rest| Some(rest.split_once(')')?.0))
}

/// The headings as links name them: in lower case, blanks as `-`, without other signs.
fn headings(text: &str) -> impl Iterator<Item = String> {
    let lines = text.lines().filter(|line| line.starts_with('#'));
    lines.map(|line| {
        let words = line.trim_start_matches('#').trim().to_lowercase();
        let words = words.replace(' ', "-");
        let plain = |sign: &char| sign.is_alphanumeric() || "-_".contains(*sign);
        words.chars().filter(plain).collect()
    })
}
