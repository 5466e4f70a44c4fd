//! Pages under inserts: no document twice, none missed, in every order.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use models::customer_services::{
    Client,
    client::{ClientStatus, Tier},
};
use mongoplex::bson::doc;
use serde_json::{Value, json};

use super::Full;
use crate::house::send;

const BEFORE: usize = 250;
const PAGE: usize = 7;

fn client(number: usize) -> Client {
    let tiers = [None, Some(Tier::Startup), Some(Tier::Enterprise)];
    Client {
        client_code: format!("C-{number}"),
        // Many share a name, so that the order among them is `_id`'s.
        company_name: format!("Company {:02}", number * 7 % 40),
        status: ClientStatus::Prospect,
        tier: tiers[number % 3],
        addresses: Vec::new(),
    }
}

#[tokio::test]
async fn pages_in_every_order_hold_each_document_once_while_others_come() {
    let full = Full::new("resources_pages").await;
    let orders = ["createdAt", "companyName", "tier"];

    for (number, field) in orders.into_iter().enumerate() {
        for (direction, sort) in [("a", field.to_owned()), ("d", format!("-{field}"))] {
            let tenant = format!("pages-{number}{direction}");
            let clients = full.house.tenant(&tenant).await.collection::<Client>();
            // Five batches: many share a date, and not all.
            for batch in 0..5 {
                let some = (0..BEFORE / 5).map(|number| client(batch * BEFORE / 5 + number));
                clients.insert_many(some).await.unwrap();
            }
            let before = ids(&walk(&full, &tenant, "limit=100", false).await);
            assert_eq!(before.len(), BEFORE);

            let query = format!("limit={PAGE}&sort={sort}");
            let seen = walk(&full, &tenant, &query, true).await;

            let once = ids(&seen);
            assert_eq!(once.len(), seen.len(), "{sort}: none twice");
            assert!(once.is_superset(&before), "{sort}: none missed");
            assert_sorted(&seen, field, direction == "d");
        }
    }
    full.close().await;
}

/// Reads all pages; with `adding` three documents are created while each page is read, 100 in all.
async fn walk(full: &Full, tenant: &str, query: &str, adding: bool) -> Vec<Value> {
    let (mut seen, mut cursor, mut number) = (Vec::new(), String::new(), BEFORE);
    let tenant = [("x-tenant-id", tenant)];
    loop {
        let line = format!("GET /api/v1/clients?{query}{cursor}");
        let more = if adding {
            3.min(BEFORE + 100 - number)
        } else {
            0
        };
        let bodies: Vec<String> = (number..number + more).map(body).collect();
        number += more;
        let creates = bodies
            .iter()
            .map(|body| send(&full.customer, "POST /api/v1/clients", &tenant, body));
        let (page, created) =
            tokio::join!(send(&full.customer, &line, &tenant, ""), join_all(creates));
        assert!(created.iter().all(|answer| answer.status == 201));
        let items = page.body["items"]
            .as_array()
            .unwrap_or_else(|| panic!("{page:?}"));
        seen.extend(items.iter().cloned());
        let Some(next) = page.body["nextCursor"].as_str() else {
            assert!(
                !adding || number == BEFORE + 100,
                "all were added: {number}"
            );
            return seen;
        };
        cursor = format!("&after={next}");
    }
}

/// The model has a default for what is missing in the database, where it is sorted as missing.
#[tokio::test]
async fn documents_from_before_a_field_was_there_are_in_their_pages_too() {
    let full = Full::new("resources_pages_old").await;
    let acme = full.house.tenant("acme").await;
    let outside = full.house.outside(&acme.name()).await;
    let clients = outside.collection::<mongoplex::bson::Document>("clients");
    let now = mongoplex::bson::DateTime::now();
    let old = (0..5).map(|number| {
        doc! {
            "clientCode": format!("C-{number}"), "companyName": "A",
            "version": 1_i64, "createdAt": now, "updatedAt": now,
        }
    });
    let insert = clients.insert_many(old).bypass_document_validation(true);
    insert.await.unwrap();

    for query in ["sort=status&limit=2", "sort=-status&limit=2"] {
        let seen = walk(&full, "acme", query, false).await;
        assert_eq!(ids(&seen).len(), 5, "{query}: {seen:?}");
        assert_eq!(seen.len(), 5, "{query}");
        assert_eq!(seen[0]["status"], "prospect");
    }
    full.close().await;
}

fn body(number: usize) -> String {
    let client = client(number);
    let mut body = json!({ "clientCode": client.client_code, "companyName": client.company_name });
    if let Some(tier) = client.tier {
        body["tier"] = json!(tier);
    }
    body.to_string()
}

fn ids(items: &[Value]) -> BTreeSet<String> {
    items.iter().map(|item| item["id"].to_string()).collect()
}

/// Asserts the order: a missing value is before all others, and `_id` decides among equals.
fn assert_sorted(items: &[Value], field: &str, descending: bool) {
    let key = |item: &Value| {
        let value = item[field].as_str().map(str::to_owned);
        (value, item["id"].as_str().map(str::to_owned))
    };
    let keys: Vec<_> = items.iter().map(key).collect();
    let sorted = match descending {
        true => keys.is_sorted_by(|a, b| a > b),
        false => keys.is_sorted_by(|a, b| a < b),
    };
    assert!(sorted, "{field}: {keys:?}");
}
