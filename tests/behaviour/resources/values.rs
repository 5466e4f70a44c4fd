//! What single resources do with values: settings, passwords, numbers and dates, tokens that end.

use mongoplex::bson::{Document, doc, oid::ObjectId};
use serde_json::{Value, json};

use super::{ACME, Full, table};
use crate::house::{House, send};

#[tokio::test]
async fn a_setting_is_a_text_a_number_or_a_flag_and_stays_what_it_is() {
    let full = Full::new("resources_settings").await;
    let set = async |key: usize, value: &Value| {
        let body = json!({ "key": format!("k{key}"), "value": value }).to_string();
        send(&full.admin, "POST /api/v1/admin/settings", &[], &body).await
    };
    let good = [json!("5"), json!(5), json!(-2.5), json!(true), json!("")];
    for (key, value) in good.iter().enumerate() {
        let answer = set(key, value).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.body["value"]),
            (201, value)
        );
    }
    for value in [
        json!(null),
        json!([1]),
        json!({ "$gt": "" }),
        json!({ "a": 1 }),
    ] {
        let answer = set(9, &value).await;
        assert_eq!(answer.status, 400, "{value}: {answer:?}");
        assert_eq!(answer.body["fields"], json!(["value"]), "{answer:?}");
    }
    full.close().await;
}

