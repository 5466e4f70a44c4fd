//! Unique means: unique within the tenant, among what is not deleted, whoever is first.

use futures_util::future::join_all;
use serde_json::json;

use super::{ACME, Full, GLOBEX, Sample, table};

#[tokio::test]
async fn what_is_unique_is_so_within_its_tenant_and_among_what_is_not_deleted() {
    let full = Full::new("resources_unique").await;

    for sample in table::all()
        .iter()
        .filter(|sample| !sample.unique.is_empty())
    {
        let first = full.create(sample, 1).await;
        let body = (sample.body)(1).to_string();
        let post = format!("POST {}", sample.path);
        let again = full.send(sample, &post, &[], &body).await;
        assert_eq!(again.status, 409, "{post}: {again:?}");
        assert_eq!(again.body["fields"], json!(sample.unique));
        if sample.tenant {
            let other = full.send(sample, &post, &[GLOBEX], &body).await;
            assert_eq!(other.status, 201, "{post}: {other:?}");
        }
        let at = |method: &str| format!("{method} {}", first.header("location"));
        let deleted = full.send(sample, &at("DELETE"), &[], "").await;
        assert_eq!(deleted.status, 204, "{deleted:?}");
        let second = full.create(sample, 1).await;
        if sample.soft {
            the_deleted_one_waits(
                &full,
                sample,
                [&first, &second].map(|one| one.header("location")),
            )
            .await;
        }
    }
    full.close().await;
}

async fn the_deleted_one_waits(full: &Full, sample: &Sample, [first, second]: [&str; 2]) {
    let restore = format!("POST {first}/restore");

    let taken = full.send(sample, &restore, &[], "").await;
    assert_eq!(taken.status, 409, "{restore}: {taken:?}");
    assert_eq!(taken.body["fields"], json!(sample.unique));
    let delete = format!("DELETE {second}");
    assert_eq!(full.send(sample, &delete, &[], "").await.status, 204);
    let restored = full.send(sample, &restore, &[], "").await;
    assert_eq!(restored.status, 200, "{restore}: {restored:?}");
}

#[tokio::test]
async fn of_twenty_creates_of_one_value_one_succeeds() {
    let full = Full::new("resources_race").await;
    let samples = table::all();

    for path in ["/api/v1/clients", "/api/v1/admin/roles"] {
        let sample = samples.iter().find(|sample| sample.path == path).unwrap();
        for round in 0..3 {
            let body = (sample.body)(round).to_string();
            let line = format!("POST {path}");
            let creates = (0..20).map(|_| full.send(sample, &line, &[], &body));
            let mut statuses: Vec<u16> = join_all(creates)
                .await
                .iter()
                .map(|answer| answer.status.as_u16())
                .collect();
            statuses.sort_unstable();
            let expected = [vec![201], vec![409; 19]].concat();
            assert_eq!(statuses, expected, "{path}");
        }
    }
    full.close().await;
}

#[tokio::test]
async fn of_twenty_that_restore_and_create_one_value_one_succeeds() {
    let full = Full::new("resources_restore_race").await;
    let samples = table::all();
    let clients = samples
        .iter()
        .find(|sample| sample.path == "/api/v1/clients")
        .unwrap();
    let first = full.create(clients, 1).await;
    let at = |method: &str, rest: &str| format!("{method} {}{rest}", first.header("location"));
    full.send(clients, &at("DELETE", ""), &[ACME], "").await;

    let (restore, create) = (at("POST", "/restore"), "POST /api/v1/clients".to_owned());
    let body = (clients.body)(1).to_string();
    let requests = (0..20).map(|number| match number % 2 {
        0 => full.send(clients, &restore, &[], ""),
        _ => full.send(clients, &create, &[], &body),
    });
    let answers = join_all(requests).await;

    let made = answers.iter().filter(|answer| answer.status.is_success());
    assert_eq!(made.count(), 1, "{answers:?}");
    let listed = full.send(clients, "GET /api/v1/clients", &[], "").await;
    assert_eq!(listed.body["items"].as_array().unwrap().len(), 1);
    full.close().await;
}
