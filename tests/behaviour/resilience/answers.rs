//! What a client is told over HTTP of a change whose answer was lost or late.

use std::time::{Duration, Instant};

use mongoplex::{Force, bson::doc, mongodb};
use mongoplex_testing::{FailPoint, Fault, Nodes, OwnSet, Proxy, own_set};
use serde_json::json;

use super::shop::state;
use crate::house::{Answer, House, eventually, send};

const TENANT: [(&str, &str); 1] = [("x-tenant-id", "acme")];
const CLIENT: &str = r#"{"clientCode":"C-1","companyName":"Acme"}"#;

/// The application's databases, the customers' behind a proxy.
struct Scene {
    set: OwnSet,
    proxy: Proxy,
    house: House,
}

impl Scene {
    async fn new(name: &str, settings: &[(&str, &str)]) -> Self {
        let set = own_set(Nodes::One).await;
        let proxy = Proxy::start(&set.nodes()[0].address()).await;
        let uri = proxy.uri(name);
        let through = [("DATABASE_CUSTOMER_URI", uri.as_str())];
        let house = House::on(&set, name, &[&through, settings].concat()).await;
        house.tenant("acme").await;
        Self { set, proxy, house }
    }

    async fn post(&self) -> Answer {
        let server = self.house.clients_server();
        send(&server, "POST /api/v1/clients", &TENANT, CLIENT).await
    }

    async fn clients(&self) -> u64 {
        let server = self.house.clients_server();
        let line = "GET /api/v1/clients?count=true";
        let listed = send(&server, line, &TENANT, "").await;
        listed.body["total"].as_u64().unwrap()
    }

    async fn end(self) {
        self.house.close().await;
        self.proxy.stop().await;
        self.set.stop().await;
    }
}

#[tokio::test]
async fn a_document_whose_answers_are_lost_is_created_once() {
    let scene = Scene::new("answers_lost", &[]).await;
    scene.proxy.drop_replies(b"\x02insert\0", 2);

    let created = scene.post().await;

    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(scene.proxy.dropped_replies(), 2);
    assert_eq!(scene.clients().await, 1);
    scene.end().await;
}

#[tokio::test]
async fn a_deletion_that_marks_is_known_again_and_a_restoration_with_its_version() {
    let scene = Scene::new("answers_marked", &[]).await;
    let location = scene.post().await.header("location").to_owned();
    let server = scene.house.clients_server();
    let change = async |line: String, headers: &[(&str, &str)]| {
        let headers = [&TENANT, headers].concat();
        scene.proxy.drop_replies(b"\x02findAndModify\0", 2);
        send(&server, &line, &headers, "").await.status.as_u16()
    };
    let (delete, restore) = (
        format!("DELETE {location}"),
        format!("POST {location}/restore"),
    );

    assert_eq!(change(delete.clone(), &[]).await, 204);
    let version = [("if-match", "\"2\"")];
    assert_eq!(change(restore.clone(), &version).await, 200);
    assert_eq!(change(delete.clone(), &[]).await, 204);
    assert_eq!(change(restore, &[]).await, 503);
    // It was restored. What goes for good leaves nothing to know it by.
    assert_eq!(change(delete.clone(), &[]).await, 204);
    assert_eq!(change(format!("{delete}?purge=true"), &[]).await, 503);

    assert_eq!(scene.proxy.dropped_replies(), 12);
    assert_eq!(scene.clients().await, 0);
    scene.end().await;
}

#[tokio::test]
async fn an_unknown_outcome_invites_nobody_to_repeat_the_change() {
    let scene = Scene::new("answers_unknown", &[("DB_RETRY_ATTEMPTS", "1")]).await;
    scene.proxy.drop_replies(b"\x02insert\0", 2);

    let unknown = scene.post().await;
    let database = &scene.house.databases;
    assert!(database.force_circuit("customer", Force::Open));
    let refused = scene.post().await;
    database.force_circuit("customer", Force::Free);

    let kind = |answer: &Answer| (answer.status.as_u16(), answer.body["type"].clone());
    let expected = |kind| (503, json!(format!("urn:mongoplex:{kind}")));
    assert_eq!(kind(&unknown), expected("outcome-unknown"));
    assert_eq!(unknown.header("retry-after"), "");
    // It was not sent: whoever repeats it after a while doubles nothing.
    assert_eq!(kind(&refused), expected("unavailable"));
    assert_ne!(refused.header("retry-after"), "");
    assert_eq!(scene.clients().await, 1);
    scene.end().await;
}

/// Asserts that it tells in time, and in its own words, that nobody knows.
fn assert_in_doubt(answer: &Answer, elapsed: Duration, limit: Duration) {
    let Answer { status, body, .. } = answer;
    let kind = "urn:mongoplex:deadline";
    assert_eq!((status.as_u16(), &body["type"]), (504, &json!(kind)));
    let detail = body["detail"].as_str().unwrap();
    assert!(detail.contains("may have been made"), "{detail}");
    assert!(elapsed < limit + Duration::from_secs(1), "{elapsed:?}");
}

#[tokio::test]
async fn a_request_that_ends_with_its_time_says_that_its_change_may_have_been_made() {
    let limit = Duration::from_secs(1);
    let scene = Scene::new("answers_late", &[("REQUEST_TIMEOUT", "1s")]).await;
    // No verb that inserts has a `maxTimeMS`: only the guard's own timer ends it.
    let fault = Fault::of(["insert"], "answers_late/customer").block(limit * 3);
    let blocked = FailPoint::set(&scene.set.uri("admin"), fault).await;

    let started = Instant::now();
    let answer = scene.post().await;

    assert_in_doubt(&answer, started.elapsed(), limit);
    assert_eq!(state(&scene.house.databases, "customer").forced, 1);
    assert_eq!(blocked.off().await, 1);
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_is_not_answered_in_the_requests_time_may_have_been_made() {
    let limit = Duration::from_secs(2);
    let scene = Scene::new("answers_commit", &[("REQUEST_TIMEOUT", "2s")]).await;
    let server = scene.house.admin_server();
    let fault = Fault::of(["commitTransaction"], "answers_commit/customer").block(limit / 2);
    let held = FailPoint::set(&scene.set.uri("admin"), fault).await;
    let outside = scene.house.outside("admin").await;

    let started = Instant::now();
    let plan = r#"{"code":"p1","name":"P","monthlyPrice":100}"#;
    let post = send(&server, "POST /api/v1/admin/plans", &[], plan);
    let silence = async {
        eventually("a commit under way", || is_committing(&outside)).await;
        scene.proxy.stall().await;
    };
    let (answer, ()) = tokio::join!(post, silence);

    assert_in_doubt(&answer, started.elapsed(), limit);
    assert_eq!(held.off().await, 1);
    scene.proxy.pass().await;
    scene.end().await;
}

async fn is_committing(admin: &mongodb::Database) -> bool {
    let current = doc! { "$currentOp": {} };
    let commit = doc! { "$match": { "command.commitTransaction": { "$exists": true } } };
    let mut found = admin.aggregate([current, commit]).await.unwrap();
    found.advance().await.unwrap()
}
