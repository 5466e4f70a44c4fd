//! Many products, drawn: three tenths of a tenant's volume.

use models::customer_services::Product;
use mongoplex::seed::{Draw, Row, Seed};

const CATEGORIES: [&str; 6] = [
    "services", "print", "software", "training", "hardware", "travel",
];

pub(super) fn seed() -> Seed<Product> {
    Seed::volume("many-products").key(&["sku"]).drawn(3, row)
}

fn row(draw: &mut Draw<'_>) -> Row {
    let number = draw.index();
    Row::new(&Product {
        sku: format!("V{number:08}"),
        name: format!("Product {number}"),
        description: None,
        category: Some((*draw.one_of(&CATEGORIES)).into()),
        price: draw.between(100..=500_000),
        tax_percent: *draw.one_of(&[0.0, 7.0, 19.0, 20.0]),
        stock_quantity: draw.between(0..=1_000),
        is_active: draw.between(1..=10) > 1,
    })
}
