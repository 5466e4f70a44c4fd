//! What a seed's code is told of the database it writes for. It reads no environment of its own.

use std::{path::PathBuf, sync::Arc};

use super::{
    error::SeedError,
    password,
    told::{Event, Told},
};
use crate::{
    config::{Environment, Secret},
    model::TenantId,
};

/// What seeds are told by the configuration.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    pub(crate) environment: Environment,
    /// Where a password is put that was generated.
    pub(crate) directory: PathBuf,
    pub(crate) email: Option<String>,
    pub(crate) password: Option<Secret>,
}

/// The database that a seed writes for, and what the process was told.
#[derive(Clone)]
pub struct Context {
    pub(super) given: Arc<Given>,
    pub(super) database: Arc<str>,
    pub(super) tenant: Option<TenantId>,
    pub(super) told: Told,
}

impl Context {
    /// Returns where the process runs: `MONGOPLEX_ENV`.
    pub fn environment(&self) -> Environment {
        self.given.environment
    }

    /// Returns the tenant whose database it is; none for the logical database itself.
    pub fn tenant(&self) -> Option<&TenantId> {
        self.tenant.as_ref()
    }

    /// Returns the address of the first administrator: `SUPER_ADMIN_EMAIL`.
    pub fn super_admin_email(&self) -> Option<&str> {
        self.given.email.as_deref()
    }

    /// Returns the password of the first administrator: `SUPER_ADMIN_PASSWORD`. Where that is not set it is
    /// made up and put into a file in the project's folder that only this user may read; the file is told,
    /// never the password. Ask for it within [`Row::at_insert`](super::Row::at_insert): else a file
    /// is made at every run.
    ///
    /// # Errors
    /// When the file cannot be written, or others may read it.
    pub fn super_admin_password(&self) -> Result<Secret, SeedError> {
        if let Some(password) = &self.given.password {
            return Ok(password.clone());
        }
        let (path, password) = password::generated(&self.given.directory, &self.database)?;
        self.told.tell(&Event::Password { path });
        Ok(password)
    }
}
