//! What environment a logical database belongs to, as it was found out when it was still empty. By it the
//! database itself refuses what belongs into development and test only, whatever a process was told.
//!
//! A stamp only ever rises: nothing here turns one of production back. That is a person's to do, in the
//! control database.

use mongodb::bson::doc;

use super::place::Place;
use crate::{
    audit,
    config::Environment,
    control::{Control, Lease},
    error::Result,
    guard::{Class, Operation, Resend},
    model::{Model, Namespace},
    orchestrator::Connection,
    tenancy::Tenant,
};

const STAMPS: &str = "stamps";

/// How a logical database stands to what belongs into development and test only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    /// Why it is refused, and the cure.
    pub(super) refusal: Option<String>,
    /// Whether the stamp is to be written.
    pub(super) is_due: bool,
}

/// Where a logical database's documents come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ground {
    /// Nobody knows.
    Given,
    /// A private set, which is made for development and test.
    Private,
}

/// Looks at the stamp of a logical database, and where there is none at its documents.
pub(super) async fn look(
    control: &Control,
    environment: Environment,
    ground: Ground,
) -> Result<Standing> {
    let name = &*control.connection().name;
    let command = doc! { "find": STAMPS, "filter": { "_id": name } };
    let found = control.all(STAMPS, command).await?;
    let stamp = found
        .first()
        .map(|found| found.get_str("environment").unwrap_or_default());
    let is_unknown =
        stamp.is_none() && ground == Ground::Given && holds_documents(control.connection()).await?;
    let place = (name, control.name());
    Ok(standing(place, stamp, environment, is_unknown))
}

/// Judges a stamp. `is_unknown`: there is none, though documents are there.
fn standing(
    (name, control): (&str, &str),
    stamp: Option<&str>,
    environment: Environment,
    is_unknown: bool,
) -> Standing {
    let known: Option<Environment> = stamp.and_then(|stamp| stamp.parse().ok());
    let by_hand = |environment: &str| {
        format!(
            "if it is not so, a person changes it there: db.getSiblingDB(\"{control}\").stamps.updateOne({{_id: \"{name}\"}}, {{$set: {{environment: \"{environment}\"}}}}, {{upsert: true}})"
        )
    };
    let refusal = match (stamp, known) {
        _ if !environment.is_harmless() => Some(format!(
            "MONGOPLEX_ENV is {environment}: demo and volume seeds and `reset` are for development and test"
        )),
        (None, _) if is_unknown => Some(format!(
            "database `{name}` holds documents and no stamp says of what environment (it may have been restored or renamed); {}",
            by_hand(environment.as_str())
        )),
        (None, _) => None,
        (Some(_), Some(known)) if known == environment => None,
        (Some(stamp), _) => Some(format!(
            "database `{name}` is stamped `{stamp}`, and MONGOPLEX_ENV is {environment}; {}",
            by_hand(environment.as_str())
        )),
    };
    let is_due = match stamp {
        // What is unknown may be stamped with what protects it, and with nothing else.
        None => !is_unknown || !environment.is_harmless(),
        Some(_) => known.is_some_and(|known| rank(known) < rank(environment)),
    };
    Standing { refusal, is_due }
}

fn rank(environment: Environment) -> u8 {
    match environment {
        Environment::Development | Environment::Test => 0,
        Environment::Staging => 1,
        Environment::Production => 2,
    }
}

/// Stamps a logical database; a stamp that is there is only ever raised.
pub(super) async fn write(
    control: &Control,
    lease: &Lease,
    environment: Environment,
) -> Result<()> {
    let name = &*control.connection().name;
    let all = Environment::ALL.into_iter();
    let lower = all.filter(|other| rank(*other) < rank(environment));
    let lower: Vec<&str> = lower.map(Environment::as_str).collect();
    let set =
        doc! { "environment": environment.as_str(), "run": lease.run(), "fence": lease.fence() };
    let now = doc! { "at": true };
    let statements = vec![
        doc! { "q": { "_id": name, "environment": { "$in": lower } }, "u": { "$set": &set, "$currentDate": &now } },
        doc! { "q": { "_id": name }, "u": { "$setOnInsert": with_time(set) }, "upsert": true },
    ];
    let command = doc! { "update": STAMPS, "updates": statements };
    control.write("update", STAMPS, command).await.map(drop)
}

fn with_time(mut set: mongodb::bson::Document) -> mongodb::bson::Document {
    set.insert("at", mongodb::bson::DateTime::now());
    set
}

/// Returns whether a logical database, or the database of any of its tenants, holds a document, but for the
/// library's own: tenants and audit entries are there before any seed.
async fn holds_documents(connection: &std::sync::Arc<Connection>) -> Result<bool> {
    let own = [Tenant::COLLECTION, audit::Entry::COLLECTION];
    for name in databases(connection).await? {
        let place = Place {
            connection: connection.clone(),
            name: name.into(),
            tenant: None,
        };
        for collection in place.collections().await? {
            if !own.contains(&collection.as_str()) && place.has_documents(&collection).await? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Returns the names of the databases that are there: its own and those that tenants may have.
async fn databases(connection: &Connection) -> Result<Vec<String>> {
    let operation = Operation {
        name: "listDatabases",
        database: connection.declared.name,
        namespace: Namespace {
            database: connection.name.clone(),
            collection: "$cmd",
        },
        is_tenants: false,
        is_joint: false,
        class: Class::Schema,
        resend: Resend::Read,
        timeout: None,
        within: None,
    };
    let guard = &connection.guard;
    let names = guard.run(operation, |_| {
        let client = connection.client.clone();
        async move { client.list_database_names().await }
    });
    let tenants = format!("{}__", connection.name);
    let own = |name: &String| **name == *connection.name || name.starts_with(&tenants);
    Ok(names.await?.into_iter().filter(own).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(stamp: Option<&str>, environment: Environment, is_unknown: bool) -> bool {
        let standing = standing(("shop", "control"), stamp, environment, is_unknown);
        standing.refusal.is_some()
    }

    fn due(stamp: Option<&str>, environment: Environment, is_unknown: bool) -> bool {
        standing(("shop", "control"), stamp, environment, is_unknown).is_due
    }

    #[test]
    fn only_an_equal_harmless_stamp_or_an_empty_database_lets_demo_data_in() {
        use Environment::{Development, Production, Staging, Test};
        assert!(!refused(None, Development, false));
        assert!(!refused(Some("development"), Development, false));
        assert!(!refused(Some("test"), Test, false));

        for environment in [Staging, Production] {
            for stamp in [None, Some("development"), Some("production")] {
                assert!(refused(stamp, environment, false));
            }
        }
        for stamp in ["production", "staging", "test", "prod", ""] {
            assert!(refused(Some(stamp), Development, false), "{stamp}");
        }
        assert!(refused(None, Development, true));
    }

    #[test]
    fn a_stamp_rises_and_never_falls() {
        use Environment::{Development, Production, Staging, Test};
        assert!(due(None, Development, false));
        assert!(
            !due(None, Development, true),
            "its next run would be let in"
        );
        assert!(due(None, Production, true));
        assert!(due(Some("test"), Staging, false));
        assert!(due(Some("staging"), Production, false));
        for (stamp, environment) in [
            ("production", Staging),
            ("staging", Test),
            ("test", Development),
        ] {
            assert!(!due(Some(stamp), environment, false));
        }
        assert!(
            !due(Some("somewhere"), Production, false),
            "it is refused as it is"
        );
    }
}
