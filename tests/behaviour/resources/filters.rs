//! Filters of each operator on each type, against what they must find.

use serde_json::{Value, json};

use super::{ACME, Full, table::id};
use crate::house::send;

/// Creates documents, then asserts which numbers each query finds.
async fn assert_found(
    full: &Full,
    path: &str,
    body: fn(usize) -> Value,
    cases: &[(&str, &[usize])],
) {
    let mut made = Vec::new();
    for number in 0..6 {
        let body = body(number).to_string();
        let created = send(&full.customer, &format!("POST {path}"), &[ACME], &body).await;
        assert_eq!(created.status, 201, "{created:?}");
        made.push(created.body["id"].clone());
    }
    for (query, expected) in cases {
        let query = query.replace(' ', "%20");
        let line = format!("GET {path}?count=true&{query}");
        let listed = send(&full.customer, &line, &[ACME], "").await;
        assert_eq!(listed.status, 200, "{line}: {listed:?}");
        let items = listed.body["items"].as_array().unwrap();
        let number = |item: &Value| made.iter().position(|id| *id == item["id"]).unwrap();
        let found: Vec<usize> = items.iter().map(number).collect();
        assert_eq!(&found, expected, "{query}");
        assert_eq!(listed.body["total"], json!(expected.len()), "{query}");
    }
}

#[tokio::test]
async fn texts_numbers_and_flags_are_compared_as_what_they_are() {
    let full = Full::new("resources_filters").await;
    let product = |n: usize| {
        let mut product = json!({
            "sku": format!("S-{n}"), "name": format!("Tea {n}"), "price": n * 9,
            "taxPercent": n as f64 * 1.5, "isActive": n.is_multiple_of(2),
        });
        if n < 2 {
            product["category"] = json!("drinks");
        }
        product
    };

    let cases: [(&str, &[usize]); 24] = [
        ("name=Tea 3", &[3]),
        ("name=tea 3", &[]),
        ("name.eq=Tea 3", &[3]),
        ("name.ne=Tea 3", &[0, 1, 2, 4, 5]),
        ("name.gt=Tea 3", &[4, 5]),
        ("name.lte=Tea 1", &[0, 1]),
        ("name.in=Tea 1,Tea 4,none", &[1, 4]),
        ("name.prefix=Tea", &[0, 1, 2, 3, 4, 5]),
        ("name.prefix=Tea 5", &[5]),
        ("name.prefix=ea", &[]),
        ("category=drinks", &[0, 1]),
        ("category.exists=true", &[0, 1]),
        ("category.exists=false", &[2, 3, 4, 5]),
        ("category.ne=drinks", &[2, 3, 4, 5]),
        ("price=18", &[2]),
        // As numbers: as texts 9 would be more than 18.
        ("price.gt=9&price.lt=36", &[2, 3]),
        ("price.in=0,45", &[0, 5]),
        ("taxPercent.gte=4.5", &[3, 4, 5]),
        ("taxPercent=3", &[2]),
        ("isActive=true", &[0, 2, 4]),
        ("isActive.ne=true&price.gte=9", &[1, 3, 5]),
        ("stockQuantity=0&sku=S-1", &[1]),
        ("version=1&price.lte=9&sort=price", &[0, 1]),
        ("sort=-price&price.gte=27", &[5, 4, 3]),
    ];
    assert_found(&full, "/api/v1/products", product, &cases).await;
    full.close().await;
}

#[tokio::test]
async fn dates_ids_and_enumerations_are_compared_as_what_they_are() {
    let full = Full::new("resources_filters_typed").await;
    let project = |n: usize| {
        let types = ["strategy", "support"];
        let mut project = json!({
            "code": format!("P-{n}"), "name": "P", "clientId": id(n % 3), "type": types[n % 2],
        });
        if n > 0 {
            project["dueAt"] = json!(format!("2026-01-{:02}T00:00:00Z", n * 5));
        }
        project
    };

    let third = format!("clientId={}", id(2));
    let two = format!("clientId.in={},{}", id(0), id(2));
    let none = format!("clientId.gt={}", id(2));
    let cases: [(&str, &[usize]); 13] = [
        (&third, &[2, 5]),
        (&two, &[0, 2, 3, 5]),
        (&none, &[]),
        ("dueAt=2026-01-10T00:00:00Z", &[2]),
        // The same moment in another place.
        ("dueAt=2026-01-10T02:00:00%2B02:00", &[2]),
        ("dueAt.gte=2026-01-15T00:00:00Z", &[3, 4, 5]),
        (
            "dueAt.gt=2026-01-05T00:00:00Z&dueAt.lt=2026-01-20T00:00:00Z",
            &[2, 3],
        ),
        ("dueAt.exists=false", &[0]),
        ("type=support", &[1, 3, 5]),
        ("type.ne=support&dueAt.exists=true", &[2, 4]),
        ("status.in=draft,active&type=strategy", &[0, 2, 4]),
        ("createdAt.gt=2026-01-01T00:00:00Z&code=P-4", &[4]),
        ("updatedAt.lt=2026-01-01T00:00:00Z", &[]),
    ];
    assert_found(&full, "/api/v1/projects", project, &cases).await;
    full.close().await;
}

#[tokio::test]
async fn a_parameter_that_cannot_be_meant_is_a_400_that_names_it() {
    let full = Full::new("resources_filters_bad").await;
    for (path, query, named) in [
        ("products", "price=cheap", "price"),
        ("products", "price.gt=1.5", "price.gt"),
        ("products", "price.prefix=1", "price.prefix"),
        ("products", "price.near=1", "price.near"),
        ("products", "isActive=yes", "isActive"),
        ("products", "category.exists=1", "category.exists"),
        ("products", "taxPercent.in=1,x", "taxPercent.in"),
        ("products", "description=x", "description"),
        ("products", "sku=a&sku=b", "sku"),
        ("products", "sku=a&sku.eq=b", "sku.eq"),
        ("products", "deleted=maybe", "deleted"),
        ("products", "count=2", "count"),
        ("products", "sort=description", "sort"),
        ("client-notes", "deleted=true", "deleted"),
        ("projects", "status=unheard_of", "status"),
        ("projects", "status.in=draft,unheard_of", "status.in"),
        ("projects", "clientId=acme", "clientId"),
        ("projects", "dueAt=tomorrow", "dueAt"),
        ("projects", "dueAt.lt=2026-01-01", "dueAt.lt"),
        ("projects", "id=1", "id"),
        ("projects", "version=one", "version"),
    ] {
        let line = format!("GET /api/v1/{path}?{query}");
        let answer = send(&full.customer, &line, &[ACME], "").await;
        assert_eq!(answer.status, 400, "{line}: {answer:?}");
        assert_eq!(answer.body["fields"], json!([named]), "{line}");
    }
    full.close().await;
}
