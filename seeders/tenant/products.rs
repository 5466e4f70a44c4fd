//! What a demo tenant sells.

use models::customer_services::Product;
use mongoplex::seed::{Row, Seed};

/// Number, name, category, cents, and how many are there.
const ALL: &[(&str, &str, &str, i64, i64)] = &[
    ("DEMO-DAY", "Consultant's day", "services", 140_000, 0),
    (
        "DEMO-WORKSHOP",
        "Workshop, two days",
        "services",
        390_000,
        0,
    ),
    ("DEMO-AUDIT", "Process audit", "services", 890_000, 0),
    ("DEMO-HANDBOOK", "Handbook of change", "print", 4_900, 120),
    ("DEMO-CARDS", "Method cards", "print", 2_900, 0),
    (
        "DEMO-LICENCE",
        "Planning tool, a seat and year",
        "software",
        24_000,
        1_000,
    ),
];

pub(super) fn seed() -> Seed<Product> {
    let product = |(sku, name, category, price, stock): &(&str, &str, &str, i64, i64)| Product {
        sku: (*sku).into(),
        name: (*name).into(),
        description: None,
        category: Some((*category).into()),
        price: *price,
        tax_percent: 20.0,
        stock_quantity: *stock,
        is_active: true,
    };
    let rows: Vec<Row> = ALL
        .iter()
        .map(product)
        .map(|product| Row::new(&product))
        .collect();
    Seed::demo("products")
        .key(&["sku"])
        .rows(move |_| Ok(rows.clone()))
}
