//! Seeds as an application writes them: a list per target, checked before anything is sent.

use std::{any::TypeId, collections::BTreeSet, marker::PhantomData, sync::Arc};

use super::describe::{Described, Kind, Seed, Source};
use crate::{
    fault::{Fault, Faults},
    migrate::{Target, Tenants},
    registry::{Is, LogicalDatabase, Registry, Routed, WithTenant, WithoutTenant},
};

/// Holds where a target's databases have the collection of a model.
#[diagnostic::on_unimplemented(
    message = "the databases of `{Self}` have no collection of `{M}`",
    note = "list the seed under the model's own logical database, or under `Tenants<…>` of it where each tenant has the model"
)]
pub trait Holds<M>: Target {}
impl<D, M> Holds<M> for D
where
    D: LogicalDatabase,
    M: Routed<Database: Is<D, M>, Scope: WithoutTenant<M>>,
{
}
impl<D, M> Holds<M> for Tenants<D>
where
    D: LogicalDatabase,
    M: Routed<Database: Is<D, M>, Scope: WithTenant<M>>,
{
}

/// The seeds of one target.
#[derive(Clone)]
pub struct List {
    pub(super) database: TypeId,
    pub(super) logical: &'static str,
    pub(super) is_tenants: bool,
    pub(super) seeds: Vec<Arc<Described>>,
}

/// A list in the making; [`seeds!`](crate::seeds) writes it.
pub struct Listing<T> {
    list: List,
    target: PhantomData<fn() -> T>,
}

impl<T: Target> Listing<T> {
    /// Returns the list with one more seed.
    #[must_use]
    pub fn with<M>(mut self, seed: Seed<M>) -> Self
    where
        T: Holds<M>,
    {
        self.list.seeds.push(Arc::new(seed.described));
        self
    }

    /// Returns the list.
    #[must_use]
    pub fn end(self) -> List {
        self.list
    }
}

/// All lists of an application, in the order in which they are run.
#[derive(Clone, Default)]
pub(crate) struct Lists(pub(super) Vec<Arc<List>>);

impl Lists {
    pub(crate) fn add(&mut self, list: List) {
        self.0.push(Arc::new(list));
    }

    /// Puts logical databases into the registry's order, tenants behind them, each list's seeds behind
    /// those that they depend on, and finds all faults.
    pub(crate) fn settle(&mut self, registry: &Registry) -> Faults {
        let place = |list: &Arc<List>| {
            let mut known = registry.databases().iter();
            let at = known.position(|known| known.id == list.database);
            (list.is_tenants, at)
        };
        self.0.sort_by_key(place);
        let mut faults = Faults::default();
        for pair in self
            .0
            .windows(2)
            .filter(|pair| place(&pair[0]) == place(&pair[1]))
        {
            let what = format!("seeds of {}", pair[0].target());
            faults.push(Fault::new(
                what,
                "two lists have this target",
                "make one list of them",
            ));
        }
        for list in &mut self.0 {
            faults.extend(list.faults(registry).iter().cloned());
            match list.ordered() {
                Ok(seeds) => {
                    *list = Arc::new(List {
                        seeds,
                        ..List::clone(list)
                    })
                }
                Err(circle) => {
                    let what = format!("seeds of {}", list.target());
                    let problem = format!("they wait for each other: {circle}");
                    faults.push(Fault::new(
                        what,
                        problem,
                        "leave out an `after` that closes the circle",
                    ));
                }
            }
        }
        faults
    }
}

impl std::fmt::Debug for List {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "seeds of {} ", self.target())?;
        out.debug_list().entries(self.seeds()).finish()
    }
}

impl List {
    /// Returns a list without seeds.
    #[must_use]
    pub fn of<T: Target>() -> Listing<T> {
        Listing {
            list: Self {
                database: TypeId::of::<T::Database>(),
                logical: <T::Database as LogicalDatabase>::NAME,
                is_tenants: T::TENANTS,
                seeds: Vec::new(),
            },
            target: PhantomData,
        }
    }

    /// Returns what the target is called: `customer`, or `tenants of customer`.
    pub fn target(&self) -> String {
        match self.is_tenants {
            true => format!("tenants of {}", self.logical),
            false => self.logical.to_owned(),
        }
    }

    /// Returns the seeds' names and kinds, in their order.
    pub fn seeds(&self) -> impl Iterator<Item = (&'static str, Kind)> {
        self.seeds.iter().map(|seed| (seed.name, seed.kind))
    }

