//! The people of a demo tenant. Their addresses are of a domain that nobody can have.

use models::customer_services::{
    Member,
    member::{MemberRole, MemberStatus},
};
use mongoplex::{
    bson::DateTime,
    seed::{Context, Row, Seed, SeedError},
};

/// Given name, family name, role, and where the membership stands.
const ALL: &[(&str, &str, MemberRole, MemberStatus)] = &[
    ("Olivia", "Owner", MemberRole::Owner, MemberStatus::Active),
    (
        "Marcus",
        "Manager",
        MemberRole::Manager,
        MemberStatus::Active,
    ),
    ("Mina", "Keller", MemberRole::Member, MemberStatus::Active),
    ("Jonas", "Weber", MemberRole::Member, MemberStatus::Active),
    (
        "Sofia",
        "Rossi",
        MemberRole::Member,
        MemberStatus::Suspended,
    ),
    ("Gustav", "Guest", MemberRole::Guest, MemberStatus::Invited),
];

/// When they joined: 2025-01-06.
const JOINED: i64 = 1_736_121_600_000;

pub(super) fn seed() -> Seed<Member> {
    Seed::demo("members").key(&["email"]).rows(rows)
}

fn rows(context: &Context) -> Result<Vec<Row>, SeedError> {
    let tenant = context.tenant().map_or("house", |tenant| tenant.as_str());
    let row = |(first_name, last_name, role, status): &(&str, &str, MemberRole, MemberStatus)| {
        let joined = (*status != MemberStatus::Invited).then(|| DateTime::from_millis(JOINED));
        Row::new(&Member {
            email: format!("{}@{tenant}.example", first_name.to_lowercase()),
            first_name: (*first_name).into(),
            last_name: (*last_name).into(),
            role: *role,
            status: *status,
            phone: None,
            joined_at: joined,
        })
    };
    Ok(ALL.iter().map(row).collect())
}
