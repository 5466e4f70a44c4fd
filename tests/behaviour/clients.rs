//! customer-services from the outside: one document there and back, and everything that can be
//! wrong with a request.

use mongoplex::bson::{Document, doc};
use serde_json::json;

use crate::house::{House, send};

const ACME: (&str, &str) = ("x-tenant-id", "acme");

#[tokio::test]
async fn a_client_is_created_read_changed_listed_and_deleted() {
    let house = House::new("clients_crud").await;
    house.tenant("acme").await;
    let server = house.clients_server();

    let created = send(
        &server,
        "POST /api/v1/clients",
        &[ACME],
        r#"{"clientCode":"C-1","companyName":"Acme Ltd"}"#,
    )
    .await;
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(created.header("etag"), "\"1\"");
    let location = created.header("location").to_owned();
    assert_eq!(created.body["version"], 1);
    assert_eq!(created.body["clientCode"], "C-1");
    assert_eq!(
        location,
        format!("/api/v1/clients/{}", created.body["id"].as_str().unwrap())
    );

    let read = send(&server, &format!("GET {location}"), &[ACME], "").await;
    assert_eq!((read.status.as_u16(), &read.body), (200, &created.body));

    let changed = send(
        &server,
        &format!("PATCH {location}"),
        &[ACME, ("if-match", "\"1\"")],
        r#"{"status":"active","tier":"mid_market"}"#,
    )
    .await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(changed.header("etag"), "\"2\"");
    assert_eq!(changed.body["status"], "active");
    assert_eq!(changed.body["companyName"], "Acme Ltd");

    let replaced = send(
        &server,
        &format!("PUT {location}"),
        &[ACME, ("if-match", "\"2\"")],
        r#"{"clientCode":"C-1","companyName":"New"}"#,
    )
    .await;
    assert_eq!(replaced.status, 200, "{replaced:?}");
    assert_eq!(replaced.body["tier"], json!(null));
    assert_eq!(replaced.body["status"], "prospect");

    let listed = send(&server, "GET /api/v1/clients", &[ACME], "").await;
    assert_eq!(
        listed.body,
        json!({ "items": [replaced.body], "nextCursor": null })
    );

    let deleted = send(&server, &format!("DELETE {location}"), &[ACME], "").await;
    assert_eq!(deleted.status, 204);
    let gone = send(&server, &format!("GET {location}"), &[ACME], "").await;
    assert_eq!(gone.status, 404);
    house.close().await;
}

#[tokio::test]
async fn a_client_is_in_its_tenants_database_and_nowhere_else() {
    let house = House::new("clients_place").await;
    house.tenant("acme").await;
    house.tenant("globex").await;
    let server = house.clients_server();

    let created = send(
        &server,
        "POST /api/v1/clients",
        &[ACME],
        r#"{"clientCode":"C-1","companyName":"Acme Ltd"}"#,
    )
    .await;
    assert_eq!(created.status, 201);

    let mut found = Vec::new();
    for database in house.names.existing().await {
        let outside = house.outside(&database).await;
        for collection in outside.list_collection_names().await.unwrap() {
            let handle = outside.collection::<Document>(&collection);
            if handle
                .count_documents(doc! { "clientCode": "C-1" })
                .await
                .unwrap()
                > 0
            {
                found.push(format!("{database}.{collection}"));
            }
        }
    }
    assert_eq!(
        found,
        [format!("{}__acme.clients", house.names.name("customer"))]
    );

    let other = send(
        &server,
        "GET /api/v1/clients",
        &[("x-tenant-id", "globex")],
        "",
    )
    .await;
    assert_eq!(other.body["items"], json!([]));
    house.close().await;
}

#[tokio::test]
async fn a_code_is_unique_within_its_tenant_only() {
    let house = House::new("clients_unique").await;
    house.tenant("acme").await;
    house.tenant("globex").await;
    let server = house.clients_server();
    let body = r#"{"clientCode":"C-1","companyName":"canary"}"#;

    for (tenant, status) in [("acme", 201), ("globex", 201), ("acme", 409)] {
        let answer = send(
            &server,
            "POST /api/v1/clients",
            &[("x-tenant-id", tenant)],
            body,
        )
        .await;
        assert_eq!(answer.status, status, "{answer:?}");
        if status == 409 {
            assert_eq!(answer.body["fields"], json!(["clientCode"]));
            assert_eq!(answer.header("content-type"), "application/problem+json");
            assert_eq!(answer.body["requestId"], answer.header("x-request-id"));
            assert!(
                !answer.body.to_string().contains("C-1"),
                "no value of a document in an error"
            );
        }
    }
    house.close().await;
}

