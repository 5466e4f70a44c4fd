//! The audit trail of admin-server: an entry for each change that was made, with names and no values.

use models::admin_server::Admin;
use mongoplex::{Database, audit::Entry, bson::doc};
use serde_json::{Value, json};

use super::{Full, Sample, table};
use crate::house::send;

/// A request's line, headers and body, and the status that it gets.
type Attempt<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str, u16);

fn admins() -> impl Iterator<Item = Sample> {
    let own = |sample: &Sample| sample.path.starts_with("/api/v1/admin/");
    table::all().into_iter().filter(own)
}

fn trail(sample: &Sample) -> &'static str {
    match sample.collection {
        "token_blacklist" => "/api/v1/admin/token-blacklist-audit",
        "plans" | "subscriptions" => "/api/v1/admin/customer-audit",
        _ => "/api/v1/admin/audit",
    }
}

async fn entries(full: &Full, sample: &Sample) -> Vec<Value> {
    let line = format!(
        "GET {}?collection={}&limit=100",
        trail(sample),
        sample.collection
    );
    let listed = send(&full.admin, &line, &[], "").await;
    assert_eq!(listed.status, 200, "{listed:?}");
    listed.body["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn each_change_leaves_one_entry_with_names_and_no_values() {
    let full = Full::new("resources_trail").await;

    for sample in admins() {
        let created = full.create(&sample, 1).await;
        let location = created.header("location");
        let (field, value, _) = &sample.field;
        let body = json!({ *field: value }).to_string();
        let patch = format!("PATCH {location}");
        let match_first = [
            ("if-match", "\"1\""),
            ("x-actor", "canary"),
            ("authorization", "canary"),
        ];
        full.send(&sample, &patch, &match_first, &body).await;
        let mut expected = vec!["create", "change", "delete"];
        let mut lines = vec![format!("DELETE {location}")];
        if sample.soft {
            expected.extend(["restore", "delete", "purge"]);
            lines.push(format!("POST {location}/restore"));
            lines.push(format!("DELETE {location}"));
            lines.push(format!("DELETE {location}?purge=true"));
        }
        for line in lines {
            let answer = full.send(&sample, &line, &[], "").await;
            assert!(answer.status.is_success(), "{line}: {answer:?}");
        }

        let found = entries(&full, &sample).await;

        let actions: Vec<&str> = found
            .iter()
            .map(|e| e["action"].as_str().unwrap())
            .collect();
        assert_eq!(actions, expected, "{}", sample.path);
        for entry in &found {
            assert_eq!(entry["actor"], "development");
            assert_eq!(entry["document"], created.body["id"]);
            assert_eq!(entry.as_object().unwrap().len(), 7, "{entry}");
        }
        for name in (sample.body)(1).as_object().unwrap().keys() {
            let fields = found[0]["fields"].as_array().unwrap();
            assert!(fields.contains(&json!(name)), "{name}: {fields:?}");
        }
        assert_eq!(found[1]["fields"], json!([field]));
        assert_eq!(found[2]["fields"], json!([]));
    }
    full.close().await;
}

#[tokio::test]
async fn an_entry_holds_no_value_of_a_document() {
    let full = Full::new("resources_trail_values").await;
    let body = r#"{"email":"canary@example.org","firstName":"Canary","lastName":"Canary","role":"viewer","password":"canary-canary"}"#;
    let created = send(&full.admin, "POST /api/v1/admin/users", &[], body).await;
    assert_eq!(created.status, 201, "{created:?}");

    let listed = send(&full.admin, "GET /api/v1/admin/audit", &[], "").await;

    let text = listed.body.to_string();
    assert!(text.contains("passwordHash"), "the name stands there");
    assert!(!text.to_lowercase().contains("canary"), "{text}");
    assert!(!text.contains("argon2"), "{text}");
    full.close().await;
}

#[tokio::test]
async fn what_was_not_made_leaves_no_entry() {
    let full = Full::new("resources_trail_failed").await;

    for sample in admins() {
        let location = full.create(&sample, 1).await.header("location").to_owned();
        let whole = (sample.body)(1).to_string();
        let mut bad = (sample.body)(2);
        bad[sample.field.0] = sample.field.2.clone();
        let post = format!("POST {}", sample.path);
        let (patch, absent) = (
            format!("PATCH {location}"),
            format!("DELETE {}/{}", sample.path, table::id(0)),
        );
        let changed = json!({ sample.field.0: sample.field.1 }).to_string();
        let (first, seventh) = ([("if-match", "\"1\"")], [("if-match", "\"7\"")]);
        let requests: [Attempt<'_>; 6] = [
            (&post, &[], &whole, 409),
            (&post, &[], &bad.to_string(), 400),
            (&patch, &seventh, &changed, 412),
            (&patch, &[], &changed, 428),
            (&absent, &[], "", 404),
            // A change that changes nothing.
            (&patch, &first, "{}", 200),
        ];
        for (line, headers, body, status) in requests {
            let answer = full.send(&sample, line, headers, body).await;
            assert_eq!(answer.status, status, "{line}: {answer:?}");
        }

        assert_eq!(entries(&full, &sample).await.len(), 1, "{}", sample.path);
    }
    full.close().await;
}

#[tokio::test]
async fn without_its_entry_nothing_is_changed() {
    let full = Full::new("resources_trail_atomic").await;
    // A validator that no entry passes: the change is made, its entry is refused, both are undone.
    let outside = full.house.outside(&full.house.names.name("admin")).await;
    let refuse = doc! { "collMod": "audit_entries", "validator": { "never": true } };
    outside.run_command(refuse).await.unwrap();

    let of_admin = ["users", "roles", "permissions", "settings"];
    for sample in admins().filter(|sample| of_admin.contains(&sample.collection)) {
        let line = format!("POST {}", sample.path);
        let body = (sample.body)(1).to_string();
        let answer = full.send(&sample, &line, &[], &body).await;
        assert_eq!(answer.status, 500, "no fault of the client's: {answer:?}");
        let stored = outside.collection::<mongoplex::bson::Document>(sample.collection);
        assert_eq!(stored.count_documents(doc! {}).await.unwrap(), 0);
    }
    full.close().await;
}

#[tokio::test]
async fn a_trail_that_is_off_holds_nothing_and_changes_go_on() {
    let full = Full::with("resources_trail_off", &[("ENABLE_AUDIT_TRAIL", "false")]).await;

    for sample in admins() {
        let location = full.create(&sample, 1).await.header("location").to_owned();
        let deleted = full
            .send(&sample, &format!("DELETE {location}"), &[], "")
            .await;
        assert_eq!(deleted.status, 204, "{deleted:?}");
        assert_eq!(entries(&full, &sample).await, Vec::<Value>::new());
    }
    let admin: Database<Admin> = full.house.admin();
    let entries = admin.collection::<Entry>().count_documents(doc! {}).await;
    assert_eq!(entries.unwrap(), 0);
    full.close().await;
}

#[tokio::test]
async fn no_route_changes_an_entry() {
    let full = Full::new("resources_trail_routes").await;
    for sample in admins() {
        full.create(&sample, 1).await;
        let entry = entries(&full, &sample).await.remove(0);
        let path = trail(&sample);
        let one = format!("{path}/{}", entry["id"].as_str().unwrap());
        for line in [
            format!("POST {path}"),
            format!("DELETE {path}"),
            format!("PATCH {one}"),
            format!("PUT {one}"),
            format!("DELETE {one}"),
            format!("POST {one}"),
        ] {
            let answer = send(&full.admin, &line, &[("if-match", "\"1\"")], "{}").await;
            assert_eq!(answer.status, 405, "{line}: {answer:?}");
        }
        let restore = format!("POST {one}/restore");
        assert_eq!(send(&full.admin, &restore, &[], "").await.status, 404);
        let read = send(&full.admin, &format!("GET {one}"), &[], "").await;
        assert_eq!(read.body, entry);
    }
    full.close().await;
}
