//! The companies that a demo tenant works for, one at each stage.

use models::customer_services::{
    Client,
    client::{Address, ClientStatus, Tier},
};
use mongoplex::seed::{Row, Seed};

/// Code, name, stage, size, and town with its country.
type Known = (
    &'static str,
    &'static str,
    ClientStatus,
    Tier,
    (&'static str, &'static str),
);

const ALL: &[Known] = &[
    (
        "DEMO-NORDLICHT",
        "Nordlicht Energie",
        ClientStatus::Active,
        Tier::Enterprise,
        ("Hamburg", "DE"),
    ),
    (
        "DEMO-ALPINA",
        "Alpina Logistik",
        ClientStatus::Active,
        Tier::MidMarket,
        ("Zürich", "CH"),
    ),
    (
        "DEMO-MERIDIAN",
        "Meridian Bank",
        ClientStatus::Active,
        Tier::Strategic,
        ("London", "GB"),
    ),
    (
        "DEMO-PAPERBOAT",
        "Paperboat Studio",
        ClientStatus::Lead,
        Tier::Startup,
        ("Lisboa", "PT"),
    ),
    (
        "DEMO-OAKFIELD",
        "Oakfield Foods",
        ClientStatus::Prospect,
        Tier::SmallBusiness,
        ("Dublin", "IE"),
    ),
    (
        "DEMO-TALLOW",
        "Tallow & Sons",
        ClientStatus::Inactive,
        Tier::SmallBusiness,
        ("Leeds", "GB"),
    ),
    (
        "DEMO-VEGA",
        "Vega Robotics",
        ClientStatus::Churned,
        Tier::Startup,
        ("Helsinki", "FI"),
    ),
];

pub(super) fn seed() -> Seed<Client> {
    let rows: Vec<Row> = ALL.iter().map(row).collect();
    Seed::demo("clients")
        .key(&["clientCode"])
        .rows(move |_| Ok(rows.clone()))
}

fn row((code, name, status, tier, (city, country)): &Known) -> Row {
    let address = Address {
        label: "headquarters".into(),
        street: "Demo Street 1".into(),
        city: (*city).into(),
        postal_code: None,
        country: (*country).into(),
    };
    Row::new(&Client {
        client_code: (*code).into(),
        company_name: (*name).into(),
        status: *status,
        tier: Some(*tier),
        addresses: vec![address],
    })
}
