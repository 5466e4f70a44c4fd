//! `baseline`, `repair` and `unlock`: a person knows more than the records do, and says so. No target
//! database is touched.

use mongoplex::migrate::{Migrator, Outcome, Repair};

use super::{failure, report::Report};
use crate::{
    arguments::mend::{BaselineArguments, Cut, RepairArguments, UnlockArguments, What},
    exit::Failure,
};

/// What is to be recorded.
#[derive(Debug, Clone)]
pub(super) enum Mend {
    Baseline { only: Option<String> },
    Repair(Repair),
    Rewind,
    Unlock,
}

impl Mend {
    /// Returns it in words, as it would be done.
    fn describe(&self) -> String {
        match self {
            Self::Baseline { only: None } => "record migrations as applied that were not".into(),
            Self::Baseline { only: Some(id) } => format!("record {id} as applied where it was not"),
            Self::Repair(Repair::Accept(id)) => {
                format!("record the present text of {id} as the one that was applied")
            }
            Self::Repair(Repair::Forget(id)) => format!("take {id} out of the records"),
            Self::Repair(Repair::StepDone) => "record the steps that were cut off as done".into(),
            Self::Repair(Repair::StepUndone) => {
                "record the steps that were cut off as not done".into()
            }
            Self::Repair(_) => "have the next `up` try again what had failed".into(),
            Self::Rewind => "take unsound databases back in their records".into(),
            Self::Unlock => "free the locks of runs that are not heard of".into(),
        }
    }
}

pub(super) async fn run(
    migrator: &Migrator,
    mend: &Mend,
    is_sure: bool,
    report: &mut Report,
) -> Result<(), Failure> {
    if !is_sure {
        let what = mend.describe();
        return Err(Failure::usage(format!(
            "this would {what}, in the control database only: look at `migrate status` first, then say `--yes`"
        )));
    }
    let outcome = match mend {
        Mend::Baseline { only } => migrator.baseline(only.as_deref()).await?,
        Mend::Repair(repair) => migrator.repair(repair).await?,
        Mend::Rewind => migrator.rewind().await?,
        Mend::Unlock => unlocked(migrator).await?,
    };
    let what = match mend {
        Mend::Unlock => "locks freed",
        _ => "records changed",
    };
    report.mended(&outcome, what);
    failure::judge(&outcome)
}

async fn unlocked(migrator: &Migrator) -> Result<Outcome, Failure> {
    let freed = migrator.unlock().await?;
    let mut outcome = Outcome::default();
    outcome.done = freed.len() as u64;
    Ok(outcome)
}

impl From<&BaselineArguments> for Mend {
    fn from(arguments: &BaselineArguments) -> Self {
        let only = arguments.only.clone();
        Self::Baseline { only }
    }
}

impl From<&RepairArguments> for Mend {
    fn from(arguments: &RepairArguments) -> Self {
        let What {
            accept,
            forget,
            step,
            release: _,
            rewind,
        } = &arguments.what;
        match (accept, forget, step) {
            (Some(id), ..) => Self::Repair(Repair::Accept(id.clone())),
            (_, Some(id), _) => Self::Repair(Repair::Forget(id.clone())),
            (.., Some(Cut::Done)) => Self::Repair(Repair::StepDone),
            (.., Some(Cut::Undone)) => Self::Repair(Repair::StepUndone),
            _ if *rewind => Self::Rewind,
            _ => Self::Repair(Repair::Release),
        }
    }
}

impl From<&UnlockArguments> for Mend {
    fn from(_: &UnlockArguments) -> Self {
        Self::Unlock
    }
}
