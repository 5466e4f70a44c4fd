//! The work of a demo tenant. Each project belongs to a client, who is looked up in the database.

use models::customer_services::{Client, Project};
use mongoplex::{
    bson::{DateTime, doc},
    seed::{Row, Seed, by_key},
};

/// Code, name, client, kind, urgency, stage, and thousands of euros.
type Known = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    i64,
);

const ALL: &[Known] = &[
    (
        "DEMO-P1",
        "Grid strategy 2030",
        "DEMO-NORDLICHT",
        "strategy",
        "high",
        "active",
        180,
    ),
    (
        "DEMO-P2",
        "Outage reporting",
        "DEMO-NORDLICHT",
        "implementation",
        "medium",
        "on_hold",
        95,
    ),
    (
        "DEMO-P3",
        "Warehouse move",
        "DEMO-ALPINA",
        "transformation",
        "critical",
        "active",
        240,
    ),
    (
        "DEMO-P4",
        "Risk review",
        "DEMO-MERIDIAN",
        "assessment",
        "medium",
        "completed",
        60,
    ),
    (
        "DEMO-P5",
        "Core banking support",
        "DEMO-MERIDIAN",
        "support",
        "low",
        "approved",
        120,
    ),
    (
        "DEMO-P6",
        "First talk",
        "DEMO-PAPERBOAT",
        "assessment",
        "low",
        "draft",
        5,
    ),
];

/// When all begin, 2025-03-03, and how long they take: 26 weeks.
const BEGIN: i64 = 1_740_960_000_000;
const LENGTH: i64 = 26 * 7 * 86_400_000;

pub(super) fn seed() -> Seed<Project> {
    let rows: Vec<Row> = ALL.iter().map(row).collect();
    Seed::demo("projects")
        .key(&["code"])
        .after("clients")
        .rows(move |_| Ok(rows.clone()))
}

fn row((code, name, client, kind, priority, status, budget): &Known) -> Row {
    let project = doc! {
        "code": code, "name": name, "type": kind, "priority": priority, "status": status,
        "budget": budget * 100_000,
        "startsAt": DateTime::from_millis(BEGIN),
        "dueAt": DateTime::from_millis(BEGIN + LENGTH),
    };
    Row::new(&project).refer(
        "clientId",
        by_key::<Client>(doc! { "clientCode": client }, "_id"),
    )
}
