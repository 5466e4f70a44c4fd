//! What the user may do, held against what the models need.

use super::{Check, Finding, Live, Status};
use crate::{
    orchestrator::Privileges,
    registry::{Declared, Scope},
};

/// What every call needs.
const DATA: [&str; 4] = ["find", "insert", "update", "remove"];
/// What comparing and completing the schema needs, so `up --sync` and a new tenant.
const SCHEMA: [&str; 5] = [
    "listCollections",
    "listIndexes",
    "createCollection",
    "createIndex",
    "collMod",
];

/// A database and the collections in it that the models use.
struct Wanted<'a> {
    /// `None` for tenants' databases: their names are not known before they are made.
    database: Option<&'a str>,
    collections: Vec<&'static str>,
}

/// Compares the user's privileges with the models' needs.
pub(super) async fn examine(live: &Live, declared: &Declared) -> Finding {
    let privileges = match live.command(Privileges::question()).await {
        Ok(answer) => Privileges::of(&answer),
        Err(cause) => return Finding::not_tested(Check::Rights, cause.to_string()),
    };
    if matches!(privileges, Privileges::Unchecked) {
        return Finding::ok(Check::Rights, "all: the server checks none");
    }
    judge(&privileges, declared, &live.connection.name)
}

fn judge(privileges: &Privileges, declared: &Declared, own: &str) -> Finding {
    let of = |scope| {
        declared
            .routes_in(scope)
            .map(|route| route.collection)
            .collect()
    };
    let wanted = [
        Wanted {
            database: Some(own),
            collections: of(Scope::Common),
        },
        Wanted {
            database: None,
            collections: of(Scope::PerTenant),
        },
    ];
    let lacking = |actions: &[&'static str]| -> Vec<String> {
        let lacks = wanted
            .iter()
            .filter_map(|wanted| wanted.lack(actions, privileges, own));
        lacks.collect()
    };
    let (data, schema) = (lacking(&DATA), lacking(&SCHEMA));
    if data.is_empty() && schema.is_empty() {
        return Finding::ok(Check::Rights, "all that the models need");
    }
    let status = match data.is_empty() {
        true => Status::Warning,
        false => Status::Failure,
    };
    let found = format!(
        "the user may not {}",
        [data, schema].concat().join("; nor ")
    );
    let cure = match declared.is_per_tenant() {
        true => {
            "grant it readWriteAnyDatabase and dbAdminAnyDatabase: tenants' databases are new ones"
                .into()
        }
        false => format!("grant it readWrite and dbAdmin on `{own}`"),
    };
    Finding::new(Check::Rights, status, found).cure(cure)
}

impl Wanted<'_> {
    /// Returns what is not allowed here, in words.
    fn lack(&self, actions: &[&'static str], privileges: &Privileges, own: &str) -> Option<String> {
        let allowed =
            |action: &str, collection: &str| privileges.allow(action, self.database, collection);
        let missing: Vec<&str> = actions
            .iter()
            .copied()
            .filter(|action| match *action {
                // It is of a database, not of its collections.
                "listCollections" => !self.collections.is_empty() && !allowed(action, ""),
                _ => self
                    .collections
                    .iter()
                    .any(|collection| !allowed(action, collection)),
            })
            .collect();
        let place = match self.database {
            Some(database) => format!("`{database}`"),
            None => format!("`{own}__<tenant>`"),
        };
        (!missing.is_empty()).then(|| format!("{} on {place}", missing.join(", ")))
    }
}