    /// Returns the seeds, each behind those that it depends on and else as they are listed; or the names of
    /// those that wait for each other.
    fn ordered(&self) -> Result<Vec<Arc<Described>>, String> {
        let known: BTreeSet<&str> = self.seeds.iter().map(|seed| seed.name).collect();
        let mut left: Vec<&Arc<Described>> = self.seeds.iter().collect();
        let mut ordered: Vec<Arc<Described>> = Vec::new();
        while !left.is_empty() {
            let waits = |seed: &Arc<Described>| {
                let mut after = seed.after.iter().filter(|name| known.contains(**name));
                after.any(|name| !ordered.iter().any(|done| done.name == *name))
            };
            let Some(next) = left.iter().position(|seed| !waits(seed)) else {
                let names: Vec<&str> = left.iter().map(|seed| seed.name).collect();
                return Err(names.join(", "));
            };
            ordered.push(left.remove(next).clone());
        }
        Ok(ordered)
    }

    /// Finds everything that is wrong with a list as it is written, but for its order.
    fn faults(&self, registry: &Registry) -> Faults {
        let mut faults = Faults::default();
        let mut databases = registry.databases().iter();
        if !databases.any(|known| known.id == self.database) {
            faults.push(Fault::new(
                format!("seeds of {}", self.target()),
                "the application has no such logical database",
                "add it with `App::database`",
            ));
        }
        for (at, seed) in self.seeds.iter().enumerate() {
            let what = || format!("seed `{}` of {}", seed.name, self.target());
            if self.seeds[..at].iter().any(|other| other.name == seed.name) {
                faults.push(Fault::new(
                    what(),
                    "another one has its name",
                    "give it one of its own",
                ));
            }
            faults.extend(
                seed.faults()
                    .into_iter()
                    .map(|(problem, cure)| Fault::new(what(), problem, cure)),
            );
            let unknown = |name: &&&str| !self.seeds.iter().any(|other| other.name == **name);
            for name in seed.after.iter().filter(unknown) {
                let problem = format!("waits for `{name}`, which is not in the list");
                faults.push(Fault::new(what(), problem, "correct the name"));
            }
        }
        faults
    }
}

impl Described {
    /// Returns what is wrong with a seed as it is written, each with its cure.
    fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
        let is_name = (1..=60).contains(&self.name.len()) && self.name.chars().all(plain);
        let is_drawn = matches!(self.source, Source::Drawn { weight, .. } if weight > 0);
        let is_listed = matches!(self.source, Source::Rows(_));
        let checks = [
            (
                is_name,
                "its name is not 1–60 of a–z, 0–9, `_` and `-`",
                "give it another name",
            ),
            (
                !self.key.is_empty() && self.key.iter().all(|field| !field.contains('.')),
                "it has no natural key of whole fields",
                "name the fields of a unique index with `.key(&[…])`",
            ),
            (
                self.is_volume() || is_listed,
                "it has no rows",
                "give them with `.rows(…)`; only volume seeds are `.drawn(…)`",
            ),
            (
                !self.is_volume() || is_drawn,
                "nothing draws its documents",
                "give it `.drawn(…)` with a weight from 1",
            ),
            (
                !self.prunes || matches!(self.kind, Kind::Reference | Kind::Demo),
                "it prunes, though it is no reference and no demo",
                "leave out `.pruning()`",
            ),
        ];
        let wrong = checks.into_iter().filter(|(holds, ..)| !holds);
        wrong.map(|(_, problem, cure)| (problem, cure)).collect()
    }
}

/// Declares the list of one target's seeds: a line per file of the folder beside it.
///
/// The target is a logical database, or `Tenants<…>` of it. Each file has `pub(super) fn seed() -> Seed<Model>`.
///
/// ```
/// # mod seeders {
/// # mongoplex::logical_database! { pub Shop = "shop" }
/// mongoplex::seeds! {
///     Shop: [
///         // mod plans,
///     ]
/// }
/// # }
/// assert_eq!(seeders::list().target(), "shop");
/// ```
#[macro_export]
macro_rules! seeds {
    ($target:ty: [$(mod $file:ident),* $(,)?] $(,)?) => {
        $(mod $file;)*

        /// Returns the seeds of this target.
        #[must_use]
        pub fn list() -> $crate::seed::List {
            $crate::seed::List::of::<$target>()$(.with($file::seed()))*.end()
        }
    };
}
