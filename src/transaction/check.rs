//! Whether a transaction can be: one deployment, and a user who may write to all of it.
//!
//! A user without rights on the second database would get error 13 there, which does not abort: the
//! first half stays open, ready to be committed. So rights are looked at before anything is written.

use std::sync::Arc;

use mongodb::bson::{Document, doc, oid::ObjectId};

use super::drive::operation;
use crate::{
    error::{Error, Result},
    guard::{Class, Deadline, Operation, Resend},
    model::Upkeep,
    orchestrator::{Connection, Privileges},
    registry::Scope,
};

/// A physical database that takes part.
#[derive(Debug, Clone)]
pub struct Place {
    pub(super) connection: Arc<Connection>,
    pub(super) name: Arc<str>,
    /// Which of the logical database's models live there.
    pub(super) scope: Scope,
}

/// Makes sure that all places can take part in a transaction of `lender`. A single one always can.
pub(super) async fn all(lender: &Connection, places: &[Place], within: Deadline) -> Result<()> {
    if places.len() < 2 {
        return Ok(());
    }
    for place in places {
        same_deployment(lender, &place.connection, within).await?;
    }
    rights(lender, places, within).await
}

/// The heartbeats tell, without a call. Only where they do not, as just after a restart, the two primaries
/// are asked.
async fn same_deployment(lender: &Connection, other: &Connection, within: Deadline) -> Result<()> {
    if lender.shares_deployment(other) {
        return Ok(());
    }
    let ours = process(lender, within).await?;
    let theirs = process(other, within).await?;
    if ours.is_some() && ours == theirs {
        return Ok(());
    }
    Err(Error::ForeignDeployment {
        begun_at: lender.declared.name,
        joined: other.declared.name,
    })
}

/// Returns which server process answers as the primary; it differs for every one that ever was.
async fn process(connection: &Connection, within: Deadline) -> Result<Option<ObjectId>> {
    let hello = ask(connection, doc! { "hello": 1 }, "hello", within).await?;
    let version = hello.get_document("topologyVersion");
    Ok(version
        .and_then(|version| version.get_object_id("processId"))
        .ok())
}

async fn rights(lender: &Connection, places: &[Place], within: Deadline) -> Result<()> {
    if let Some(known) = lender.known_privileges()
        && places.iter().all(|place| missing(&known, place).is_none())
    {
        return Ok(());
    }
    // Asked once per client, and again where they did not suffice: they may have been granted since.
    let answer = ask(lender, Privileges::question(), "connectionStatus", within).await?;
    let privileges = Arc::new(Privileges::of(&answer));
    lender.keep_privileges(privileges.clone());
    let lack = places
        .iter()
        .find_map(|place| missing(&privileges, place).map(|missing| (place, missing)));
    lack.map_or(Ok(()), |(place, missing)| {
        Err(Error::NoRights {
            begun_at: lender.declared.name,
            joined: place.connection.declared.name,
            missing,
        })
    })
}

/// Returns which actions on the place's collections are not allowed, in words.
fn missing(privileges: &Privileges, place: &Place) -> Option<String> {
    let name = &*place.name;
    let lacks = |action: &&str| {
        let mut routes = place.connection.declared.routes_in(place.scope);
        routes.any(|route| {
            // Nobody changes what is only added to, and its user need not be able to.
            let needed = route.upkeep != Upkeep::AppendOnly || ["find", "insert"].contains(action);
            needed && !privileges.allow(action, Some(name), route.collection)
        })
    };
    let actions = ["find", "insert", "update", "remove"].into_iter();
    let lacking: Vec<&str> = actions.filter(lacks).collect();
    (!lacking.is_empty()).then(|| format!("{} on `{name}`", lacking.join(", ")))
}

async fn ask(
    connection: &Connection,
    command: Document,
    name: &'static str,
    within: Deadline,
) -> Result<Document> {
    let operation = Operation {
        class: Class::Read,
        resend: Resend::Read,
        ..operation(connection, name, None, Some(within))
    };
    let database = connection.own();
    let sent = connection
        .guard
        .run(operation, |_| database.run_command(command.clone()));
    sent.await
}
