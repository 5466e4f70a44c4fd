//! Migrations as an application writes them: a list per target, checked before anything is sent.

use std::{any::TypeId, marker::PhantomData, sync::Arc};

use sha2::{Digest, Sha256};

use super::step::Step;
use crate::{
    fault::{Fault, Faults},
    registry::{LogicalDatabase, Registry},
};

/// What is done to a database in one go, and perhaps how it is taken back.
#[derive(Debug, Clone)]
pub struct Migration {
    pub(super) up: Vec<Step>,
    pub(super) down: Option<Vec<Step>>,
}

impl Migration {
    /// Returns a migration of these steps, in their order. Without [`down`](Self::down) it cannot be taken
    /// back.
    #[must_use]
    pub fn up(steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            up: steps.into_iter().collect(),
            down: None,
        }
    }

    /// Returns the migration with the steps that take it back, in their order.
    #[must_use]
    pub fn down(mut self, steps: impl IntoIterator<Item = Step>) -> Self {
        self.down = Some(steps.into_iter().collect());
        self
    }

    /// Returns the steps of a direction.
    pub(super) fn steps(&self, direction: Direction) -> &[Step] {
        match direction {
            Direction::Up => &self.up,
            Direction::Down => self.down.as_deref().unwrap_or_default(),
        }
    }
}

/// Which way a migration is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// It is applied.
    Up,
    /// It is taken back.
    Down,
}

/// The target of a list: a logical database, or with it the database of each of its tenants.
pub trait Target {
    /// The logical database.
    type Database: LogicalDatabase;
    /// Whether each tenant's database is meant.
    const TENANTS: bool;
}

impl<D: LogicalDatabase> Target for D {
    type Database = D;
    const TENANTS: bool = false;
}

/// The tenants of a logical database, as a target.
#[derive(Debug)]
pub struct Tenants<D>(PhantomData<D>);

impl<D: LogicalDatabase> Target for Tenants<D> {
    type Database = D;
    const TENANTS: bool = true;
}

/// The migrations of one target, in the order of their ids.
#[derive(Debug, Clone)]
pub struct List {
    pub(super) database: TypeId,
    pub(super) logical: &'static str,
    pub(super) is_tenants: bool,
    pub(super) migrations: Vec<Listed>,
}

/// All lists of an application, in the order in which they are carried out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lists(pub(super) Vec<Arc<List>>);

impl Lists {
    pub(crate) fn add(&mut self, list: List) {
        self.0.push(Arc::new(list));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts logical databases into the registry's order, each before its tenants, and finds all faults.
    pub(crate) fn settle(&mut self, registry: &Registry) -> Faults {
        let place = |list: &Arc<List>| {
            let mut known = registry.databases().iter();
            (
                known.position(|known| known.id == list.database),
                list.is_tenants,
            )
        };
        self.0.sort_by_key(|list| (place(list).1, place(list).0));
        let mut faults = Faults::default();
        for list in &self.0 {
            faults.extend(list.faults(registry).iter().cloned());
        }
        for pair in self
            .0
            .windows(2)
            .filter(|pair| place(&pair[0]) == place(&pair[1]))
        {
            let what = format!("migrations of {}", pair[0].target());
            faults.push(Fault::new(
                what,
                "two lists have this target",
                "make one list of them",
            ));
        }
        faults
    }
}

/// A migration with its id and its hash.
#[derive(Debug, Clone)]
pub(super) struct Listed {
    pub(super) id: &'static str,
    pub(super) hash: String,
    pub(super) migration: Migration,
}

impl List {
    /// Returns a list. [`migrations!`](crate::migrations) calls it with the names of the files.
    #[must_use]
    pub fn new<T: Target>(migrations: Vec<(&'static str, Migration)>) -> Self {
        let listed = |(module, migration): (&'static str, Migration)| Listed {
            id: module.strip_prefix('m').unwrap_or(module),
            hash: hash(&migration.up),
            migration,
        };
        let mut migrations: Vec<Listed> = migrations.into_iter().map(listed).collect();
        migrations.sort_by_key(|listed| listed.id);
        Self {
            database: TypeId::of::<T::Database>(),
            logical: <T::Database as LogicalDatabase>::NAME,
            is_tenants: T::TENANTS,
            migrations,
        }
    }

    /// Returns the ids, in their order.
    pub fn ids(&self) -> impl Iterator<Item = &'static str> {
        self.migrations.iter().map(|listed| listed.id)
    }

    /// Returns what stands for all of it applied.
    pub(crate) fn head(&self) -> String {
        digest(
            self.migrations
                .iter()
                .map(|listed| (listed.id, listed.hash.as_str())),
        )
    }

    pub(super) fn find(&self, id: &str) -> Option<&Listed> {
        self.migrations.iter().find(|listed| listed.id == id)
    }

