//! The rules of single resources: stages, dates in their order, system roles.

use models::customer_services::{Consultation, Project};
use mongoplex::{
    Model,
    bson::{Document, doc, oid::ObjectId},
};
use serde_json::json;

use super::{ACME, Full};
use crate::house::send;

const STAGES: [(&str, &[&str]); 8] = [
    ("draft", &["pending_approval", "cancelled"]),
    ("pending_approval", &["approved", "cancelled"]),
    ("approved", &["active", "cancelled"]),
    ("active", &["on_hold", "completed", "cancelled"]),
    ("on_hold", &["active", "cancelled"]),
    ("completed", &["archived"]),
    ("cancelled", &[]),
    ("archived", &[]),
];

const MOVES: [(&str, &[&str]); 8] = [
    (
        "scheduled",
        &["confirmed", "postponed", "rescheduled", "cancelled"],
    ),
    (
        "confirmed",
        &[
            "in_progress",
            "no_show",
            "postponed",
            "rescheduled",
            "cancelled",
        ],
    ),
    ("in_progress", &["completed"]),
    ("completed", &[]),
    ("cancelled", &[]),
    ("postponed", &["rescheduled", "cancelled"]),
    ("no_show", &["rescheduled", "cancelled"]),
    (
        "rescheduled",
        &["confirmed", "postponed", "rescheduled", "cancelled"],
    ),
];

#[tokio::test]
async fn a_projects_status_moves_only_along_its_stages() {
    let full = Full::new("resources_stages").await;
    let id = ObjectId::new();
    let project = doc! { "name": "P", "clientId": id, "type": "strategy", "priority": "low" };
    assert_moves::<Project>(&full, "/api/v1/projects", project, STAGES).await;
    full.close().await;
}

#[tokio::test]
async fn a_consultations_status_moves_only_as_it_may() {
    let full = Full::new("resources_moves").await;
    let (id, now) = (ObjectId::new(), mongoplex::bson::DateTime::now());
    let later = mongoplex::bson::DateTime::from_millis(now.timestamp_millis() + 1);
    let consultation = doc! {
        "consultantId": id, "clientId": id, "topic": "T", "startsAt": now, "endsAt": later, "fee": 0_i64,
    };
    assert_moves::<Consultation>(&full, "/api/v1/consultations", consultation, MOVES).await;
    full.close().await;
}

/// Tries every move from every stage, and every stage for a new one.
async fn assert_moves<M: Model>(
    full: &Full,
    path: &str,
    document: Document,
    stages: [(&str, &[&str]); 8],
) {
    let raw = full.house.names.name("customer") + "__acme";
    let raw = full
        .house
        .outside(&raw)
        .await
        .collection::<Document>(M::COLLECTION);
    for (from, next) in stages {
        for (to, _) in stages {
            let id = ObjectId::new();
            let (version, now) = (1_i64, mongoplex::bson::DateTime::now());
            let mut stored = document.clone();
            stored.extend(doc! { "_id": id, "code": id.to_hex(), "status": from });
            stored.extend(doc! { "version": version, "createdAt": now, "updatedAt": now });
            raw.insert_one(stored).await.unwrap();

            let line = format!("PATCH {path}/{id}");
            let body = json!({ "status": to }).to_string();
            let headers = [ACME, ("if-match", "\"1\"")];
            let answer = send(&full.customer, &line, &headers, &body).await;

            if from == to || next.contains(&to) {
                assert_eq!(answer.status, 200, "{from} to {to}: {answer:?}");
                assert_eq!(answer.body["status"], to);
            } else {
                assert_eq!(answer.status, 400, "{from} to {to}: {answer:?}");
                assert_eq!(answer.body["fields"], json!(["status"]));
                let rule = answer.body["detail"].as_str().unwrap();
                assert!(rule.contains(" → "), "the rule is told: {rule}");
            }
        }
        let id = ObjectId::new();
        let shown = mongoplex_server::shown(&document, &[]).unwrap();
        let mut body = serde_json::to_value(shown).unwrap();
        body["code"] = json!(id.to_hex());
        body["status"] = json!(from);
        let line = format!("POST {path}");
        let answer = send(&full.customer, &line, &[ACME], &body.to_string()).await;
        let first = from == stages[0].0;
        assert_eq!(answer.status, if first { 201 } else { 400 }, "{answer:?}");
    }
}

