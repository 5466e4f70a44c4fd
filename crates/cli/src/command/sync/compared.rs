//! What a comparison found, and how it is told.

mod group;
mod json;

use mongoplex::{
    TenantId,
    schema::{Difference, Kind, Mode, Report},
};

use self::group::grouped;
pub(super) use self::json::json;
use crate::{exit::Failure, output};

/// The reports on the common databases and on each tenant's that was looked at.
#[derive(Clone)]
pub(super) struct Compared {
    pub(super) common: Report,
    pub(super) tenants: Option<Vec<(TenantId, Report)>>,
    /// What `sync` may do here: on a private set more than elsewhere.
    pub(super) here: Mode,
}

/// Returns whether `mode` would end any difference of a report.
pub(super) fn wants(report: &Report, mode: Mode) -> bool {
    report.missing.iter().any(|left| left.is_ended_by(mode))
}

impl Compared {
    pub(super) fn wants(&self, mode: Mode) -> bool {
        self.reports().any(|(_, report)| wants(report, mode))
    }

    fn reports(&self) -> impl Iterator<Item = (Option<&TenantId>, &Report)> {
        let tenants = self.tenants.iter().flatten();
        let tenants = tenants.map(|(id, report)| (Some(id), report));
        std::iter::once((None, &self.common)).chain(tenants)
    }

    /// Returns all differences of one sort, with the tenant whose database it is.
    fn all(
        &self,
        pick: fn(&Report) -> &Vec<Difference>,
    ) -> impl Iterator<Item = (Option<&TenantId>, &Difference)> {
        self.reports()
            .flat_map(move |(id, report)| pick(report).iter().map(move |found| (id, found)))
    }

    /// Prints every difference, before anything is done about it.
    pub(super) fn show_differences(&self, only_check: bool) {
        for name in &self.common.skipped {
            output::note(format_args!(
                "logical database `{name}` is optional and could not be reached: nobody looked"
            ));
        }
        let found = self.all(|report| &report.missing);
        let rows: Vec<_> = grouped(found.chain(self.all(|report| &report.unknown)))
            .iter()
            .map(|group| group.row(self.here, only_check))
            .collect();
        if !rows.is_empty() {
            let heading = ["NAMESPACE", "KIND", "WHAT", "CURE"];
            output::result(format_args!("{}\n", output::table(&heading, rows)));
        }
    }

    /// Prints what became of the differences, where anything was done, and how things stand.
    pub(super) fn show(&self, was_changed: bool) {
        let left = self.all(|report| &report.missing).filter(|_| was_changed);
        for group in grouped(self.all(|report| &report.added)) {
            output::result(format_args!("added to {}", group.describe()));
        }
        for group in grouped(left) {
            output::result(format_args!(
                "left in {}; {}",
                group.describe(),
                group.advice()
            ));
        }
        let looked = match self.tenants.as_ref().map(Vec::len) {
            None => "the common databases".to_owned(),
            Some(1) => "the common databases and those of 1 tenant".to_owned(),
            Some(many) => format!("the common databases and those of {many} tenants"),
        };
        let [added, left, unknown] = [
            self.all(|report| &report.added).count(),
            self.all(|report| &report.missing).count(),
            self.all(|report| &report.unknown).count(),
        ];
        output::result(format_args!(
            "{looked}: {added} added, {left} missing or different, {unknown} unknown"
        ));
    }

    /// Returns exit code 3 where something is missing, different, or could not be looked at.
    pub(super) fn judge(&self) -> Result<(), Failure> {
        let (mut addable, mut others) = (0, 0);
        for (_, found) in self.all(|report| &report.missing) {
            match found.is_ended_by(self.here) {
                true => addable += 1,
                false => others += 1,
            }
        }
        let told = [
            (addable > 0).then(|| format!("`sync` adds: {addable}")),
            (others > 0).then(|| format!(
                "for a migration: {others}, which concern documents that are there, or what somebody made otherwise"
            )),
            (!self.common.skipped.is_empty()).then(|| {
                format!("not looked at: {}", self.common.skipped.join(", "))
            }),
        ];
        let told: Vec<String> = told.into_iter().flatten().collect();
        match told.is_empty() {
            true => Ok(()),
            false => Err(Failure::missing(format!(
                "the databases differ from the models; {}",
                told.join("; ")
            ))),
        }
    }
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Missing => "missing",
        Kind::Different => "different",
        _ => "unknown",
    }
}
