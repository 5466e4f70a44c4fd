//! `verify`: whether databases still are what their records say. It writes nothing.

use mongoplex::migrate::{Migrator, Unsound, Verified};

use super::{failure, json, report::Report};
use crate::{
    exit::{self, Failure},
    output,
};

pub(super) async fn run(migrator: &Migrator, report: &mut Report) -> Result<(), Failure> {
    let all = migrator.verify().await?;
    report.verified(&all, json::verified, text);
    judge(&all)
}

fn text(all: &[Verified]) -> String {
    let row = |verified: &Verified| {
        let unsound = verified.unsound.len();
        vec![
            verified.target.clone(),
            verified.checked.to_string(),
            unsound.to_string(),
        ]
    };
    let rows = all.iter().map(row).collect();
    let mut parts = vec![output::table(&["TARGETS OF", "CHECKED", "UNSOUND"], rows)];
    let findings = all.iter().flat_map(|verified| &verified.unsound);
    let findings: Vec<Vec<String>> = findings.flat_map(lines).collect();
    if !findings.is_empty() {
        parts.push(output::table(&["DATABASE", "MIGRATION", "WHAT"], findings));
    }
    parts.join("\n\n")
}

fn lines(unsound: &Unsound) -> impl Iterator<Item = Vec<String>> + '_ {
    let line = |finding: &mongoplex::migrate::Finding| {
        vec![
            unsound.database.clone(),
            finding.migration.clone(),
            finding.what.clone(),
        ]
    };
    unsound.findings.iter().map(line)
}

fn judge(all: &[Verified]) -> Result<(), Failure> {
    let unsound = all.iter().flat_map(|verified| &verified.unsound);
    let (building, unsound): (Vec<_>, Vec<_>) = unsound.partition(|unsound| unsound.is_building());
    if !unsound.is_empty() {
        let count = failure::targets(unsound.len() as u64);
        return Err(Failure::of(
            exit::DRIFT,
            format!(
                "what the records say is not there at {count}: `migrate repair --rewind --yes`, then `migrate up`, applies it again"
            ),
        ));
    }
    match building.len() as u64 {
        0 => Ok(()),
        count => Err(Failure::missing(format!(
            "indexes are still being built at {}",
            failure::targets(count)
        ))),
    }
}
