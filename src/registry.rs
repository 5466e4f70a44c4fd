//! The registry: which logical databases an application has, and which models each of them holds.
//!
//! It is a value, filled by hand where the application is declared, and connects to nothing: the
//! route table is made of constants. Nothing registers itself at link time, because a program that
//! names nothing of the models' crate would then see an empty registry, silently.

mod faults;
mod route;

use std::any::TypeId;

pub use self::route::{
    Common, Hosted, Hosts, Is, LogicalDatabase, PerTenant, Route, Routed, Scope, WithTenant,
    WithoutTenant,
};
use crate::{fault::Faults, tenancy::is_tenant};

/// The logical databases of an application, in the order of their declaration.
///
/// ```
/// # mod models { mongoplex::logical_database! { pub Admin = "admin", common: [] } }
/// # use models::Admin;
/// let registry = mongoplex::Registry::new().with::<Admin>();
/// assert_eq!(registry.databases()[0].name, "admin");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Registry {
    databases: Vec<Declared>,
}

/// A logical database as its module declares it.
#[derive(Debug, Clone, Copy)]
pub struct Declared {
    /// Its name in configuration, such as `customer`.
    pub name: &'static str,
    /// Whether it may be missing: without a URI it is left out, when it is down it degrades.
    pub optional: bool,
    /// Its models, in the order of its list.
    pub routes: &'static [Route],
    pub(crate) id: TypeId,
}

impl Declared {
    fn of<D: LogicalDatabase>() -> Self {
        Self {
            name: D::NAME,
            optional: D::OPTIONAL,
            routes: D::ROUTES,
            id: TypeId::of::<D>(),
        }
    }

    /// Returns the models of one scope.
    pub fn routes_in(&self, scope: Scope) -> impl Iterator<Item = &'static Route> + use<> {
        self.routes.iter().filter(move |route| route.scope == scope)
    }

    /// Returns whether each tenant has a database of its own here.
    pub fn is_per_tenant(&self) -> bool {
        self.routes_in(Scope::PerTenant).next().is_some()
    }
}

impl Registry {
    /// Returns a registry without databases.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the registry with `D`. Registering the same one again changes nothing.
    #[must_use]
    pub fn with<D: LogicalDatabase>(mut self) -> Self {
        let declared = Declared::of::<D>();
        if !self.databases.iter().any(|known| known.id == declared.id) {
            self.databases.push(declared);
        }
        self
    }

    /// Returns the logical databases in the order of their declaration.
    pub fn databases(&self) -> &[Declared] {
        &self.databases
    }

    /// Returns the logical database that lists [`Tenant`](crate::Tenant), the library's record.
    pub(crate) fn tenants(&self) -> Option<&Declared> {
        let lists = |database: &&Declared| database.routes.iter().any(|route| is_tenant(route.id));
        self.databases.iter().find(lists)
    }

    /// Checks the whole registry.
    ///
    /// # Errors
    /// All faults at once: two databases of one name, two models on one namespace, a name that
    /// MongoDB or we refuse, tenants' models without a home for the tenants' records.
    pub fn check(&self) -> Result<(), Faults> {
        faults::of(self).into_result(())
    }
}