#[tokio::test]
async fn a_change_needs_the_version_that_was_read() {
    let house = House::new("clients_version").await;
    house.tenant("acme").await;
    let server = house.clients_server();
    let created = send(
        &server,
        "POST /api/v1/clients",
        &[ACME],
        r#"{"clientCode":"C-1","companyName":"A"}"#,
    )
    .await;
    let line = format!("PATCH {}", created.header("location"));
    let body = r#"{"companyName":"B"}"#;

    assert_eq!(send(&server, &line, &[ACME], body).await.status, 428);
    assert_eq!(
        send(&server, &line, &[ACME, ("if-match", "1")], body)
            .await
            .status,
        400
    );
    assert_eq!(
        send(&server, &line, &[ACME, ("if-match", "\"7\"")], body)
            .await
            .status,
        412
    );
    assert_eq!(
        send(&server, &line, &[ACME, ("if-match", "\"1\"")], body)
            .await
            .status,
        200
    );
    assert_eq!(
        send(&server, &line, &[ACME, ("if-match", "\"1\"")], body)
            .await
            .status,
        412
    );
    let null = send(
        &server,
        &line,
        &[ACME, ("if-match", "\"2\"")],
        r#"{"tier":null}"#,
    )
    .await;
    assert_eq!(null.status, 200, "null drops a field: {null:?}");
    assert_eq!(
        null.header("etag"),
        "\"2\"",
        "there was none, so nothing changed"
    );
    let delete = line.replace("PATCH", "DELETE");
    assert_eq!(
        send(&server, &delete, &[ACME, ("if-match", "\"1\"")], "")
            .await
            .status,
        412
    );
    assert_eq!(
        send(&server, &delete, &[ACME, ("if-match", "\"2\"")], "")
            .await
            .status,
        204
    );
    assert_eq!(
        send(&server, &delete, &[ACME, ("if-match", "\"2\"")], "")
            .await
            .status,
        404
    );
    let absent = "PATCH /api/v1/clients/000000000000000000000000";
    assert_eq!(
        send(&server, absent, &[ACME, ("if-match", "\"1\"")], body)
            .await
            .status,
        404
    );
    house.close().await;
}

