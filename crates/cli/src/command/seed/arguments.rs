//! What can be typed behind `seed`.

use std::time::Duration;

use clap::{Args, Subcommand};
use mongoplex::TenantId;

const EXIT_CODES: &str = "Exit codes: 0 done, 1 failure, 2 wrong usage, 3 something is pending (with --exit-code), 5 another run holds the lock, 6 some seeds failed, 8 refused by environment or stamp, 9 something must be there first, 64 configuration, 130 stopped.";

#[derive(Debug, Subcommand)]
#[command(after_help = EXIT_CODES)]
pub(crate) enum SeedCommand {
    /// Shows what `run` would write, and writes nothing.
    Plan {
        #[command(flatten)]
        selected: Selected,
        #[command(flatten)]
        volume: Volume,
        /// Ends with 3 when something is to be written.
        #[arg(long)]
        exit_code: bool,
    },
    /// Writes what differs from the seeds: to the logical databases, then to the tenants.
    ///
    /// Demo and volume seeds are written in development and test only, and only where the database's stamp
    /// says the same.
    Run {
        #[command(flatten)]
        selected: Selected,
        #[command(flatten)]
        volume: Volume,
        /// Waits so long for another run to end, such as 30s or 5m.
        #[arg(long, value_name = "TIME", value_parser = duration)]
        wait: Option<Duration>,
    },
    /// Shows how every seed stands, by what is recorded. Writes nothing.
    Status {
        #[command(flatten)]
        selected: Selected,
        /// Ends with 3 when a run has something to do.
        #[arg(long)]
        exit_code: bool,
    },
    /// Takes away what seeds have inserted, in development and test only. Shows the counts first.
    Reset {
        #[command(flatten)]
        selected: Selected,
        /// Does it, and does not only show it.
        #[arg(long)]
        yes: bool,
        /// The physical name of each logical database that is meant; needed where it is no private set.
        #[arg(long, value_name = "NAME")]
        confirm: Vec<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Selected {
    /// Means this logical database only, and its tenants; may be repeated.
    #[arg(long, value_name = "NAME")]
    pub(crate) db: Vec<String>,
    /// Means this tenant's database only; may be repeated.
    #[arg(long = "tenant", value_name = "ID", conflicts_with = "all_tenants")]
    pub(crate) tenants: Vec<TenantId>,
    /// Means the databases of all tenants, and no others.
    #[arg(long)]
    pub(crate) all_tenants: bool,
    /// Means this seed only, without those that it waits for; may be repeated.
    #[arg(long, value_name = "SEED")]
    pub(crate) only: Vec<String>,
    /// Prints one JSON object a line; the last is the summary.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Volume {
    /// Draws volume too: so many documents for the average tenant.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) volume: Option<u64>,
    /// Draws other documents than those of number 1.
    #[arg(long, value_name = "N", requires = "volume", default_value_t = 1)]
    pub(crate) number: u64,
}

impl SeedCommand {
    pub(crate) fn selected(&self) -> &Selected {
        match self {
            Self::Plan { selected, .. }
            | Self::Run { selected, .. }
            | Self::Status { selected, .. }
            | Self::Reset { selected, .. } => selected,
        }
    }

    pub(crate) fn verb(&self) -> &'static str {
        match self {
            Self::Plan { .. } => "plan",
            Self::Run { .. } => "run",
            Self::Status { .. } => "status",
            Self::Reset { .. } => "reset",
        }
    }
}

fn duration(text: &str) -> Result<Duration, &'static str> {
    let expected = "expected a whole number with its unit, such as 500ms, 30s or 5m";
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or(expected)?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| expected)?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(expected),
    };
    Ok(Duration::from_millis(number.saturating_mul(millis)))
}