#[tokio::test]
async fn a_move_that_somebody_else_made_first_is_stale() {
    let full = Full::new("resources_stale_move").await;
    let body = json!({ "code": "P-1", "name": "P", "clientId": ObjectId::new().to_hex(), "type": "support" });
    let line = "POST /api/v1/projects";
    let created = send(&full.customer, line, &[ACME], &body.to_string()).await;
    let line = format!("PATCH {}", created.header("location"));
    let headers = [ACME, ("if-match", "\"1\"")];

    let moves = ["pending_approval", "cancelled"].map(|to| json!({ "status": to }).to_string());
    let (one, other) = tokio::join!(
        send(&full.customer, &line, &headers, &moves[0]),
        send(&full.customer, &line, &headers, &moves[1])
    );

    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    full.close().await;
}

#[tokio::test]
async fn dates_stand_in_their_order() {
    let full = Full::new("resources_dates").await;
    let (early, late) = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z");
    let id = ObjectId::new().to_hex();
    let cases = [
        (
            "projects",
            "dueAt",
            json!({ "code": "P", "name": "P", "clientId": id, "type": "support", "startsAt": late, "dueAt": early }),
        ),
        (
            "consultations",
            "endsAt",
            json!({ "code": "K", "consultantId": id, "clientId": id, "topic": "T", "startsAt": late, "endsAt": late }),
        ),
        (
            "subscriptions",
            "endsAt",
            json!({ "tenantId": "t", "planCode": "p", "seats": 1, "startsAt": late, "endsAt": early }),
        ),
        (
            "subscriptions",
            "trialEndsAt",
            json!({ "tenantId": "t", "planCode": "p", "seats": 1, "startsAt": late, "trialEndsAt": early }),
        ),
    ];
    for (path, field, body) in cases {
        let (server, base) = match path {
            "subscriptions" => (&full.admin, "/api/v1/admin"),
            _ => (&full.customer, "/api/v1"),
        };
        let line = format!("POST {base}/{path}");
        let answer = send(server, &line, &[ACME], &body.to_string()).await;
        assert_eq!(answer.status, 400, "{path}: {answer:?}");
        assert_eq!(answer.body["fields"], json!([field]));
    }
    full.close().await;
}

#[tokio::test]
async fn a_system_role_keeps_its_slug_and_stays_one() {
    let full = Full::new("resources_system_role").await;
    let body = json!({ "slug": "super", "name": "S", "level": 100, "isSystemRole": true });
    let line = "POST /api/v1/admin/roles";
    let created = send(&full.admin, line, &[], &body.to_string()).await;
    let line = format!("PATCH {}", created.header("location"));

    let cases = [
        ("slug", json!("other"), 400),
        ("isSystemRole", json!(false), 400),
        ("level", json!(90), 200),
    ];
    for (field, value, status) in cases {
        let body = json!({ field: value }).to_string();
        let answer = send(&full.admin, &line, &[("if-match", "\"1\"")], &body).await;
        assert_eq!(answer.status, status, "{field}: {answer:?}");
        if status == 400 {
            assert_eq!(answer.body["fields"], json!([field]));
        }
    }
    let line = line.replace("PATCH", "DELETE");
    let kept = send(&full.admin, &line, &[], "").await;
    assert_eq!(kept.status, 400, "{kept:?}");
    assert_eq!(kept.body["fields"], json!(["isSystemRole"]));
    full.close().await;
}
