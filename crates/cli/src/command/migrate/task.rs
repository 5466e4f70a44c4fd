//! What is asked for, whichever verb says it.

use std::time::Duration;

use mongoplex::{
    Config, Databases,
    migrate::{Direction, Migrator},
};

use super::mend::Mend;
use crate::{
    app::App,
    arguments::mend::{BaselineArguments, RepairArguments, UnlockArguments, VerifyArguments},
    arguments::migrate::{
        Chosen, DownArguments, Pace, PlanArguments, RedoArguments, StatusArguments, UpArguments,
    },
    exit::Failure,
    nearest::nearest,
    output, scope,
};

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Plan(Direction),
    Up,
    Down,
    Redo,
    Status,
    Verify,
    Mend(&'static str),
}

impl Verb {
    /// Returns it as it is typed.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Plan(_) => "plan",
            Self::Up => "up",
            Self::Down => "down",
            Self::Redo => "redo",
            Self::Status => "status",
            Self::Verify => "verify",
            Self::Mend(verb) => verb,
        }
    }

    /// Returns whether it changes anything.
    pub(super) fn writes(self) -> bool {
        !matches!(self, Self::Plan(_) | Self::Status | Self::Verify)
    }
}

/// A verb with all that was typed behind it.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) verb: Verb,
    pub(super) chosen: Chosen,
    pub(super) to: Option<String>,
    pub(super) steps: Option<usize>,
    pub(super) late: Vec<String>,
    pub(super) run: Option<String>,
    pub(super) pace: Pace,
    /// What is to be recorded, and whether that was confirmed.
    pub(super) mend: Option<(Mend, bool)>,
    /// Whether what is found decides the exit code.
    pub(super) judges: bool,
}

impl Task {
    fn new(verb: Verb, chosen: Chosen, pace: Pace) -> Self {
        Self {
            verb,
            chosen,
            to: None,
            steps: None,
            late: Vec::new(),
            run: None,
            pace,
            mend: None,
            judges: false,
        }
    }

    fn looking(verb: Verb, chosen: Chosen, json: bool) -> Self {
        let pace = Pace {
            wait: Duration::ZERO,
            max_failures: None,
            at_once: None,
            canary: None,
            gate_url: None,
            json,
        };
        Self::new(verb, chosen, pace)
    }

    /// Refuses migrations that stand in no list, all at once.
    pub(super) fn check_ids(&self, app: &App) -> Result<(), Failure> {
        let known = || {
            app.migrations
                .iter()
                .flat_map(mongoplex::migrate::List::ids)
        };
        let named = self.to.iter().chain(&self.late);
        let unknown = named.filter(|id| !known().any(|known| known == *id));
        let told: Vec<String> = unknown
            .map(|id| match nearest(id, known()) {
                Some(near) => format!("no migration `{id}`: did you mean `{near}`?"),
                None => {
                    format!("no migration `{id}`: `migrate plan` and `migrate status` name them")
                }
            })
            .collect();
        match told.is_empty() {
            true => Ok(()),
            false => Err(Failure::usage(told.join("\n"))),
        }
    }

    /// Returns what carries it out.
    pub(super) async fn migrator(
        &self,
        config: &Config,
        databases: &Databases,
    ) -> Result<Migrator, Failure> {
        let Chosen {
            db, all_tenants, ..
        } = &self.chosen;
        let mut migrator = databases.migrator();
        migrator = match db.is_empty() {
            true => without_absent(migrator, config),
            false => migrator.databases(db),
        };
        if *all_tenants {
            scope::tenancy(databases)?;
            migrator = migrator.all_tenants();
        }
        if let Some(ids) = scope::tenants(databases, &self.chosen.tenants).await? {
            migrator = migrator.tenants(ids);
        }
        let chosen: Vec<String> = migrator.targets().collect();
        if let Some(to) = &self.to {
            migrator = migrator.to(to);
            if migrator.targets().next().is_none() && !chosen.is_empty() {
                let chosen = chosen.join(", ");
                return Err(Failure::usage(format!(
                    "migration `{to}` is of none of these lists: {chosen}"
                )));
            }
        }
        Ok(self.paced(migrator))
    }

