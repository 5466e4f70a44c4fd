//! What administrators may be allowed: 40 permissions. One that is no longer here is taken away.

use models::admin_server::{Permission, permission::Category};
use mongoplex::seed::{Row, Seed};

/// Kind of thing, its part of the house, and what is done to it with what people read.
type Group = (
    &'static str,
    Category,
    &'static [(&'static str, &'static str)],
);

const ALL: &[Group] = &[
    (
        "user",
        Category::Users,
        &[
            ("read", "See administrators"),
            ("create", "Add administrators"),
            ("update", "Change administrators"),
            ("delete", "Remove administrators"),
            ("suspend", "Suspend administrators and let them in again"),
            ("reset_password", "Reset an administrator's password"),
        ],
    ),
    (
        "role",
        Category::Users,
        &[
            ("read", "See roles"),
            ("create", "Add roles"),
            ("update", "Change roles"),
            ("delete", "Remove roles"),
            ("assign", "Give roles to administrators"),
        ],
    ),
    (
        "permission",
        Category::Users,
        &[
            ("read", "See permissions"),
            ("grant", "Grant permissions to roles"),
        ],
    ),
    (
        "session",
        Category::Users,
        &[
            ("read", "See who is signed in"),
            ("revoke", "Sign administrators out"),
        ],
    ),
    (
        "tenant",
        Category::Tenants,
        &[
            ("read", "See tenants"),
            ("create", "Add tenants"),
            ("update", "Change tenants"),
            ("suspend", "Suspend tenants and let them in again"),
            ("delete", "Remove tenants"),
            ("export", "Export a tenant's data"),
        ],
    ),
    (
        "plan",
        Category::Billing,
        &[
            ("read", "See plans"),
            ("create", "Add plans"),
            ("update", "Change plans"),
            ("delete", "Remove plans"),
        ],
    ),
    (
        "subscription",
        Category::Billing,
        &[
            ("read", "See subscriptions"),
            ("create", "Subscribe tenants to plans"),
            ("update", "Change subscriptions"),
            ("cancel", "Cancel subscriptions"),
        ],
    ),
    (
        "invoice",
        Category::Billing,
        &[("read", "See invoices"), ("refund", "Refund invoices")],
    ),
    (
        "health",
        Category::Monitoring,
        &[("read", "See how the house does")],
    ),
    ("metrics", Category::Monitoring, &[("read", "See figures")]),
    (
        "alert",
        Category::Monitoring,
        &[("read", "See alerts"), ("silence", "Silence alerts")],
    ),
    (
        "audit",
        Category::System,
        &[
            ("read", "See who changed what"),
            ("export", "Export who changed what"),
        ],
    ),
    (
        "setting",
        Category::System,
        &[("read", "See settings"), ("update", "Change settings")],
    ),
    (
        "migration",
        Category::System,
        &[("run", "Migrate databases")],
    ),
];

pub(super) fn seed() -> Seed<Permission> {
    Seed::reference("permissions")
        .key(&["resource", "action"])
        .pruning()
        .rows(|_| Ok(all().iter().map(Row::new).collect()))
}

fn all() -> Vec<Permission> {
    let permissions = ALL.iter().flat_map(|(resource, category, actions)| {
        let one = |(action, description): &(&str, &str)| Permission {
            resource: (*resource).into(),
            action: (*action).into(),
            category: *category,
            description: (*description).into(),
            is_active: true,
        };
        actions.iter().map(one)
    });
    permissions.collect()
}