#[tokio::test]
async fn of_many_changes_to_one_version_one_is_made() {
    let house = House::new("clients_race").await;
    house.tenant("acme").await;
    let server = house.clients_server();
    let created = send(
        &server,
        "POST /api/v1/clients",
        &[ACME],
        r#"{"clientCode":"C-1","companyName":"A"}"#,
    )
    .await;
    let line = format!("PATCH {}", created.header("location"));

    for version in 1..=5 {
        let tag = format!("\"{version}\"");
        let headers = [ACME, ("if-match", tag.as_str())];
        let bodies: Vec<_> = (0..8)
            .map(|n| format!(r#"{{"companyName":"B {version} {n}"}}"#))
            .collect();
        let changes = bodies
            .iter()
            .map(|body| send(&server, &line, &headers, body));
        let answers = futures_util::future::join_all(changes).await;
        let made = answers.iter().filter(|answer| answer.status == 200).count();
        let stale = answers.iter().filter(|answer| answer.status == 412).count();
        assert_eq!((made, stale), (1, 7));
    }
    house.close().await;
}

#[tokio::test]
async fn bad_input_is_a_400_and_never_a_500() {
    let house = House::new("clients_bad").await;
    house.tenant("acme").await;
    let server = house.clients_server();
    let bodies = [
        "",
        "{",
        "null",
        "[]",
        "\"text\"",
        "{}",
        r#"{"clientCode":"C-1"}"#,
        r#"{"clientCode":"C-1","companyName":{"$gt":""}}"#,
        r#"{"clientCode":{"$ne":null},"companyName":"A"}"#,
        r#"{"clientCode":"C-1","companyName":"A","$where":"1"}"#,
        r#"{"clientCode":"C-1","companyName":"A","version":7}"#,
        r#"{"clientCode":"C-1","companyName":"A","id":"000000000000000000000000"}"#,
        r#"{"clientCode":"C-1","companyName":"A","status":"unheard-of"}"#,
        r#"{"clientCode":"C-1","companyName":"A","addresses":[{"label":"L","street":"S","city":"C","country":"CH","$set":1}]}"#,
        r#"{"clientCode":"C 1","companyName":"A"}"#,
        r#"{"clientCode":"","companyName":"A"}"#,
        r#"{"clientCode":"C-1","companyName":""}"#,
        r#"{"clientCode":"C-1","companyName":"A","clientCode":"C-2"}"#,
        "{\"clientCode\":\"C-\u{0}\",\"companyName\":\"A\"}",
    ];
    for body in bodies {
        let answer = send(
            &server,
            "POST /api/v1/clients",
            &[ACME, ("content-type", "application/json")],
            body,
        )
        .await;
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(
        send(&server, "POST /api/v1/clients", &[ACME], &deep)
            .await
            .status,
        400
    );
    let large = format!(
        r#"{{"clientCode":"C-1","companyName":"{}"}}"#,
        "x".repeat(2 << 20)
    );
    assert_eq!(
        send(&server, "POST /api/v1/clients", &[ACME], &large)
            .await
            .status,
        413
    );
    assert_eq!(
        send(
            &server,
            "POST /api/v1/clients",
            &[ACME, ("content-type", "text/plain")],
            "{}"
        )
        .await
        .status,
        415
    );

    for path in [
        "x",
        "%00",
        "0000000000000000000000000",
        "{\"$gt\":\"\"}",
        "..%2f..",
    ] {
        let path = path.replace(['{', '}', '"', '$'], "x");
        let answer = send(&server, &format!("GET /api/v1/clients/{path}"), &[ACME], "").await;
        assert_eq!(answer.status, 400, "{path}: {answer:?}");
    }
    for query in [
        "limit=0",
        "limit=x",
        "limit=-1",
        "after=x",
        "unknown=1",
        "limit=1.5",
        "after[$gt]=1",
    ] {
        let answer = send(
            &server,
            &format!("GET /api/v1/clients?{query}"),
            &[ACME],
            "",
        )
        .await;
        assert_eq!(answer.status, 400, "{query}: {answer:?}");
    }
    assert_eq!(
        send(&server, "GET /api/v1/nothing", &[ACME], "")
            .await
            .status,
        404
    );
    assert_eq!(
        send(&server, "DELETE /api/v1/clients", &[ACME], "")
            .await
            .status,
        405
    );
    house.close().await;
}

#[tokio::test]
async fn a_validators_refusal_names_the_fields_and_no_value() {
    let house = House::new("clients_invalid").await;
    house.tenant("acme").await;
    let server = house.clients_server();

    let answer = send(
        &server,
        "POST /api/v1/clients",
        &[ACME],
        r#"{"clientCode":"canary canary","companyName":""}"#,
    )
    .await;

    assert_eq!(answer.status, 400);
    assert_eq!(answer.body["fields"], json!(["clientCode", "companyName"]));
    assert!(!answer.body.to_string().contains("canary"));
    house.close().await;
}

#[tokio::test]
async fn a_request_without_a_good_tenant_reaches_no_database() {
    let house = House::new("clients_tenant").await;
    let server = house.clients_server();
    let before = house.names.existing().await;
    let body = r#"{"clientCode":"C-1","companyName":"A"}"#;

    let cases: [(&[(&str, &str)], u16); 6] = [
        (&[], 400),
        (&[("x-tenant-id", "")], 400),
        (&[("x-tenant-id", "Acme")], 400),
        (&[("x-tenant-id", "a/../b")], 400),
        (&[("x-tenant-id", "acme"), ("x-tenant-id", "globex")], 400),
        (&[("x-tenant-id", "amce")], 404),
    ];
    for (headers, status) in cases {
        let answer = send(&server, "POST /api/v1/clients", headers, body).await;
        assert_eq!(answer.status, status, "{headers:?}: {answer:?}");
    }

    assert_eq!(
        house.names.existing().await,
        before,
        "a mistyped tenant makes no database"
    );
    house.close().await;
}

#[tokio::test]
async fn pages_hold_every_client_once_under_inserts() {
    let house = House::new("clients_pages").await;
    house.tenant("acme").await;
    let server = house.clients_server();
    let add = async |number: usize| {
        let body = format!(r#"{{"clientCode":"C-{number}","companyName":"A"}}"#);
        send(&server, "POST /api/v1/clients", &[ACME], &body)
            .await
            .body["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let mut before = Vec::new();
    for number in 0..105 {
        before.push(add(number).await);
    }

    let (mut seen, mut cursor, mut number) = (Vec::new(), String::new(), 1000);
    loop {
        let page = send(
            &server,
            &format!("GET /api/v1/clients?limit=30{cursor}"),
            &[ACME],
            "",
        )
        .await;
        let items = page.body["items"].as_array().unwrap();
        seen.extend(
            items
                .iter()
                .map(|item| item["id"].as_str().unwrap().to_owned()),
        );
        number += 1;
        if number < 1003 {
            add(number).await;
        }
        let Some(next) = page.body["nextCursor"].as_str() else {
            break;
        };
        cursor = format!("&after={next}");
    }
    assert!(before.iter().all(|id| seen.contains(id)));
    let mut once = seen.clone();
    once.dedup();
    assert_eq!(once, seen);

    // However large: also what is at or past the end of 32 and 64 bits.
    for limit in ["1000", "4294967295", "4294967296", "18446744073709551616"] {
        let line = format!("GET /api/v1/clients?limit={limit}");
        let capped = send(&server, &line, &[ACME], "").await;
        let items = capped.body["items"].as_array();
        assert_eq!(items.map(Vec::len), Some(100), "{limit}: a page is capped");
        let goes_on = capped.body["nextCursor"].is_string();
        assert!(goes_on, "{limit}: and says that it goes on");
    }
    house.close().await;
}