    fn paced(&self, mut migrator: Migrator) -> Migrator {
        let Pace {
            wait,
            max_failures,
            at_once,
            canary,
            ..
        } = &self.pace;
        migrator = migrator.wait(*wait);
        for id in &self.late {
            migrator = migrator.allow_late(id);
        }
        if let Some(run) = &self.run {
            migrator = migrator.of_run(run);
        }
        if let Some(steps) = self.steps {
            migrator = migrator.steps(steps);
        }
        if let Some(budget) = max_failures {
            migrator = migrator.budget(*budget);
        }
        if let Some(tenants) = canary {
            migrator = migrator.canary(*tenants);
        }
        if let Some(targets) = at_once {
            migrator = migrator.at_once(*targets);
        }
        migrator
    }
}

/// Leaves out optional databases that have no URI, and says so.
fn without_absent(migrator: Migrator, config: &Config) -> Migrator {
    let present: Vec<_> = config.databases.iter().map(|known| known.name).collect();
    let all: Vec<String> = migrator.targets().collect();
    let migrator = migrator.databases(&present);
    let left: Vec<String> = migrator.targets().collect();
    for target in all.iter().filter(|target| !left.contains(target)) {
        output::note(format_args!(
            "the migrations of {target} are left out: it is optional and has no URI"
        ));
    }
    migrator
}

impl From<PlanArguments> for Task {
    fn from(arguments: PlanArguments) -> Self {
        let direction = match arguments.down {
            true => Direction::Down,
            false => Direction::Up,
        };
        let verb = Verb::Plan(direction);
        Self {
            to: arguments.to,
            steps: arguments.steps,
            late: arguments.allow_late,
            judges: arguments.exit_code,
            ..Self::looking(verb, arguments.chosen, arguments.json)
        }
    }
}

impl From<UpArguments> for Task {
    fn from(arguments: UpArguments) -> Self {
        let verb = match arguments.dry_run {
            true => Verb::Plan(Direction::Up),
            false => Verb::Up,
        };
        Self {
            to: arguments.to,
            steps: arguments.steps,
            late: arguments.allow_late,
            ..Self::new(verb, arguments.chosen, arguments.pace)
        }
    }
}

impl From<DownArguments> for Task {
    fn from(arguments: DownArguments) -> Self {
        Self {
            to: arguments.to,
            steps: arguments.steps,
            run: arguments.run,
            ..Self::new(Verb::Down, arguments.chosen, arguments.pace)
        }
    }
}

impl From<RedoArguments> for Task {
    fn from(arguments: RedoArguments) -> Self {
        Self {
            steps: Some(arguments.steps),
            ..Self::new(Verb::Redo, arguments.chosen, arguments.pace)
        }
    }
}

impl From<StatusArguments> for Task {
    fn from(arguments: StatusArguments) -> Self {
        Self {
            judges: arguments.exit_code,
            ..Self::looking(Verb::Status, arguments.chosen, arguments.json)
        }
    }
}

impl From<VerifyArguments> for Task {
    fn from(arguments: VerifyArguments) -> Self {
        Self::looking(Verb::Verify, arguments.chosen, arguments.json)
    }
}

impl From<BaselineArguments> for Task {
    fn from(arguments: BaselineArguments) -> Self {
        let mend = Some((Mend::from(&arguments), arguments.yes));
        Self {
            mend,
            to: arguments.to,
            ..Self::looking(Verb::Mend("baseline"), arguments.chosen, arguments.json)
        }
    }
}

impl From<RepairArguments> for Task {
    fn from(arguments: RepairArguments) -> Self {
        let mend = Some((Mend::from(&arguments), arguments.yes));
        Self {
            mend,
            to: arguments.to,
            ..Self::looking(Verb::Mend("repair"), arguments.chosen, arguments.json)
        }
    }
}

impl From<UnlockArguments> for Task {
    fn from(arguments: UnlockArguments) -> Self {
        let mend = Some((Mend::from(&arguments), arguments.yes));
        let chosen = Chosen {
            db: arguments.db,
            ..Chosen::default()
        };
        Self {
            mend,
            ..Self::looking(Verb::Mend("unlock"), chosen, arguments.json)
        }
    }
}
