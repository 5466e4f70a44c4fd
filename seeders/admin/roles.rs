//! The roles that the application relies on. What people changed of them is kept.

use models::admin_server::Role;
use mongoplex::seed::{Changed, Row, Seed};

/// Slug, name, level, what it is for, and what it allows.
type Known = (
    &'static str,
    &'static str,
    i32,
    &'static str,
    &'static [&'static str],
);

const ALL: &[Known] = &[
    (
        "super-admin",
        "Super administrator",
        100,
        "Everything",
        &[
            "user:*",
            "role:*",
            "permission:*",
            "session:*",
            "tenant:*",
            "plan:*",
            "subscription:*",
            "invoice:*",
            "health:*",
            "metrics:*",
            "alert:*",
            "audit:*",
            "setting:*",
            "migration:*",
        ],
    ),
    (
        "admin",
        "Administrator",
        80,
        "Everything but administrators' roles and the house itself",
        &[
            "user:read",
            "user:create",
            "user:update",
            "user:suspend",
            "role:read",
            "permission:read",
            "session:*",
            "tenant:*",
            "plan:*",
            "subscription:*",
            "invoice:read",
            "health:read",
            "metrics:read",
            "alert:*",
            "audit:read",
            "setting:read",
        ],
    ),
    (
        "moderator",
        "Moderator",
        50,
        "Tenants and their people",
        &[
            "user:read",
            "tenant:read",
            "tenant:update",
            "tenant:suspend",
            "subscription:read",
            "audit:read",
        ],
    ),
    (
        "billing-admin",
        "Billing administrator",
        40,
        "Plans, subscriptions and money",
        &["tenant:read", "plan:*", "subscription:*", "invoice:*"],
    ),
    (
        "support",
        "Support",
        30,
        "Customers' questions",
        &[
            "tenant:read",
            "plan:read",
            "subscription:read",
            "invoice:read",
            "health:read",
        ],
    ),
    (
        "viewer",
        "Viewer",
        10,
        "Looking",
        &[
            "user:read",
            "role:read",
            "tenant:read",
            "plan:read",
            "subscription:read",
            "health:read",
            "metrics:read",
        ],
    ),
];

pub(super) fn seed() -> Seed<Role> {
    Seed::reference("roles")
        .key(&["slug"])
        .after("permissions")
        .changed(Changed::Keep)
        .rows(|_| Ok(all().iter().map(Row::new).collect()))
}

fn all() -> Vec<Role> {
    let role = |(slug, name, level, description, permissions): &Known| Role {
        slug: (*slug).into(),
        name: (*name).into(),
        description: Some((*description).into()),
        level: *level,
        permissions: permissions
            .iter()
            .map(|permission| (*permission).into())
            .collect(),
        is_system_role: true,
    };
    ALL.iter().map(role).collect()
}
