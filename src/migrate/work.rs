//! What is to be done to a target: pure, from its record and the list.

use std::collections::BTreeSet;

use super::{
    list::{Direction, List, Listed, hash},
    row::{Entry, Row},
};

/// How far a run goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Goal {
    pub(super) direction: Option<Direction>,
    /// The last migration that is applied then.
    pub(super) to: Option<String>,
    /// At most so many migrations.
    pub(super) steps: Option<usize>,
    /// Migrations older than one that is applied, which may be applied nevertheless.
    pub(super) late: BTreeSet<String>,
    /// Take back what this run has applied, and nothing else.
    pub(super) of_run: Option<String>,
}

/// One migration to carry out, from a step on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Work<'a> {
    pub(super) listed: &'a Listed,
    pub(super) direction: Direction,
    pub(super) from: usize,
    /// Whether nothing follows at the target in this run.
    pub(super) is_last: bool,
}

/// What keeps a target from being worked on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Obstacle {
    /// A migration that is applied reads otherwise now.
    Changed {
        /// The migration.
        id: String,
    },
    /// A step that is done, of a migration that is not, reads otherwise now.
    StepChanged {
        /// The migration.
        id: String,
    },
    /// A migration that is applied stands in no list.
    Missing {
        /// The migration.
        id: String,
    },
    /// A migration is older than one that is applied.
    Late {
        /// The migration.
        id: String,
        /// The one that is applied.
        after: String,
    },
    /// A migration cannot be taken back.
    Irreversible {
        /// The migration.
        id: String,
    },
    /// A migration has begun and not ended, and the other way is asked for.
    Unfinished {
        /// The migration.
        id: String,
    },
    /// `--to` names a migration that is not there.
    Unknown {
        /// What was named.
        id: String,
    },
}

/// Returns what is to be done to a target, in order, or all that keeps it from being done.
pub(super) fn todo<'a>(
    row: &Row,
    list: &'a List,
    goal: &Goal,
) -> Result<Vec<Work<'a>>, Vec<Obstacle>> {
    let mut obstacles = drift(row, list);
    if let Some(to) = goal.to.as_ref().filter(|to| list.find(to).is_none()) {
        obstacles.push(Obstacle::Unknown { id: to.clone() });
    }
    if !obstacles.is_empty() {
        return Err(obstacles);
    }
    let mut work = Vec::new();
    if let Some((id, entry)) = row.unfinished() {
        let direction = entry.state.direction();
        if goal.direction == Some(Direction::Down) && direction == Direction::Up {
            return Err(vec![Obstacle::Unfinished { id: id.into() }]);
        }
        let listed = list.find(id);
        work.extend(listed.map(|listed| resumed(listed, entry, direction)));
    }
    match goal.direction {
        Some(Direction::Down) => down(row, list, goal, &mut work)?,
        Some(Direction::Up) => up(row, list, goal, &mut work)?,
        None => {}
    }
    if let Some(last) = work.last_mut() {
        last.is_last = true;
    }
    Ok(work)
}

fn resumed<'a>(listed: &'a Listed, entry: &Entry, direction: Direction) -> Work<'a> {
    Work {
        listed,
        direction,
        from: entry.done as usize,
        is_last: false,
    }
}

fn begun(listed: &Listed, direction: Direction) -> Work<'_> {
    Work {
        listed,
        direction,
        from: 0,
        is_last: false,
    }
}

/// Returns where the ledger and the list do not speak of the same.
fn drift(row: &Row, list: &List) -> Vec<Obstacle> {
    let judge = |(id, entry): (&String, &Entry)| {
        let id = id.clone();
        let Some(listed) = list.find(&id) else {
            return Some(Obstacle::Missing { id });
        };
        if !entry.state.is_unfinished() {
            return (listed.hash != entry.hash).then_some(Obstacle::Changed { id });
        }
        let steps = listed.migration.steps(entry.state.direction());
        let done = steps.get(..entry.done as usize);
        let same = done.is_some_and(|done| done.is_empty() || hash(done) == entry.done_hash);
        (!same).then_some(Obstacle::StepChanged { id })
    };
    row.ledger.iter().filter_map(judge).collect()
}

