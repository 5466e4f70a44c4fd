//! What handlers take from a request; whatever does not fit is a [`Problem`].

mod body;
mod database;
mod id;
mod page;
mod version;

pub use self::{
    body::Json,
    database::{Db, TenantDb},
    id::Id,
    page::Page,
    version::IfMatch,
};
