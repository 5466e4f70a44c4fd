//! What came of it: the tables, the figures, and whether all that must hold did.

use std::{process::ExitCode, time::Duration};

use mongoplex::GuardState;
use mongoplex_figures::{Figure, Goal, Report};

use super::{Failure, check::Checked, memory::Samples, rounds::Rounds};

/// The longest deadline, and what a busy machine may add.
const LONGEST_CALL: Duration = Duration::from_secs(35);

/// By how many MB the memory may seem to grow over the second half.
const FLAT: f64 = 2.0;

/// All that is known at the end.
pub(crate) struct Run {
    pub(crate) mongod: String,
    pub(crate) guards: Vec<GuardState>,
    pub(crate) rounds: Rounds,
    pub(crate) samples: Samples,
    pub(crate) longest_call: Duration,
    /// Reads that did not find what was acknowledged.
    pub(crate) missed: u64,
    /// Callers that did not end.
    pub(crate) hanging: usize,
    /// Entries that were sent to the ledger.
    pub(crate) noted: u64,
    pub(crate) checked: Checked,
}

impl Run {
    /// Prints all of it and returns whether the program has succeeded.
    pub(crate) fn finish(self) -> Result<ExitCode, Failure> {
        Report::note(&format!("\n{}\n", self.rounds.table()));
        self.tell();
        let faults = self.faults();
        let mut report = Report::new(self.mongod.clone());
        self.figures().for_each(|figure| report.add(figure));
        report.finish()?;
        for fault in &faults {
            Report::note(&format!("FAILED: {fault}"));
        }
        Ok(match faults.is_empty() {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        })
    }

    fn tell(&self) {
        let (checked, (least, most)) = (&self.checked, self.samples.range());
        Report::note(&format!(
            "{} acknowledged, {} ambiguous, {} entries in all; {} reads missed what was acknowledged",
            checked.done, checked.unknown, checked.entries, self.missed
        ));
        Report::note(&format!(
            "longest call {} ms; memory {least:.1} to {most:.1} MB",
            self.longest_call.as_millis()
        ));
        let never = self.rounds.never_met();
        if never > 0 {
            Report::note(&format!("{never} kinds of faults were met by no call"));
        }
        for guard in &self.guards {
            Report::note(&format!(
                "`{}`: {} retries, {} recovered, {} forced, {} unclassified",
                guard.database, guard.retries, guard.recovered, guard.forced, guard.unclassified
            ));
        }
        for example in &checked.examples {
            Report::note(example);
        }
    }

    /// Returns what should hold and does not.
    fn faults(&self) -> Vec<String> {
        let checked = &self.checked;
        let growth = self.samples.growth();
        let is_flat = growth.is_some_and(|growth| growth <= FLAT);
        let holds = [
            (checked.lost == 0, "acknowledged writes are lost"),
            (checked.doubled == 0, "writes are there twice"),
            (
                checked.denied == 0,
                "writes are there that were told not to be",
            ),
            (self.noted == checked.entries, "the ledger has lost entries"),
            (checked.done > 0, "nothing was acknowledged"),
            (self.hanging == 0, "callers hang"),
            (
                self.longest_call <= LONGEST_CALL,
                "a call outlived its deadline",
            ),
            (self.rounds.stuck == 0, "no write went after a fault"),
            (is_flat, "the memory grows"),
        ];
        let faults = holds.into_iter().filter(|(holds, _)| !holds);
        faults.map(|(_, fault)| fault.to_owned()).collect()
    }

    fn figures(&self) -> impl Iterator<Item = Figure> {
        let checked = &self.checked;
        let none = |name: &str, value: f64| Figure::plain(name, "", Goal::AtMost(0.0), [value]);
        let told = |name: String, unit, value: f64| Figure::plain(name, unit, Goal::None, [value]);
        let seconds = |time: Duration| time.as_secs_f64();
        let rows = self.rounds.rows.iter();
        let met = rows.filter(|(_, row)| row.times > 0);
        let gaps = met.map(move |(name, row)| {
            let name = format!("chaos: longest time without an acknowledged write, {name}");
            told(name, "s", seconds(row.window.gap))
        });
        let grown = Figure::plain(
            "chaos: growth of the memory over the second half",
            "MB",
            Goal::AtMost(FLAT),
            self.samples.growth(),
        );
        let slope = self.samples.slope().unwrap_or_default();
        [
            none("chaos: acknowledged writes lost", checked.lost as f64),
            none("chaos: writes doubled", checked.doubled as f64),
            none("chaos: writes denied and there", checked.denied as f64),
            grown,
            told(
                "chaos: slope of the memory, second half".into(),
                "MB/min",
                slope,
            ),
            told(
                "chaos: longest call".into(),
                "s",
                seconds(self.longest_call),
            ),
        ]
        .into_iter()
        .chain(gaps)
    }
}
