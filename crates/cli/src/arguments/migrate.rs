//! What can be typed behind `migrate`.

use std::time::Duration;

use clap::{Args, Subcommand};
use mongoplex::{TenantId, migrate::Budget};

use super::mend::{BaselineArguments, RepairArguments, UnlockArguments, VerifyArguments};

#[derive(Debug, Subcommand)]
pub(crate) enum MigrateCommand {
    /// Writes the file of a new migration and its line in the list. Connects to nothing.
    ///
    /// It looks for `migrations/` in the project's folder, else for `src/migrations/`. The file is
    /// `<folder>/m<UTC time>_<words>.rs`, its line goes to the end of the list in `<folder>.rs`.
    New(NewArguments),
    /// Shows what `up` would do, step by step. Writes nothing.
    ///
    /// It asks the control database only. A logical database of which there is no record yet is shown
    /// with all its migrations; should it be empty, `up` makes it from the models instead.
    Plan(PlanArguments),
    /// Applies what is pending: to the logical databases, then to their tenants' databases.
    ///
    /// What has begun and not ended is finished first. A target that fails stops no other; once too many
    /// have failed no more are begun. An empty logical database is made from the models and begins
    /// with every migration behind it.
    Up(UpArguments),
    /// Takes back the last migration of each target, tenants first.
    ///
    /// One that has no `down` is found before anything is changed. Choose with `--db`, `--tenant` or
    /// `--all-tenants`; without them every target is meant.
    Down(DownArguments),
    /// Takes back the last migration of each target and applies it again.
    Redo(RedoArguments),
    /// Shows how every target stands. Writes nothing, and asks no tenant's database.
    Status(StatusArguments),
    /// Compares databases with what their applied migrations left behind: collections, indexes, validators.
    /// Writes nothing.
    ///
    /// Ends with 4 where something is missing or another one, such as after the restore of an old copy, with
    /// 3 where only an index is still being built.
    Verify(VerifyArguments),
    /// Records migrations as applied without carrying them out: for databases that are older than they.
    Baseline(BaselineArguments),
    /// Corrects what records say, where a person knows more.
    Repair(RepairArguments),
    /// Frees the lock of a run that is not heard of; it would run out by itself.
    Unlock(UnlockArguments),
}

#[derive(Debug, Args)]
pub(crate) struct NewArguments {
    /// The list's folder, such as `tenant`.
    pub(crate) folder: String,
    /// What it does, in a few words: they become a part of its name.
    #[arg(required = true)]
    pub(crate) words: Vec<String>,
}

/// Which targets are meant; without any of it all of them.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Chosen {
    /// Works on this logical database and its tenants' only; may be repeated.
    #[arg(long, value_name = "NAME")]
    pub(crate) db: Vec<String>,
    /// Works on this tenant's databases only, whatever state they are in; may be repeated.
    #[arg(long = "tenant", value_name = "ID", conflicts_with = "all_tenants")]
    pub(crate) tenants: Vec<TenantId>,
    /// Works on the databases of all tenants only.
    #[arg(long)]
    pub(crate) all_tenants: bool,
}