fn up<'a>(
    row: &Row,
    list: &'a List,
    goal: &Goal,
    work: &mut Vec<Work<'a>>,
) -> Result<(), Vec<Obstacle>> {
    let reverting = work
        .first()
        .filter(|work| work.direction == Direction::Down);
    let reverting = reverting.map(|work| work.listed.id);
    let wanted = |id: &str| goal.to.as_deref().is_none_or(|to| id <= to);
    let pending: Vec<&Listed> = list
        .migrations
        .iter()
        .filter(|listed| !row.ledger.contains_key(listed.id) || reverting == Some(listed.id))
        .filter(|listed| wanted(listed.id))
        .collect();
    let late = |listed: &&&Listed| {
        let newer = row.last().is_some_and(|last| listed.id < last);
        newer && !goal.late.contains(listed.id) && reverting != Some(listed.id)
    };
    let late: Vec<Obstacle> = pending
        .iter()
        .filter(late)
        .map(|listed| Obstacle::Late {
            id: listed.id.into(),
            after: row.last().unwrap_or_default().into(),
        })
        .collect();
    if !late.is_empty() {
        return Err(late);
    }
    let room = goal.steps.map_or(usize::MAX, |steps| {
        steps.saturating_sub(usize::from(!work.is_empty()))
    });
    let pending = pending.into_iter().take(room);
    work.extend(pending.map(|listed| begun(listed, Direction::Up)));
    Ok(())
}

fn down<'a>(
    row: &Row,
    list: &'a List,
    goal: &Goal,
    work: &mut Vec<Work<'a>>,
) -> Result<(), Vec<Obstacle>> {
    let resumed = work.first().map(|work| work.listed.id);
    let applied = row.ledger.iter().rev();
    let applied = applied.filter(|(id, _)| Some(id.as_str()) != resumed);
    let of_run = |entry: &Entry| goal.of_run.as_ref().is_none_or(|run| *run == entry.run);
    let beyond = |id: &str| goal.to.as_deref().is_none_or(|to| id > to);
    let every = goal.to.is_some() || goal.of_run.is_some();
    let default = if every { usize::MAX } else { 1 };
    let room = goal.steps.unwrap_or(default);
    let room = room.saturating_sub(usize::from(resumed.is_some()));
    let chosen: Vec<&Listed> = applied
        .filter(|(id, entry)| beyond(id) && of_run(entry))
        .filter_map(|(id, _)| list.find(id))
        .take(room)
        .collect();
    let lasting = chosen
        .iter()
        .filter(|listed| listed.migration.down.is_none());
    let lasting: Vec<Obstacle> = lasting
        .map(|listed| Obstacle::Irreversible {
            id: listed.id.into(),
        })
        .collect();
    if !lasting.is_empty() {
        return Err(lasting);
    }
    work.extend(
        chosen
            .into_iter()
            .map(|listed| begun(listed, Direction::Down)),
    );
    Ok(())
}

impl Obstacle {
    /// Returns the migration that is meant.
    pub fn id(&self) -> &str {
        match self {
            Self::Changed { id }
            | Self::StepChanged { id }
            | Self::Missing { id }
            | Self::Late { id, .. }
            | Self::Irreversible { id }
            | Self::Unfinished { id }
            | Self::Unknown { id } => id,
        }
    }
}

impl std::fmt::Display for Obstacle {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Changed { id } => write!(
                out,
                "migration {id} was applied and reads otherwise now: undo the edit and put the change into a new migration, or record the new text with `migrate repair --accept {id}` where it does the same"
            ),
            Self::StepChanged { id } => write!(
                out,
                "migration {id} has begun, and a step that is done reads otherwise now: undo the edit of that step; the ones behind it may change"
            ),
            Self::Missing { id } => write!(
                out,
                "migration {id} was applied and is in no list: bring its file back, run the newer build that has it, or forget it with `migrate repair --forget {id}`"
            ),
            Self::Late { id, after } => write!(
                out,
                "migration {id} is older than {after}, which is applied: give it a newer id (rename the file), apply it nevertheless with `--allow-late {id}`, or record it as applied with `migrate baseline --only {id}`"
            ),
            Self::Irreversible { id } => write!(
                out,
                "migration {id} has no `down`: write one, or restore a backup; nothing was changed"
            ),
            Self::Unfinished { id } => write!(
                out,
                "migration {id} has begun and not ended: finish it with `migrate up` first"
            ),
            Self::Unknown { id } => write!(
                out,
                "there is no migration {id}: `migrate status` lists them"
            ),
        }
    }
}