    /// Returns what the target is called: `customer`, or `tenants of customer`.
    pub fn target(&self) -> String {
        match self.is_tenants {
            true => format!("tenants of {}", self.logical),
            false => self.logical.to_owned(),
        }
    }

    /// Finds everything that is wrong with a list as it is written.
    pub(crate) fn faults(&self, registry: &Registry) -> Faults {
        let mut faults = Faults::default();
        let mut fault = |what: String, problem: &str, cure: &str| {
            faults.push(Fault::new(what, problem, cure));
        };
        let target = self.target();
        let declared = registry
            .databases()
            .iter()
            .find(|known| known.id == self.database);
        match declared {
            None => fault(
                format!("migrations of {target}"),
                "the application has no such logical database",
                "add it with `App::database`",
            ),
            Some(declared) if self.is_tenants && !declared.is_per_tenant() => fault(
                format!("migrations of {target}"),
                "it has no per-tenant models, so tenants have no databases there",
                "list the migrations under the logical database itself",
            ),
            Some(_) => {}
        }
        for pair in self
            .migrations
            .windows(2)
            .filter(|pair| pair[0].id == pair[1].id)
        {
            let what = format!("migration {} of {target}", pair[0].id);
            fault(what, "is listed twice", "leave one of them out");
        }
        for Listed { id, migration, .. } in &self.migrations {
            let what = || format!("migration {id} of {target}");
            if !is_id(id) {
                let cure = "name the file m, its UTC time as yyyymmddHHMMSS, and _words of a–z, 0–9 and _, as `migrate new` does";
                fault(what(), "its id is no time and words", cure);
            }
            let all = [
                &migration.up[..],
                migration.down.as_deref().unwrap_or_default(),
            ];
            if migration.up.is_empty() {
                fault(what(), "it has no steps", "give it some, or delete it");
            }
            for step in all.into_iter().filter_map(twice) {
                let problem = format!("two of its steps are called `{step}`");
                fault(
                    what(),
                    &problem,
                    "give one of them another name with `.named(…)`",
                );
            }
        }
        faults
    }
}

/// Returns the first name that two steps have.
fn twice(steps: &[Step]) -> Option<&str> {
    let mut names = steps.iter().enumerate();
    let again = |at: usize, name: &str| steps[..at].iter().any(|step| step.name == name);
    names.find_map(|(at, step)| again(at, &step.name).then_some(step.name.as_str()))
}

/// Returns whether a text is 14 digits that are a time, `_`, and words.
fn is_id(id: &str) -> bool {
    let Some((time, words)) = id.split_at_checked(14) else {
        return false;
    };
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let number = |from: usize, to: usize| time[from..to].parse::<u32>().unwrap_or(99);
    time.chars().all(|c| c.is_ascii_digit())
        && (1..=12).contains(&number(4, 6))
        && (1..=31).contains(&number(6, 8))
        && number(8, 10) < 24
        && number(10, 12) < 60
        && number(12, 14) < 60
        && words.len() > 1
        && words.len() <= 80
        && words.starts_with('_')
        && words.chars().all(word)
}

/// Returns what stands for steps: the same for the same data, whatever the code looks like.
pub(super) fn hash(steps: &[Step]) -> String {
    let mut hasher = Sha256::new();
    for step in steps {
        // Documents of our own always serialize; one that did not would not be sent either.
        let bytes = mongodb::bson::serialize_to_vec(&step.rendered()).unwrap_or_default();
        hasher.update((bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    }
    hex(&hasher.finalize())
}

/// Returns what stands for a set of migrations, each with its hash, in the order of their ids.
pub(super) fn digest<'a>(applied: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut hasher = Sha256::new();
    for (id, hash) in applied {
        hasher.update(id);
        hasher.update([0]);
        hasher.update(hash);
        hasher.update([0]);
    }
    hex(&hasher.finalize())
}

/// Returns 128 bits as text.
fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Declares the list of one target's migrations: a line per file of the folder beside it.
///
/// The target is a logical database, or `Tenants<…>` of it. Each file has
/// `pub fn migration() -> Migration`, and its name is its id with an `m` before: `migrate new` writes the
/// file and the line.
///
/// ```
/// # mod migrations {
/// # mongoplex::logical_database! { pub Shop = "shop" }
/// mongoplex::migrations! {
///     Shop: [
///         // mod m20261122090000_orders_by_state,
///     ]
/// }
/// # }
/// assert_eq!(migrations::list().target(), "shop");
/// ```
#[macro_export]
macro_rules! migrations {
    ($target:ty: [$(mod $id:ident),* $(,)?] $(,)?) => {
        $(mod $id;)*

        /// Returns the migrations of this target.
        #[must_use]
        pub fn list() -> $crate::migrate::List {
            $crate::migrate::List::new::<$target>(
                ::std::vec![$((::core::stringify!($id), $id::migration())),*],
            )
        }
    };
}
