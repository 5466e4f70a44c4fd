//! What is told of the control database: where migrations and seeds keep what they did.

use std::time::Duration;

use super::{parse, reader::Reader};

/// The control database, and how long a lock of it lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ControlConfig {
    /// Its name on each deployment: `CONTROL_DATABASE`.
    pub database: String,
    /// How long a lock lasts that is not renewed: `MIGRATION_LEASE`.
    pub lease: Duration,
    /// What becomes of tenants that are behind: `MIGRATION_POLICY`.
    pub policy: MigrationPolicy,
}

/// What becomes of requests for tenants that are behind their migrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MigrationPolicy {
    /// They are served: code and migrations are written so that the one before goes with both.
    Serve,
    /// They may read.
    ReadOnly,
    /// They are told to come back later.
    Unavailable,
}

/// Returns `None` after a fault.
pub(super) fn read(reader: &mut Reader) -> Option<ControlConfig> {
    let database = reader.process("CONTROL_DATABASE", name);
    let lease = reader.process("MIGRATION_LEASE", lease);
    let policy = reader.process("MIGRATION_POLICY", policy);
    Some(ControlConfig {
        database: database?.value,
        lease: lease?.value,
        policy: policy?.value,
    })
}

/// A name that MongoDB takes, that is none of its own, and that no tenant's database can have.
fn name(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let fits = (1..=63).contains(&text.len()) && text.chars().all(plain) && !text.contains("__");
    let own = ["admin", "config", "local"];
    (fits && !own.contains(&text.to_lowercase().as_str())).then(|| text.to_owned())
}

fn policy(text: &str) -> Option<MigrationPolicy> {
    match text {
        "serve" => Some(MigrationPolicy::Serve),
        "read-only" => Some(MigrationPolicy::ReadOnly),
        "unavailable" => Some(MigrationPolicy::Unavailable),
        _ => None,
    }
}

/// Shorter, and a pause of the process's would lose every lock.
fn lease(text: &str) -> Option<Duration> {
    parse::duration(text).filter(|lease| (3..=600).contains(&lease.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mongodbs_own_databases_and_names_of_tenants_are_refused() {
        assert_eq!(name("shop_control").as_deref(), Some("shop_control"));
        for bad in ["", "Admin", "local", "customer__acme", "a.b", "a b"] {
            assert_eq!(name(bad), None, "{bad}");
        }
        assert_eq!(lease("2s"), None);
        assert_eq!(lease("3s"), Some(Duration::from_secs(3)));
    }
}
