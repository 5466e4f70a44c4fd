//! Many clients, drawn: a fifth of a tenant's volume.

use models::customer_services::{
    Client,
    client::{Address, ClientStatus, Tier},
};
use mongoplex::seed::{Draw, Row, Seed};

const FIRST: [&str; 12] = [
    "Amber", "Birch", "Cobalt", "Delta", "Ember", "Fjord", "Granite", "Harbour", "Iris", "Juniper",
    "Kestrel", "Lumen",
];
const SECOND: [&str; 8] = [
    "Works", "Group", "Systems", "Partners", "Foods", "Energy", "Labs", "Trading",
];
const TOWNS: [(&str, &str); 6] = [
    ("Berlin", "DE"),
    ("Paris", "FR"),
    ("Madrid", "ES"),
    ("Wien", "AT"),
    ("Oslo", "NO"),
    ("Austin", "US"),
];

pub(super) fn seed() -> Seed<Client> {
    Seed::volume("many-clients")
        .key(&["clientCode"])
        .drawn(2, row)
}

fn row(draw: &mut Draw<'_>) -> Row {
    let number = draw.index();
    let (city, country) = *draw.one_of(&TOWNS);
    let address = Address {
        label: "headquarters".into(),
        street: format!("Street {}", draw.between(1..=400)),
        city: city.into(),
        postal_code: Some(draw.between(10_000..=99_999).to_string()),
        country: country.into(),
    };
    Row::new(&Client {
        client_code: format!("V{number:08}"),
        company_name: format!("{} {} {number}", draw.one_of(&FIRST), draw.one_of(&SECOND)),
        status: *draw.one_of(&[
            ClientStatus::Active,
            ClientStatus::Active,
            ClientStatus::Active,
            ClientStatus::Lead,
            ClientStatus::Prospect,
            ClientStatus::Inactive,
            ClientStatus::Churned,
        ]),
        tier: Some(*draw.one_of(&[
            Tier::Strategic,
            Tier::Enterprise,
            Tier::MidMarket,
            Tier::SmallBusiness,
            Tier::Startup,
        ])),
        addresses: vec![address],
    })
}
