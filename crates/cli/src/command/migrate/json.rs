//! What `--json` prints: one object a line on standard output, and nothing else there.
//!
//! Every object has `v` (1) and `event`; keys are only ever added. The last one, and no other, is `summary`.
//!
//! | `event` | when | further keys |
//! |---|---|---|
//! | `began` | work on a list begins | `target`, `direction`, `targets`, `run` |
//! | `done` | a target is where it was to be | `target`, `direction`, `database`, `tenant`, `migrations`, `elapsedMs` |
//! | `failed` | a target is not | `target`, `database`, `tenant`, `state`, `migration`, `step`, `code`, `reason` |
//! | `paused` | nobody answers just now | `target` |
//! | `halted` | too many have failed | `target`, `reason` |
//! | `blocked` | records and list differ | `target`, `database`, `targets`, `kind`, `migration`, `reason` |
//! | `plan` | one for each list | `target`, `direction`, `targets`, `pending`, `blocked` |
//! | `status` | one for each list | `target`, `migrations`, `targets`, `atHead`, `states`, `pending`, `failed`, `blocked` |
//! | `verify` | one for each list | `target`, `checked`, `unsound` |
//! | `summary` | the end | `verb`, `exitCode`, `reason`, `done`, `migrations`, `failed`, `blocked`, `quarantined`, `interrupted`, `pending`, `stopped`, `runs` |
//!
//! - `target` is a list: `customer`, or `tenants of customer`; of a `blocked` at a run's end it is `null`.
//! - `direction` is `up` or `down`; `state` one of ready, failed, quarantined, interrupted.
//! - `kind` is changed, step-changed, missing, late, irreversible, unfinished or unknown.
//! - `pending` of a list: what lacks the same, as `{ database, targets, isNew, migrations }` with one of
//!   the databases, and `migrations` as `{ id, direction, isReversible, isDestructive, steps }` in a plan
//!   (`steps` as `{ name, kind }`), and as ids in a status. Of a summary: at how many targets, `null`
//!   where nobody looked.
//! - `unsound` holds `{ database, tenant, findings }`, with `findings` as `{ migration, what, isBuilding }`.
//! - `quarantined` and `interrupted` of a summary: how many were left out from the beginning.
//! - `tenant`, `code`, `reason` are `null` where there is none.

use mongoplex::migrate::{
    Blocked, Direction, Event, Failed, Listing, Obstacle, Outcome, Pending, Status, Unsound,
    Verified,
};
use serde_json::{Map, Value, json};

use super::{failure, task::Verb};
use crate::exit::{self, Failure};

const VERSION: u8 = 1;

fn object(event: &str, rest: Value) -> Value {
    let mut all = Map::new();
    all.insert("v".into(), VERSION.into());
    all.insert("event".into(), event.into());
    if let Value::Object(rest) = rest {
        all.extend(rest);
    }
    Value::Object(all)
}

/// Returns whether a list's databases are what their records say.
pub(super) fn verified(verified: &Verified) -> Value {
    let unsound = |unsound: &Unsound| {
        let findings = unsound.findings.iter().map(|finding| {
            json!({
                "migration": finding.migration,
                "what": finding.what,
                "isBuilding": finding.is_building,
            })
        });
        json!({
            "database": unsound.database,
            "tenant": unsound.tenant,
            "findings": findings.collect::<Vec<_>>(),
        })
    };
    let rest = json!({
        "target": verified.target,
        "checked": verified.checked,
        "unsound": verified.unsound.iter().map(unsound).collect::<Vec<_>>(),
    });
    object("verify", rest)
}

pub(super) fn way(direction: Direction) -> &'static str {
    match direction {
        Direction::Up => "up",
        Direction::Down => "down",
    }
}

/// Returns what happened; `None` of what this schema does not know.
pub(super) fn event(event: &Event, direction: Direction) -> Option<Value> {
    let direction = way(direction);
    Some(match event {
        Event::Began {
            target,
            targets,
            run,
        } => object(
            "began",
            json!({ "target": target, "direction": direction, "targets": targets, "run": run }),
        ),
        Event::Done {
            target,
            database,
            tenant,
            migrations,
            elapsed,
        } => object(
            "done",
            json!({
                "target": target, "direction": direction, "database": database, "tenant": tenant,
                "migrations": migrations, "elapsedMs": elapsed.as_secs_f64() * 1000.0,
            }),
        ),
        Event::Failed(failed) => object("failed", of_failed(failed)),
        Event::Paused { target } => object("paused", json!({ "target": target })),
        Event::Halted { target, reason } => {
            object("halted", json!({ "target": target, "reason": reason }))
        }
        _ => return None,
    })
}

fn of_failed(failed: &Failed) -> Value {
    json!({
        "target": failed.target,
        "database": failed.database,
        "tenant": failed.tenant,
        "state": failed.state.as_str(),
        "migration": failed.failure.migration,
        "step": failed.failure.step,
        "code": failed.failure.code,
        "reason": failed.failure.reason,
    })
}

pub(super) fn blocked(blocked: &Blocked) -> Value {
    object("blocked", of_blocked(blocked))
}

fn of_blocked(blocked: &Blocked) -> Value {
    let target = Some(blocked.target.as_str());
    obstacle(target, &blocked.database, blocked.count, &blocked.obstacle)
}

