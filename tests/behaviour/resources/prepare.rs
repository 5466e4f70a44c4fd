//! What a body is prepared by may be slow on purpose, as the hash of a password is: it is paid only for
//! requests that may go well.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use axum::Router;
use models::admin_server::{Admin, User};
use mongoplex::{
    Database,
    bson::{Document, oid::ObjectId},
};
use mongoplex_server::{Crud, Db};

use crate::house::{House, send};

/// Returns the routes of users, and how often a body was prepared for them.
fn counted(admin: Database<Admin>) -> (Router, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counting = count.clone();
    let users = Crud::<Db<Admin>, User>::at("/users").prepare(move |fields| {
        counting.fetch_add(1, SeqCst);
        async { Ok((fields, Document::new())) }
    });
    (users.routes().with_state(admin), count)
}

#[tokio::test]
async fn a_request_that_is_refused_without_its_body_is_not_prepared() {
    let house = House::new("resources_prepare").await;
    let (server, prepared) = counted(house.admin());
    let body = r#"{"email":"a@example.org","firstName":"Ada","lastName":"L","role":"admin"}"#;
    let made = send(&server, "POST /users", &[], body).await;
    assert_eq!((made.status.as_u16(), prepared.load(SeqCst)), (201, 1));
    let location = made.header("location").to_owned();
    let nobody = format!("/users/{}", ObjectId::new());

    let name = r#"{"firstName":"Grace"}"#;
    let hidden = r#"{"firstName":"Grace","passwordHash":"x"}"#;
    for (method, path, version, body, status) in [
        ("PATCH", &location, "\"7\"", name, 412),
        ("PUT", &location, "\"7\"", name, 412),
        ("PATCH", &nobody, "\"1\"", name, 404),
        ("PATCH", &location, "\"1\"", hidden, 400),
        ("PATCH", &location, "\"1\"", r#"{"version":7}"#, 400),
        ("POST", &"/users".to_owned(), "", hidden, 400),
    ] {
        let line = format!("{method} {path}");
        let headers = [("if-match", version)];
        let headers = headers.iter().filter(|(_, version)| !version.is_empty());
        let headers: Vec<_> = headers.copied().collect();
        let answer = send(&server, &line, &headers, body).await;
        assert_eq!(answer.status, status, "{line} {body}: {answer:?}");
        assert_eq!(prepared.load(SeqCst), 1, "{line} {body}");
    }

    let patch = format!("PATCH {location}");
    let changed = send(&server, &patch, &[("if-match", "\"1\"")], name).await;
    assert_eq!((changed.status.as_u16(), prepared.load(SeqCst)), (200, 2));
    house.close().await;
}
