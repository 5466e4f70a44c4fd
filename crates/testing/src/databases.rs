//! Databases with names of their own for one test, dropped at its end.

use std::sync::atomic::{AtomicU32, Ordering};

use mongodb::bson::doc;
use mongoplex_mongod::{Node, ReplicaSet};

use crate::{
    client::{finish, raw},
    sets::shared,
};

/// The longest logical name, in bytes. With a prefix of at most five it stays within the 25 that a database with
/// tenants may have: `__` and the tenant's id still have to follow.
const LONGEST: usize = 20;

/// The databases of one test: all their names begin with a prefix that no other test of the process has.
///
/// Prefer [`drop`](Self::drop). What is forgotten is dropped as it goes out of scope, which blocks the thread.
#[derive(Debug)]
pub struct TestDatabases {
    test: String,
    prefix: String,
    hosts: String,
    set: String,
    dropped: bool,
}

impl TestDatabases {
    /// Returns databases on the [`shared`] set for a test; its name only serves to say whose they are.
    #[must_use]
    pub fn new(test: &str) -> Self {
        Self::on(shared(), test)
    }

    /// Returns databases on a set of one's own.
    #[must_use]
    pub fn on(set: &ReplicaSet, test: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let addresses: Vec<String> = set.nodes().iter().map(Node::address).collect();
        Self {
            test: test.to_owned(),
            // Sets are new in every process, so a number is enough: `t1_` begins no name of `t12_`.
            prefix: format!("t{:x}_", COUNT.fetch_add(1, Ordering::Relaxed)),
            hosts: addresses.join(","),
            set: set.name().to_owned(),
            dropped: false,
        }
    }

    /// Returns the name of the test's database for a logical one, at most 25 bytes.
    ///
    /// # Panics
    ///
    /// When the logical name has more than 20 bytes.
    #[must_use]
    pub fn name(&self, logical: &str) -> String {
        assert!(
            logical.len() <= LONGEST,
            "`{logical}` has more than {LONGEST} bytes: a tenant's database would not fit"
        );
        format!("{}{logical}", self.prefix)
    }

    /// Returns the URI of the test's database for a logical one; it has a query, so options follow with `&`.
    ///
    /// # Panics
    ///
    /// When the logical name has more than 20 bytes.
    #[must_use]
    pub fn uri(&self, logical: &str) -> String {
        format!(
            "mongodb://{}/{}?replicaSet={}",
            self.hosts,
            self.name(logical),
            self.set
        )
    }

    /// Returns the start of all of this test's names, such as `t1f_`.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Returns the names of all databases that exist with the prefix, those of tenants too.
    ///
    /// # Panics
    ///
    /// When the set does not answer.
    pub async fn existing(&self) -> Vec<String> {
        let client = raw(&self.uri("")).await;
        let names = existing(&client, &self.prefix).await;
        client.shutdown().immediate(true).await;
        names
            .unwrap_or_else(|error| panic!("cannot list the databases of `{}`: {error}", self.test))
    }

    /// Drops every database with the prefix, whoever made it.
    ///
    /// # Panics
    ///
    /// When the set does not do so.
    pub async fn drop(mut self) {
        self.dropped = true;
        let done = drop_all(self.uri(""), self.prefix.clone()).await;
        done.unwrap_or_else(|error| {
            panic!("cannot drop the databases of `{}`: {error}", self.test)
        });
    }
}

impl Drop for TestDatabases {
    fn drop(&mut self) {
        if self.dropped {
            return;
        }
        let (uri, prefix) = (self.uri(""), self.prefix.clone());
        finish(async move {
            // Best effort: the whole set goes with the process.
            let _ = drop_all(uri, prefix).await;
        });
    }
}

async fn drop_all(uri: String, prefix: String) -> mongodb::error::Result<()> {
    let client = raw(&uri).await;
    let work = async {
        for name in existing(&client, &prefix).await? {
            client.database(&name).drop().await?;
        }
        Ok(())
    };
    let done = work.await;
    client.shutdown().immediate(true).await;
    done
}

async fn existing(client: &mongodb::Client, prefix: &str) -> mongodb::error::Result<Vec<String>> {
    let filter = doc! { "name": { "$regex": format!("^{prefix}") } };
    client.list_database_names().filter(filter).await
}