/// Returns one that was met in the middle of a run.
pub(super) fn blocked_at(database: &str, met: &Obstacle) -> Value {
    object("blocked", obstacle(None, database, 1, met))
}

fn obstacle(target: Option<&str>, database: &str, targets: u64, met: &Obstacle) -> Value {
    json!({
        "target": target,
        "database": database,
        "targets": targets,
        "kind": failure::word(met),
        "migration": met.id(),
        "reason": met.to_string(),
    })
}

pub(super) fn plan(status: &Status, direction: Direction) -> Value {
    let migration = |(id, direction): &(String, Direction)| {
        let listing = status.listing.iter().find(|listing| listing.id == *id);
        let step = |(name, kind): &(String, &str)| json!({ "name": name, "kind": kind });
        let steps = listing.map(|listing| steps(listing, *direction));
        let steps: Vec<Value> = steps.unwrap_or_default().iter().map(step).collect();
        json!({
            "id": id,
            "direction": way(*direction),
            "isReversible": listing.is_some_and(|listing| listing.back.is_some()),
            "isDestructive": listing.is_some_and(|listing| listing.is_destructive),
            "steps": steps,
        })
    };
    let pending = |pending: &Pending| {
        let migrations = pending.migrations.iter().map(migration);
        group(pending, migrations.collect())
    };
    object(
        "plan",
        json!({
            "target": status.target,
            "direction": way(direction),
            "targets": status.targets,
            "pending": status.pending.iter().map(pending).collect::<Vec<_>>(),
            "blocked": status.blocked.iter().map(of_blocked).collect::<Vec<_>>(),
        }),
    )
}

/// Returns the steps of a direction.
pub(super) fn steps(listing: &Listing, direction: Direction) -> &[(String, &'static str)] {
    match direction {
        Direction::Up => &listing.steps,
        Direction::Down => listing.back.as_deref().unwrap_or_default(),
    }
}

fn group(pending: &Pending, migrations: Vec<Value>) -> Value {
    json!({
        "database": pending.database,
        "targets": pending.targets,
        "isNew": pending.is_new,
        "migrations": migrations,
    })
}

pub(super) fn status(status: &Status) -> Value {
    let pending = |pending: &Pending| {
        let ids = pending.migrations.iter().map(|(id, _)| id.as_str().into());
        group(pending, ids.collect())
    };
    let states = status.states.iter();
    let states = states.map(|(state, count)| (state.as_str().to_owned(), (*count).into()));
    object(
        "status",
        json!({
            "target": status.target,
            "migrations": status.migrations,
            "targets": status.targets,
            "atHead": status.at_head,
            "states": states.collect::<Map<_, _>>(),
            "pending": status.pending.iter().map(pending).collect::<Vec<_>>(),
            "failed": status.failed.iter().map(of_failed).collect::<Vec<_>>(),
            "blocked": status.blocked.iter().map(of_blocked).collect::<Vec<_>>(),
        }),
    )
}

/// What a summary tells beside the outcome.
pub(super) struct End<'a> {
    pub(super) verb: Verb,
    pub(super) failure: Option<&'a Failure>,
    pub(super) blocked: u64,
    pub(super) pending: Option<u64>,
}

pub(super) fn summary(outcome: &Outcome, end: &End<'_>) -> Value {
    object(
        "summary",
        json!({
            "verb": end.verb.as_str(),
            "exitCode": end.failure.map_or(0, |failure| failure.code),
            "reason": end.failure.map(|failure| &failure.message),
            "done": outcome.done,
            "migrations": outcome.migrations,
            "failed": outcome.failed.len(),
            "blocked": end.blocked,
            "quarantined": outcome.quarantined_before,
            "interrupted": outcome.interrupted_before,
            "pending": end.pending,
            "stopped": end.failure.is_some_and(|failure| failure.code == exit::STOPPED),
            "runs": outcome.runs,
        }),
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn keys(object: &Value) -> Vec<&str> {
        let keys = object.as_object().into_iter().flat_map(Map::keys);
        keys.map(String::as_str).collect()
    }

    #[test]
    fn what_happens_is_told_by_the_keys_of_the_schema() {
        let target = || "customer".to_owned();
        let began = Event::Began {
            target: target(),
            targets: 1,
            run: "1".into(),
        };
        let done = Event::Done {
            target: target(),
            database: "shop".into(),
            tenant: None,
            migrations: 1,
            elapsed: Duration::from_millis(2),
        };
        let paused = Event::Paused { target: target() };
        let halted = Event::Halted {
            target: target(),
            reason: "enough".into(),
        };
        for (happened, expected) in [
            (began, "v event target direction targets run"),
            (
                done,
                "v event target direction database tenant migrations elapsedMs",
            ),
            (paused, "v event target"),
            (halted, "v event target reason"),
        ] {
            let told = event(&happened, Direction::Up).unwrap();

            assert_eq!(keys(&told).join(" "), expected);
            assert_eq!(told["v"], 1);
        }
    }

    #[test]
    fn what_is_in_the_way_is_told_without_a_list_at_the_end_of_a_run() {
        let late = Obstacle::Late {
            id: "1".into(),
            after: "2".into(),
        };

        let told = blocked_at("shop", &late);

        let expected = "v event target database targets kind migration reason";
        assert_eq!(keys(&told).join(" "), expected);
        assert_eq!(
            (&told["target"], &told["kind"]),
            (&Value::Null, &"late".into())
        );
    }
}
