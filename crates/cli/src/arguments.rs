//! What can be typed.

pub(crate) mod mend;
pub(crate) mod migrate;

use clap::{Args, Parser, Subcommand};
use mongoplex::TenantId;

use self::migrate::MigrateCommand;
use crate::command::seed::SeedCommand;

/// Many MongoDB databases as one.
#[derive(Debug, Parser)]
#[command(name = "mongoplex", version, after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    /// Sets a variable for this run, over the environment and every file. Not for secrets: other
    /// users of the machine can see a command's arguments.
    #[arg(long, global = true, value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) set: Vec<(String, String)>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Runs this server.
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES)]
pub(crate) struct ServeArguments {
    /// Sets a variable for this run, over the environment and every file. Not for secrets.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) set: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) up: UpArguments,
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 failure, 2 wrong usage, 3 something is missing or pending, 64 configuration.";

const MIGRATE_EXIT_CODES: &str = "Exit codes: 0 done or nothing to do, 1 failure, 2 wrong usage, \
3 pending (with --exit-code) or a late migration, 4 drift or a missing file, 5 another run holds the lock or has taken over, \
6 some targets failed or are quarantined, 7 interrupted: a person is needed, 8 a migration cannot be taken back, \
9 no replica set or no rights, 64 configuration, 130 stopped: what had begun has ended, go on with the same command.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Connects every logical database and runs all servers, on a private MongoDB where none is set.
    Up(UpArguments),
    /// Prints where each model lives. Connects to nothing.
    Routes(RoutesArguments),
    /// Shows how the databases differ from the models, and adds what cannot hurt.
    ///
    /// Every difference is shown first: what is missing, different or unknown. Then collections are
    /// added; indexes and strict validators on what is new or empty; elsewhere validators that only warn,
    /// where there is none. The rest wants a migration. On a private set indexes are built and validators
    /// set over documents too. Unknown things are only told, and never touched.
    Sync(SyncArguments),
    /// Changes schemas and data of all databases and tenants, step by step, exact after any crash.
    ///
    /// What was done is recorded in the control database; one run at a time works on a logical
    /// database and its tenants. Ctrl-C begins nothing more and lets what has begun end; a second one ends
    /// at once, and the next `up` goes on from there.
    #[command(subcommand, after_help = MIGRATE_EXIT_CODES)]
    Migrate(MigrateCommand),
    /// Explains and checks the configuration. Connects to nothing and starts nothing.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Examines configuration and databases, and names what is wrong with its cure. Changes nothing.
    ///
    /// Each line is ok, a note, a warning, a failure, or not tested with the reason. Exit code 0 when
    /// the worst is a warning, 1 when something failed, 64 when the configuration itself is at fault.
    Doctor(DoctorArguments),
    /// Looks at the databases once, as a server does all the time, and says how they are.
    ///
    /// Exit code 0 when all is up, 3 when it works and something is amiss, 1 when something required does
    /// not work, 64 when the configuration is at fault.
    Health(HealthArguments),
    /// Writes what databases are to begin with, and shows what differs from it.
    #[command(subcommand)]
    Seed(SeedCommand),
    /// Creates and lists tenants.
    #[command(subcommand)]
    Tenants(TenantsCommand),
}

#[derive(Debug, Args)]
pub(crate) struct UpArguments {
    /// Adds to the databases what the models need and what cannot hurt: collections, validators and
    /// indexes on what is new or empty, elsewhere validators that only warn. Always done on a
    /// private set.
    #[arg(long)]
    pub(crate) sync: bool,
    /// Applies pending migrations before the servers start. Always done on a private set; else they are only
    /// told.
    #[arg(long)]
    pub(crate) migrate: bool,
    /// Prints one JSON object instead of the table.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RoutesArguments {
    /// Prints JSON instead of the table.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SyncArguments {
    /// Looks at this logical database only; may be repeated.
    #[arg(long, value_name = "NAME")]
    pub(crate) db: Vec<String>,
    /// Looks at this tenant's databases too; may be repeated.
    #[arg(long = "tenant", value_name = "ID", conflicts_with = "all_tenants")]
    pub(crate) tenants: Vec<TenantId>,
    /// Looks at all tenants' databases too.
    #[arg(long)]
    pub(crate) all_tenants: bool,
    /// Changes nothing, and ends with 3 when something is missing or different.
    #[arg(long)]
    pub(crate) check: bool,
    /// Prints one JSON object: complete, tenants, differences, added, left, skipped.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    /// Prints one JSON object instead of the table.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct HealthArguments {
    /// Prints one JSON object instead of the table: that of `/health`.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Prints every effective value, where it came from, its default and what is expected. What may
    /// be a secret is `<set>`. With faults it tells them too, and ends with 64.
    Explain {
        /// Prints one JSON object: private, settings, faults.
        #[arg(long)]
        json: bool,
    },
    /// Prints all faults and ends with 64, or says what is fine.
    Check,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TenantsCommand {
    /// Creates a tenant: its databases whole, then its row. Repeated it finishes what was left.
    Create {
        /// 1–36 of a–z, 0–9 and `-`, beginning with a letter or digit.
        id: TenantId,
        /// What people call it; its id where it is left out.
        #[arg(long)]
        name: Option<String>,
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
    /// Lists all tenants in the order of their ids.
    List {
        /// Prints one JSON object a line.
        #[arg(long)]
        json: bool,
    },
}

fn pair(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_is_well_formed() {
        Arguments::command().debug_assert();
        ServeArguments::command().debug_assert();
    }
}