/// How the work goes on.
#[derive(Debug, Clone, Args)]
pub(crate) struct Pace {
    /// Waits so long for another run to end, such as `5m`.
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = humantime::parse_duration)]
    pub(crate) wait: Duration,
    /// Begins no more targets once more than so many have failed, or more than so many in a hundred.
    /// Default: 1 %, and ten at least.
    #[arg(long, value_name = "N|N%", value_parser = budget)]
    pub(crate) max_failures: Option<Budget>,
    /// Works on so many tenants first; the others follow where none of them has failed and all are what
    /// their records say.
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) canary: Option<usize>,
    /// Asks this address behind the first tenants: the others follow on an answer of 200, such as that of
    /// `/health/ready`.
    #[arg(long, value_name = "URL", requires = "canary")]
    pub(crate) gate_url: Option<String>,
    /// Works on so many targets at once. Default: as many as the deployment answers quickly, 2 to
    /// begin with, 16 at most.
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) at_once: Option<usize>,
    /// Prints one JSON object a line, the last one a summary.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArguments {
    #[command(flatten)]
    pub(crate) chosen: Chosen,
    /// Shows what `down` would do.
    #[arg(long)]
    pub(crate) down: bool,
    /// Up to this migration, it included; with `--down` down to it, it excluded.
    #[arg(long, value_name = "ID")]
    pub(crate) to: Option<String>,
    /// At most so many migrations of each target.
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) steps: Option<usize>,
    /// Takes this migration although a newer one is applied; may be repeated.
    #[arg(long, value_name = "ID", conflicts_with = "down")]
    pub(crate) allow_late: Vec<String>,
    /// Ends with 3 when anything is pending.
    #[arg(long)]
    pub(crate) exit_code: bool,
    /// Prints one JSON object a list, and a summary.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct UpArguments {
    #[command(flatten)]
    pub(crate) chosen: Chosen,
    /// Goes up to this migration, it included. Only the list that has it is worked on.
    #[arg(long, value_name = "ID")]
    pub(crate) to: Option<String>,
    /// Applies at most so many migrations to each target.
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) steps: Option<usize>,
    /// Applies this migration although a newer one is applied; may be repeated.
    #[arg(long, value_name = "ID")]
    pub(crate) allow_late: Vec<String>,
    /// Only shows what would be done, as `plan` does.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) pace: Pace,
}

#[derive(Debug, Args)]
pub(crate) struct DownArguments {
    #[command(flatten)]
    pub(crate) chosen: Chosen,
    /// Goes down to this migration, it excluded. Only the list that has it is worked on.
    #[arg(long, value_name = "ID")]
    pub(crate) to: Option<String>,
    /// Takes back at most so many migrations of each target.
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) steps: Option<usize>,
    /// Takes back what this run has applied, and nothing else. `up` tells its runs.
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<String>,
    #[command(flatten)]
    pub(crate) pace: Pace,
}

#[derive(Debug, Args)]
pub(crate) struct RedoArguments {
    #[command(flatten)]
    pub(crate) chosen: Chosen,
    /// So many migrations of each target.
    #[arg(long, value_name = "N", default_value = "1", value_parser = count)]
    pub(crate) steps: usize,
    #[command(flatten)]
    pub(crate) pace: Pace,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArguments {
    #[command(flatten)]
    pub(crate) chosen: Chosen,
    /// Ends with 3 when anything is pending, 6 when targets have failed, 7 when one waits for a person.
    #[arg(long)]
    pub(crate) exit_code: bool,
    /// Prints one JSON object a list, and a summary.
    #[arg(long)]
    pub(crate) json: bool,
}

fn count(text: &str) -> Result<usize, &'static str> {
    let count = text.parse().ok().filter(|count| *count > 0);
    count.ok_or("expected a number from 1")
}

fn budget(text: &str) -> Result<Budget, &'static str> {
    const EXPECTED: &str = "expected a number such as `10`, or a share such as `1%`";
    match text.strip_suffix('%') {
        None => text.parse().map(Budget::count).map_err(|_| EXPECTED),
        Some(share) => {
            let share = share.parse().ok();
            let share = share.filter(|share| (0.0..=100.0).contains(share));
            share.map(Budget::percent).ok_or(EXPECTED)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_a_number_or_a_share() {
        assert_eq!(budget("10"), Ok(Budget::count(10)));
        assert_eq!(budget("0"), Ok(Budget::count(0)));
        assert_eq!(budget("2.5%"), Ok(Budget::percent(2.5)));
        for wrong in ["", "-1", "1.5", "%", "101%", "NaN%", "ten"] {
            assert!(budget(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn no_step_and_no_target_at_once_are_refused() {
        assert_eq!(count("3"), Ok(3));
        assert!(count("0").is_err());
        assert!(count("many").is_err());
    }
}
