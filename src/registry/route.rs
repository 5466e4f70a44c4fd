//! Routing by module: one list per logical database, checked by the compiler.
//!
//! One trait with two associated types gives one clear error per mistake; two traits do not.

use std::any::TypeId;

use mongodb::bson::Document;

use crate::model::{Index, Model, Upkeep};

/// Who shares a model's documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Each tenant has a collection of its own, in a database of its own.
    PerTenant,
    /// One collection for all.
    Common,
}

impl Scope {
    /// Returns the word that the lists use: `per_tenant` or `common`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PerTenant => "per_tenant",
            Self::Common => "common",
        }
    }
}

/// A model's place: a row of the route table.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// The model's name in the list.
    pub model: &'static str,
    /// Its collection.
    pub collection: &'static str,
    /// Who shares it.
    pub scope: Scope,
    pub(crate) declared: &'static [Index],
    /// What the library keeps in its documents.
    pub upkeep: Upkeep,
    /// Returns the body of its `$jsonSchema`, with the rules of what the library keeps.
    pub validator: fn() -> Option<Document>,
    pub(crate) id: TypeId,
}

impl Route {
    /// Returns the row of `M`, a model listed by its name. The macro calls it; nobody else has to.
    ///
    /// The bound is not `Model`: a listed type that is none would be told twice.
    #[doc(hidden)]
    pub const fn of<M: Routed>(model: &'static str, scope: Scope) -> Self {
        Self::row::<M>(model, scope)
    }

    /// Returns the row of `M`, listed by its path.
    #[doc(hidden)]
    pub const fn of_record<M: Record>(model: &'static str, scope: Scope) -> Self {
        Self::row::<M>(model, scope)
    }

    const fn row<M: Model>(model: &'static str, scope: Scope) -> Self {
        Self {
            model,
            collection: M::COLLECTION,
            scope,
            declared: M::INDEXES,
            upkeep: M::UPKEEP,
            validator: || M::UPKEEP.complete(M::validator()),
            id: TypeId::of::<M>(),
        }
    }
}

impl Route {
    /// Returns its indexes besides the one on `_id`, as the database has them: where deleting only
    /// marks, unique means unique among what is not deleted.
    pub fn indexes(&self) -> Vec<Index> {
        let own = self.declared.iter();
        own.map(|index| index.under(self.upkeep)).collect()
    }
}

/// A logical database: a name in our configuration that owns a module of models.
///
/// [`logical_database!`](crate::logical_database) implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no logical database",
    note = "declare it with `mongoplex::logical_database!` in its module"
)]
pub trait LogicalDatabase: Send + Sync + 'static {
    /// Its name in configuration: `customer` is set by `DATABASE_CUSTOMER_URI`.
    const NAME: &'static str;
    /// Whether it may be missing.
    const OPTIONAL: bool;
    /// Its models.
    const ROUTES: &'static [Route];
}

/// A model that stands in a list. Only [`logical_database!`](crate::logical_database) implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` belongs to no logical database",
    note = "add `{Self}` to the list of its module, under `per_tenant` or `common`"
)]
pub trait Routed: Model {
    /// The logical database whose list holds it.
    type Database;
    /// [`PerTenant`] or [`Common`].
    type Scope;
}

/// The scope of a model that each tenant has for itself.
#[derive(Debug)]
pub enum PerTenant {}

/// The scope of a model that all share.
#[derive(Debug)]
pub enum Common {}

/// Where the library's own records live: in whichever database lists them ([`Hosts`]).
#[derive(Debug)]
pub enum Hosted {}

/// A record of the library's own: what a list may name by its path.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is listed by its path, as only the library's own records are",
    note = "import it and list its name alone: that routes it to the database of the list"
)]
pub trait Record: Model {}
#[diagnostic::do_not_recommend]
impl<M: Routed<Database = Hosted>> Record for M {}

/// A logical database that lists one of the library's own records, such as `mongoplex::Tenant`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not list the library's record `{M}`",
    note = "add it to the list of `{Self}`, under `common`, with its path: `mongoplex::Tenant`"
)]
pub trait Hosts<M>: LogicalDatabase {}

/// Holds where a model may be asked for without a tenant.
#[diagnostic::on_unimplemented(
    message = "`{M}` is a tenant's model and was asked for without a tenant",
    note = "ask the tenant's handle: `database.tenant(&id).await?.collection::<{M}>()`"
)]
pub trait WithoutTenant<M> {}
impl<M> WithoutTenant<M> for Common {}

/// Holds where a model may be asked for through a tenant.
#[diagnostic::on_unimplemented(
    message = "`{M}` is common to all tenants and was asked for through one",
    note = "ask the database's handle: `database.collection::<{M}>()`"
)]
pub trait WithTenant<M> {}
impl<M> WithTenant<M> for PerTenant {}

