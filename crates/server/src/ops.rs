//! How the guards stand, and an operator's hand on a circuit: on every server, for its own process.
//!
//! Nothing here passes a circuit but the audit entry, and nothing waits for that one longer than a
//! moment: a database that is down, or forced off, keeps nobody from forcing its circuit.

use std::time::Duration;

use axum::{
    Extension, Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, put},
};
use futures_util::future::join;
use mongoplex::{
    Databases, Deadline, Force, GuardState,
    audit::{Action, Entry},
    guard::CircuitState,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    extract::{self, Actor, NoParameters},
    problem::Problem,
};

/// What stands as `collection` in the entries; `document` is the logical database, and the one of
/// `fields` the word.
const CIRCUITS: &str = "ops.circuits";

/// How long all databases together may take over an entry, at most half of what the request has left.
const ENTRY_LIMIT: Duration = Duration::from_secs(2);

/// `/ops/guards`: how they stand. `/ops/guards/{database}/circuit`: what its circuit is to do.
pub(crate) fn routes(databases: Databases) -> Router {
    Router::new()
        .route("/ops/guards", get(guards))
        .route("/ops/guards/{database}/circuit", put(force))
        .with_state(databases)
}

async fn guards(State(databases): State<Databases>, _: NoParameters) -> Json<Value> {
    let guards: Vec<Value> = databases.guards().iter().map(guard).collect();
    Json(json!({ "guards": guards }))
}

#[derive(Deserialize)]
struct Asked {
    // A text and no enum: serde would take `{"open": null}` for one too.
    force: String,
}

impl Asked {
    fn force(&self) -> Result<Force, Problem> {
        match self.force.as_str() {
            "open" => Ok(Force::Open),
            "disable" => Ok(Force::Disable),
            "free" => Ok(Force::Free),
            _ => {
                let detail = "expected open, disable or free";
                let problem = Problem::new(StatusCode::BAD_REQUEST, "unfit-json", detail);
                Err(problem.with_fields(vec!["force".into()]))
            }
        }
    }
}

async fn force(
    State(databases): State<Databases>,
    Extension(deadline): Extension<Deadline>,
    Actor(actor): Actor,
    Path(name): Path<String>,
    _: NoParameters,
    extract::Json(asked): extract::Json<Asked>,
) -> Result<Json<Value>, Problem> {
    let force = asked.force()?;
    let known = guard_of(&databases, &name).ok_or_else(unknown)?;
    let order = Order {
        databases: &databases,
        database: known.database,
        actor: &actor,
        force,
        word: asked.force,
    };
    let limit = ENTRY_LIMIT.min(deadline.remaining() / 2);
    let written = order.obey(limit).await;
    let now = guard_of(&databases, known.database).unwrap_or(known);
    Ok(Json(json!({
        "database": now.database,
        "circuit": circuit(&now.circuit),
        "audited": written.is_some(),
        "auditedIn": written,
    })))
}

/// What somebody wants of a circuit.
struct Order<'a> {
    databases: &'a Databases,
    database: &'static str,
    actor: &'a str,
    force: Force,
    word: String,
}

impl Order<'_> {
    /// Forces the circuit whatever becomes of the entry: it must go while the very databases are down
    /// that the entry would lie in. Returns the database that the entry lies in.
    async fn obey(&self, limit: Duration) -> Option<&'static str> {
        let fields = vec![self.word.clone()];
        let entry = Entry::new(self.actor, Action::Change, CIRCUITS, self.database, fields);
        let writing = self.databases.audit(&entry, limit);
        let written = if self.force == Force::Open {
            // The entry is polled first: by then it is past the circuit that shuts behind it.
            join(writing, async { self.force() }).await.0
        } else {
            self.force();
            writing.await
        };
        if written.is_none() && self.databases.keeps_audit_trail() {
            self.tell("no audit entry says so");
        }
        written
    }

    fn force(&self) {
        self.databases.force_circuit(self.database, self.force);
        self.tell("by an operator");
    }

    fn tell(&self, more: &str) {
        let Self {
            database,
            actor,
            word,
            ..
        } = self;
        tracing::warn!(
            db.logical = database,
            actor,
            action = word,
            "`{actor}` forced the circuit of `{database}`: {word}; {more}"
        );
    }
}

fn guard_of(databases: &Databases, name: &str) -> Option<GuardState> {
    let mut guards = databases.guards().into_iter();
    guards.find(|guard| guard.database == name)
}

fn unknown() -> Problem {
    let detail = "no logical database of this name is connected";
    Problem::new(StatusCode::NOT_FOUND, "not-found", detail)
}

fn guard(state: &GuardState) -> Value {
    let (load, (tokens, capacity)) = (&state.load, state.budget);
    json!({
        "database": state.database,
        "circuit": circuit(&state.circuit),
        "calls": { "inUse": load.in_use, "limit": load.limit, "queued": load.queued },
        "budget": { "tokens": tokens, "capacity": capacity },
        "retries": state.retries,
        "recovered": state.recovered,
        "forced": state.forced,
        "unclassified": state.unclassified,
    })
}

fn circuit(state: &CircuitState) -> Value {
    json!({
        "state": state.circuit.to_string(),
        "reason": state.reason.to_string(),
        "sinceSeconds": state.since.as_secs(),
        "probes": state.probes,
    })
}
