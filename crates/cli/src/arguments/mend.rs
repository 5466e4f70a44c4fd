//! What can be typed behind `migrate` to look closer at databases, and to correct what records say.

use clap::{Args, ValueEnum};

use super::migrate::Chosen;

#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    #[command(flatten)]
    pub(crate) chosen: Chosen,
    /// Prints one JSON object a list, and a summary.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct BaselineArguments {
    #[command(flatten)]
    pub(crate) chosen: Chosen,
    /// Up to this migration, it included.
    #[arg(long, value_name = "ID", conflicts_with = "only")]
    pub(crate) to: Option<String>,
    /// This migration alone.
    #[arg(long, value_name = "ID")]
    pub(crate) only: Option<String>,
    /// Does it.
    #[arg(long)]
    pub(crate) yes: bool,
    /// Prints a summary as a JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RepairArguments {
    #[command(flatten)]
    pub(crate) chosen: Chosen,
    #[command(flatten)]
    pub(crate) what: What,
    /// With `--rewind`: goes back to this migration, which stays.
    #[arg(long, value_name = "ID", requires = "rewind")]
    pub(crate) to: Option<String>,
    /// Does it.
    #[arg(long)]
    pub(crate) yes: bool,
    /// Prints a summary as a JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What is known better than the records do.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct What {
    /// This migration was edited after it was applied, and does the same.
    #[arg(long, value_name = "ID")]
    pub(crate) accept: Option<String>,
    /// This migration's file is gone for good.
    #[arg(long, value_name = "ID")]
    pub(crate) forget: Option<String>,
    /// The step that was cut off has done its work, or has done nothing.
    #[arg(long, value_name = "WHAT")]
    pub(crate) step: Option<Cut>,
    /// What made targets fail is mended: the next `up` tries them again.
    #[arg(long)]
    pub(crate) release: bool,
    /// Databases that are not what their records say (see `verify`) go back to the last migration that
    /// holds; the next `up` applies what follows again.
    #[arg(long)]
    pub(crate) rewind: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Cut {
    /// It has done its work.
    Done,
    /// It has done nothing, or may be done again.
    Undone,
}

#[derive(Debug, Args)]
pub(crate) struct UnlockArguments {
    /// Of this logical database only; may be repeated.
    #[arg(long, value_name = "NAME")]
    pub(crate) db: Vec<String>,
    /// Does it.
    #[arg(long)]
    pub(crate) yes: bool,
    /// Prints a summary as a JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}
