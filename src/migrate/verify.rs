//! Looks whether databases still are what their records say, and writes nothing.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use futures_util::{StreamExt, TryStreamExt, stream};
use mongodb::bson::doc;

use super::{
    Migrator,
    body::Place,
    error::Error,
    expect::{Expected, Finding, Found},
    row::Row,
    survey::Scope,
};

/// How many databases are looked at at once, and how many records are read by one command.
const AT_ONCE: usize = 8;
const BATCH: usize = 500;

/// Databases of a list against their records.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Verified {
    /// The list, such as `tenants of customer`.
    pub target: String,
    /// How many databases were looked at.
    pub checked: u64,
    /// Those that are not what their records say.
    pub unsound: Vec<Unsound>,
}

/// A database that is not what its record says.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Unsound {
    /// The database.
    pub database: String,
    /// Its tenant.
    pub tenant: Option<String>,
    /// What is amiss.
    pub findings: Vec<Finding>,
}

impl Unsound {
    /// Returns whether it only has indexes that are being built.
    pub fn is_building(&self) -> bool {
        self.findings.iter().all(|finding| finding.is_building)
    }

    /// Returns the first migration that does not hold.
    pub(super) fn first(&self) -> Option<&str> {
        let findings = self.findings.iter().filter(|finding| !finding.is_building);
        findings.map(|finding| finding.migration.as_str()).min()
    }
}

impl Migrator {
    /// Compares every database with what its applied migrations left behind: collections with their
    /// options, indexes, validators. What code did to documents cannot be seen.
    ///
    /// # Errors
    /// Those of the queries.
    pub async fn verify(&self) -> Result<Vec<Verified>, Error> {
        let mut all = Vec::new();
        for list in &self.lists {
            let scope = self.scope(list)?;
            let names = scope.meant(self.tenants.as_deref()).await?;
            all.push(scope.verify(&names).await?);
        }
        Ok(all)
    }
}

impl Scope {
    /// Looks at these databases.
    pub(super) async fn verify(&self, names: &[String]) -> Result<Verified, Error> {
        let mut verified = Verified {
            target: self.list.target(),
            ..Verified::default()
        };
        // What a set of migrations leaves behind is worked out once.
        let mut expected: BTreeMap<String, Arc<Expected>> = BTreeMap::new();
        for names in names.chunks(BATCH) {
            let rows = self.records.find(doc! { "_id": { "$in": names } }).await?;
            let looks: Vec<_> = rows
                .into_iter()
                .map(|row| {
                    let expected = match expected.entry(row.digest.clone()) {
                        Entry::Occupied(known) if !row.digest.is_empty() => known.get().clone(),
                        Entry::Occupied(_) => Arc::new(Expected::of(&row, &self.list)),
                        Entry::Vacant(new) => {
                            new.insert(Arc::new(Expected::of(&row, &self.list))).clone()
                        }
                    };
                    self.look(row, expected)
                })
                .collect();
            verified.checked += looks.len() as u64;
            let looked: Vec<Unsound> = stream::iter(looks).buffered(AT_ONCE).try_collect().await?;
            let unsound = looked
                .into_iter()
                .filter(|looked| !looked.findings.is_empty());
            verified.unsound.extend(unsound);
        }
        Ok(verified)
    }

    async fn look(&self, row: Row, expected: Arc<Expected>) -> Result<Unsound, Error> {
        let place = Place::of(&self.connection, &row.database, self.list.is_tenants);
        let mut found = BTreeMap::new();
        for collection in place.collections().await? {
            let name = collection.get_str("name").unwrap_or_default().to_owned();
            let indexes = match expected.has_indexes(&name) {
                true => place.indexes(&name).await?,
                false => Vec::new(),
            };
            let options = collection
                .get_document("options")
                .cloned()
                .unwrap_or_default();
            found.insert(name, Found { options, indexes });
        }
        Ok(Unsound {
            findings: expected.compare(&found),
            database: row.database,
            tenant: row.tenant,
        })
    }
}