/// Holds where a model's own database is the one that was asked.
#[diagnostic::on_unimplemented(
    message = "`{M}` lives in `{Self}`, not in `{D}`",
    note = "ask the handle of its own database: `databases.database::<{Self}>()`"
)]
pub trait Is<D, M> {}
impl<D: LogicalDatabase, M> Is<D, M> for D {}
impl<D: Hosts<M>, M> Is<D, M> for Hosted {}

/// Declares a logical database and the models it holds: the list is the route.
///
/// `per_tenant` models have a database for each tenant beside this one; `common` models live in
/// this one. Both lists may be left out. A model is listed by its name, in the crate that defines
/// it, or as `mod client::Client`, which also declares the module `client` of its file and re-exports
/// the model: one line for a model. (`cargo fmt` does not follow modules that a macro declares: give
/// `rustfmt` their files.) A record of the library's own is listed by its path. `optional` before the
/// name lets the database be missing.
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use mongoplex::Model;
/// # #[derive(Serialize, Deserialize)] pub struct Client {}
/// # impl Model for Client { const COLLECTION: &str = "clients"; }
/// # #[derive(Serialize, Deserialize)] pub struct Plan {}
/// # impl Model for Plan { const COLLECTION: &str = "plans"; }
/// mongoplex::logical_database! {
///     /// The customers' database.
///     pub Customer = "customer",
///     per_tenant: [Client],
///     common: [mongoplex::Tenant, Plan],
/// }
/// mongoplex::logical_database! { pub optional Reports = "reports" }
/// ```
#[macro_export]
macro_rules! logical_database {
    ($(#[$doc:meta])* $vis:vis optional $name:ident = $($rest:tt)+) => {
        $crate::logical_database! { @declare [$(#[$doc])*] $vis $name, true, $($rest)+ }
    };
    (@declare [$(#[$doc:meta])*] $vis:vis $name:ident, $optional:literal, $text:literal
        $(, per_tenant: [$($tenant:ident $($tenant_file:ident)? $(:: $tenant_path:ident)*),* $(,)?])?
        $(, common: [$($first:ident $($file:ident)? $(:: $path:ident)*),* $(,)?])? $(,)?
    ) => {
        $($($crate::logical_database! { @module $tenant $($tenant_file)? $(:: $tenant_path)* })*)?
        $($($crate::logical_database! { @module $first $($file)? $(:: $path)* })*)?

        $(#[$doc])*
        #[derive(Debug)]
        $vis enum $name {}

        impl $crate::LogicalDatabase for $name {
            const NAME: &'static str = $text;
            const OPTIONAL: bool = $optional;
            const ROUTES: &'static [$crate::Route] = &[
                $($($crate::logical_database! {
                    @row PerTenant, $tenant $($tenant_file)? $(:: $tenant_path)*
                },)*)?
                $($($crate::logical_database! { @row Common, $first $($file)? $(:: $path)* },)*)?
            ];
        }
        $($($crate::logical_database! {
            @route $name, PerTenant, $tenant $($tenant_file)? $(:: $tenant_path)*
        })*)?
        $($($crate::logical_database! { @route $name, Common, $first $($file)? $(:: $path)* })*)?
    };
    (@declare [$($doc:tt)*] $vis:vis $name:ident, $optional:literal, $text:literal,
        common: [$($common:tt)*], per_tenant: [$($tenant:tt)*] $(,)?
    ) => {
        $crate::logical_database! { @declare [$($doc)*] $vis $name, $optional, $text,
            per_tenant: [$($tenant)*], common: [$($common)*] }
    };
    // `mod client::Client`: the list declares the module of the model's file too.
    (@module mod $file:ident :: $model:ident) => {
        pub mod $file;
        pub use self::$file::$model;
    };
    (@module $($listed:tt)+) => {};
    (@row $scope:ident, mod $file:ident :: $model:ident) => {
        $crate::logical_database! { @row $scope, $model }
    };
    (@row $scope:ident, $model:ident) => {
        $crate::Route::of::<$model>(stringify!($model), $crate::Scope::$scope)
    };
    (@row $scope:ident, $first:ident $(:: $path:ident)+) => {
        $crate::Route::of_record::<$first $(:: $path)+>(
            concat!(stringify!($first) $(, "::", stringify!($path))+), $crate::Scope::$scope)
    };
    (@route $name:ident, $scope:ident, mod $file:ident :: $model:ident) => {
        $crate::logical_database! { @route $name, $scope, $model }
    };
    (@route $name:ident, $scope:ident, $model:ident) => {
        impl $crate::Routed for $model {
            type Database = $name;
            type Scope = $crate::registry::$scope;
        }
    };
    // A path is a record of the library's own: its trait impls live there, and this marks its host.
    (@route $name:ident, $scope:ident, $($path:ident)::+) => {
        impl $crate::Hosts<$($path)::+> for $name {}
    };
    ($(#[$doc:meta])* $vis:vis $name:ident = $($rest:tt)+) => {
        $crate::logical_database! { @declare [$(#[$doc])*] $vis $name, false, $($rest)+ }
    };
}
