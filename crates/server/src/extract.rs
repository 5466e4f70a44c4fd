//! What handlers take from a request; whatever does not fit is a [`Problem`].

mod actor;
mod body;
mod database;
mod id;
mod page;
mod query;
mod version;

pub use self::{
    actor::Actor,
    body::Json,
    database::{Db, TenantDb},
    id::Id,
    page::Page,
    version::IfMatch,
};
pub(crate) use self::{
    body::{malformed, misfit, unknown},
    query::{NoParameters, Since},
};
