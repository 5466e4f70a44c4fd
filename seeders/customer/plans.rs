//! The plans that tenants subscribe to. A price that people changed stays.

use models::customer_services::Plan;
use mongoplex::seed::{Changed, Row, Seed};

/// Code, name, and cents a month.
const ALL: &[(&str, &str, i64)] = &[
    ("free", "Free", 0),
    ("starter", "Starter", 2_900),
    ("professional", "Professional", 9_900),
    ("business", "Business", 29_900),
    ("enterprise", "Enterprise", 99_900),
];

pub(super) fn seed() -> Seed<Plan> {
    let rows = ALL.iter().map(|(code, name, monthly_price)| Plan {
        code: (*code).into(),
        name: (*name).into(),
        monthly_price: *monthly_price,
    });
    let rows: Vec<Row> = rows.map(|plan| Row::new(&plan)).collect();
    Seed::reference("plans")
        .key(&["code"])
        .changed(Changed::Keep)
        .rows(move |_| Ok(rows.clone()))
}
