//! The whole way of a document, for every resource.

use serde_json::{Value, json};

use super::{Full, Sample, table};
use crate::house::Answer;

#[tokio::test]
async fn each_resource_creates_reads_lists_changes_deletes_and_restores() {
    let full = Full::new("resources_way").await;

    for sample in table::all() {
        let created = created_and_found(&full, &sample).await;
        changed(&full, &sample, &created).await;
        deleted_and_restored(&full, &sample, created.header("location")).await;
    }
    full.close().await;
}

#[tokio::test]
async fn each_resource_refuses_bodies_that_do_not_fit_and_names_the_fields() {
    let full = Full::new("resources_bodies").await;

    for sample in table::all() {
        let created = full.create(&sample, 1).await;
        let post = format!("POST {}", sample.path);
        let patch = format!("PATCH {}", created.header("location"));
        let (field, _, breaks) = &sample.field;
        let theirs = ["version", "createdAt", "updatedAt", "id", "_id"];
        let wrong = [("unheardOf", json!(1)), (*field, breaks.clone())];
        let wrong = wrong
            .into_iter()
            .chain(theirs.map(|field| (field, json!(7))));
        for (field, value) in wrong.chain([("$where", json!("1")), ("$set", json!({ "a": 1 }))]) {
            let mut whole = (sample.body)(2);
            whole[field] = value.clone();
            let part = json!({ field: value }).to_string();
            let answers = [
                full.send(&sample, &post, &[], &whole.to_string()).await,
                full.send(&sample, &patch, &[("if-match", "\"1\"")], &part)
                    .await,
            ];
            for answer in answers {
                assert_eq!(answer.status, 400, "{} {field}: {answer:?}", sample.path);
                assert_eq!(answer.body["fields"], json!([field]), "{answer:?}");
            }
        }
        // An operator in the place of a value, in every field.
        for field in (sample.body)(2).as_object().unwrap().keys() {
            let mut body = (sample.body)(2);
            body[field] = json!({ "$gt": "" });
            let answer = full.send(&sample, &post, &[], &body.to_string()).await;
            assert_eq!(answer.status, 400, "{} {field}: {answer:?}", sample.path);
        }
        let listed = full
            .send(&sample, &format!("GET {}", sample.path), &[], "")
            .await;
        assert_eq!(listed.body["items"], json!([created.body]));
    }
    full.close().await;
}

async fn created_and_found(full: &Full, sample: &Sample) -> Answer {
    let created = full.create(sample, 1).await;
    full.create(sample, 2).await;
    full.create(sample, 3).await;
    assert_holds(&created, &(sample.body)(1));
    assert_eq!(created.header("etag"), "\"1\"");

    let line = format!("GET {}", created.header("location"));
    let read = full.send(sample, &line, &[], "").await;
    assert_eq!((read.status.as_u16(), &read.body), (200, &created.body));
    let line = format!("GET {}?{}", sample.path, (sample.query)(1));
    let listed = full.send(sample, &line, &[], "").await;
    assert_eq!(listed.body["items"], json!([created.body]), "{line}");
    created
}

async fn changed(full: &Full, sample: &Sample, created: &Answer) {
    let location = created.header("location");
    let (patch, put) = (format!("PATCH {location}"), format!("PUT {location}"));
    let (field, value, _) = &sample.field;
    let body = json!({ *field: value }).to_string();

    let changed = full
        .send(sample, &patch, &[("if-match", "\"1\"")], &body)
        .await;
    assert_eq!(changed.status, 200, "{patch}: {changed:?}");
    assert_eq!(changed.header("etag"), "\"2\"");
    assert_holds(&changed, &json!({ *field: value, "version": 2 }));
    let stale = full
        .send(sample, &patch, &[("if-match", "\"1\"")], &body)
        .await;
    assert_eq!(stale.status, 412, "{patch}: {stale:?}");
    let unread = full.send(sample, &patch, &[], &body).await;
    assert_eq!(unread.status, 428, "{patch}: {unread:?}");

    let whole = (sample.body)(1).to_string();
    let replaced = full
        .send(sample, &put, &[("if-match", "\"2\"")], &whole)
        .await;
    assert_eq!(replaced.status, 200, "{put}: {replaced:?}");
    let (mut before, mut after) = (created.body.clone(), replaced.body);
    for body in [&mut before, &mut after] {
        body["version"] = Value::Null;
        body["updatedAt"] = Value::Null;
    }
    assert_eq!(before, after, "a whole body makes the first one again");
}

async fn deleted_and_restored(full: &Full, sample: &Sample, location: &str) {
    let at = |method: &str, rest: &str| format!("{method} {location}{rest}");
    let status = async |line: String| full.send(sample, &line, &[], "").await.status.as_u16();
    let stale = [("if-match", "\"1\"")];

    let answer = full.send(sample, &at("DELETE", ""), &stale, "").await;
    assert_eq!(answer.status, 412, "{answer:?}");
    assert_eq!(status(at("DELETE", "")).await, 204);
    assert_eq!(status(at("GET", "")).await, 404);
    assert_eq!(status(at("DELETE", "")).await, 404);
    if !sample.soft {
        assert_eq!(status(at("POST", "/restore")).await, 404);
        return;
    }
    let line = format!("GET {}?deleted=true", sample.path);
    let marked = full.send(sample, &line, &[], "").await;
    assert_eq!(marked.body["items"].as_array().unwrap().len(), 1, "{line}");
    let restored = full.send(sample, &at("POST", "/restore"), &[], "").await;
    assert_eq!(restored.status, 200, "{restored:?}");
    assert_holds(&restored, &(sample.body)(1));
    assert_eq!(restored.body["deletedAt"], json!(null));
    assert_eq!(status(at("GET", "")).await, 200);
    assert_eq!(
        status(at("POST", "/restore")).await,
        409,
        "it is not deleted"
    );
    assert_eq!(status(at("DELETE", "?purge=true")).await, 409);
    assert_eq!(status(at("DELETE", "")).await, 204);
    assert_eq!(status(at("DELETE", "?purge=true")).await, 204);
    assert_eq!(status(at("POST", "/restore")).await, 404, "it is gone");
}

/// Asserts that an answer holds all fields of a body, with their values.
fn assert_holds(answer: &Answer, body: &Value) {
    for (field, value) in body.as_object().unwrap() {
        assert_eq!(&answer.body[field], value, "{field} of {answer:?}");
    }
}