#[tokio::test]
async fn a_passwords_hash_is_kept_and_never_shown_or_set() {
    let full = Full::new("resources_password").await;
    let path = "/api/v1/admin/users";
    let body = r#"{"email":"a@example.org","firstName":"A","lastName":"L","role":"admin","password":"correct horse"}"#;
    let created = send(&full.admin, &format!("POST {path}"), &[], body).await;
    assert_eq!(created.status, 201, "{created:?}");
    let location = created.header("location").to_owned();
    let raw = full.house.outside(&full.house.names.name("admin")).await;
    let hash = async || {
        let users = raw.collection::<Document>("users");
        let user = users.find_one(doc! {}).await.unwrap().unwrap();
        user.get_str("passwordHash").unwrap().to_owned()
    };
    let first = hash().await;
    assert!(first.starts_with("$argon2id$"), "{first}");

    let put = r#"{"email":"a@example.org","firstName":"B","lastName":"L","role":"admin"}"#;
    for (line, body) in [
        (format!("GET {location}"), ""),
        (format!("GET {path}"), ""),
        (format!("PATCH {location}"), r#"{"firstName":"B"}"#),
        (format!("PUT {location}"), put),
        (format!("DELETE {location}"), ""),
        (format!("POST {location}/restore"), ""),
    ] {
        let read = send(&full.admin, &format!("GET {location}"), &[], "").await;
        let version = read.header("etag").to_owned();
        let headers = [("if-match", version.as_str())];
        let headers = if version.is_empty() {
            &[][..]
        } else {
            &headers
        };
        let answer = send(&full.admin, &line, headers, body).await;
        assert!(answer.status.is_success(), "{line}: {answer:?}");
        let text = answer.body.to_string();
        assert!(
            !text.contains("assword") && !text.contains("argon2"),
            "{line}: {text}"
        );
        assert_eq!(hash().await, first, "{line} keeps the hash");
    }

    let version = send(&full.admin, &format!("GET {location}"), &[], "").await;
    let headers = [("if-match", version.header("etag"))];
    let line = format!("PATCH {location}");
    for body in [
        json!({ "passwordHash": first }),
        json!({ "passwordHash": null }),
        json!({ "password": "short" }),
        json!({ "password": null }),
        json!({ "password": { "$ne": "" } }),
    ] {
        let answer = send(&full.admin, &line, &headers, &body.to_string()).await;
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
        let field = body.as_object().unwrap().keys().next().unwrap();
        assert_eq!(answer.body["fields"], json!([field]));
    }
    let body = r#"{"password":"another horse"}"#;
    let answer = send(&full.admin, &line, &headers, body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_ne!(hash().await, first);
    full.close().await;
}

#[tokio::test]
async fn tokens_have_routes_only_where_their_database_is_and_end_by_themselves() {
    let without = House::new("resources_unshared").await;
    let line = "GET /api/v1/admin/token-blacklist";
    let absent = send(&without.admin_server(), line, &[], "").await;
    assert_eq!(absent.status, 404, "{absent:?}");
    without.close().await;

    let full = Full::new("resources_shared").await;
    let there = send(&full.admin, line, &[], "").await;
    assert_eq!(there.status, 200, "{there:?}");
    let raw = full.house.outside(&full.house.names.name("shared")).await;
    let command = doc! { "listIndexes": "token_blacklist" };
    let indexes = raw.run_command(command).await.unwrap();
    let indexes = indexes.get_document("cursor").unwrap();
    let ends = indexes
        .get_array("firstBatch")
        .unwrap()
        .iter()
        .filter_map(|index| index.as_document())
        .find(|index| index.get_str("name").unwrap() == "expiresAt_1")
        .unwrap();
    assert_eq!(ends.get("expireAfterSeconds").unwrap().to_string(), "0");
    full.close().await;
}

#[tokio::test]
async fn a_number_or_a_date_that_cannot_be_kept_is_a_400_that_names_it() {
    let full = Full::new("resources_odd_values").await;
    let product = |field: &str, value: &str| {
        format!(r#"{{"sku":"S","name":"N","price":1,"{field}":{value}}}"#)
            .replace(r#""price":1,"price""#, r#""price""#)
    };
    let note = |date: &str| {
        let id = ObjectId::new();
        format!(r#"{{"clientId":"{id}","text":"T","followUpAt":{date}}}"#)
    };
    let cases = [
        ("products", "price", product("price", "1.5")),
        ("products", "price", product("price", "9223372036854775808")),
        ("products", "price", product("price", "1e30")),
        ("products", "price", product("price", "\"1\"")),
        ("products", "taxPercent", product("taxPercent", "1e300")),
        ("client-notes", "followUpAt", note("1")),
        ("client-notes", "followUpAt", note("\"tomorrow\"")),
        (
            "client-notes",
            "followUpAt",
            note("\"2026-02-30T00:00:00Z\""),
        ),
        (
            "client-notes",
            "followUpAt",
            note(r#"{"$date":"2026-02-01T00:00:00Z"}"#),
        ),
        (
            "client-notes",
            "clientId",
            format!(
                r#"{{"clientId":{{"$oid":"{}"}},"text":"T"}}"#,
                ObjectId::new()
            ),
        ),
    ];
    for (path, field, body) in cases {
        let line = format!("POST /api/v1/{path}");
        let answer = send(&full.customer, &line, &[ACME], &body).await;
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
        assert_eq!(answer.body["fields"], json!([field]), "{body}: {answer:?}");
    }
    let line = format!("DELETE /api/v1/products/{}?purge=maybe", ObjectId::new());
    let answer = send(&full.customer, &line, &[ACME], "").await;
    assert_eq!(answer.status, 400, "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/problem+json");
    full.close().await;
}

/// Whoever reads, edits and puts back need not take out what the answer had besides.
#[tokio::test]
async fn what_was_read_may_be_put_back_with_its_id_and_stamps() {
    let full = Full::new("resources_put_back").await;
    let sample = table::all()
        .into_iter()
        .find(|one| one.collection == "clients")
        .unwrap();
    let created = full.create(&sample, 1).await;
    let put = format!("PUT {}", created.header("location"));
    let first = [("if-match", "\"1\"")];

    let mut body = created.body.clone();
    body["companyName"] = json!("Changed");
    let answer = full.send(&sample, &put, &first, &body.to_string()).await;

    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.body["companyName"], "Changed");
    let stale = full
        .send(&sample, &put, &[("if-match", "\"2\"")], &body.to_string())
        .await;
    assert_eq!(
        stale.status, 400,
        "its version is another by now: {stale:?}"
    );
    assert_eq!(stale.body["fields"], json!(["version", "updatedAt"]));
    full.close().await;
}

/// MongoDB's `$` lets a line end follow.
#[tokio::test]
async fn a_line_end_behind_a_value_passes_no_pattern() {
    let full = Full::new("resources_line_end").await;

    for sample in table::all() {
        let mut body = (sample.body)(1);
        let fields: Vec<String> = body.as_object().unwrap().keys().cloned().collect();
        for field in fields.iter().filter(|field| {
            ["email", "code", "slug", "clientCode", "sku"].contains(&field.as_str())
        }) {
            let text = format!("{}\n", body[field].as_str().unwrap());
            body[field] = json!(text);
            let line = format!("POST {}", sample.path);
            let answer = full.send(&sample, &line, &[], &body.to_string()).await;
            assert_eq!(answer.status, 400, "{} {field}: {answer:?}", sample.path);
        }
    }
    full.close().await;
}
