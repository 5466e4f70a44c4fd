//! admin-server from the outside: tenants and users.

use serde_json::json;

use crate::house::{House, send};

#[tokio::test]
async fn a_tenant_is_created_once_and_completed_when_asked_again() {
    let house = House::new("admin_tenants").await;
    let server = house.admin_server();
    let path = "POST /api/v1/admin/tenants";

    let created = send(&server, path, &[], r#"{"id":"acme","name":"Acme"}"#).await;
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(created.header("location"), "/api/v1/admin/tenants/acme");
    assert_eq!(created.body["status"], "active");
    let again = send(&server, path, &[], r#"{"id":"acme","name":"Acme"}"#).await;
    assert_eq!((again.status.as_u16(), &again.body), (200, &created.body));
    let other = send(&server, path, &[], r#"{"id":"acme","name":"Other"}"#).await;
    assert_eq!(other.status, 409);

    let read = send(&server, "GET /api/v1/admin/tenants/acme", &[], "").await;
    assert_eq!(read.body, created.body);
    let listed = send(&server, "GET /api/v1/admin/tenants", &[], "").await;
    assert_eq!(
        listed.body,
        json!({ "items": [created.body], "nextCursor": null })
    );
    assert_eq!(
        send(&server, "GET /api/v1/admin/tenants/nobody", &[], "")
            .await
            .status,
        404
    );
    house.close().await;
}

#[tokio::test]
async fn a_bad_tenant_is_a_400_and_makes_nothing() {
    let house = House::new("admin_bad_tenants").await;
    let server = house.admin_server();
    let before = house.names.existing().await;

    for body in [
        r#"{"id":"Acme","name":"A"}"#,
        r#"{"id":"","name":"A"}"#,
        r#"{"id":"a__b","name":"A"}"#,
        r#"{"id":"0123456789012345678901234567890123456","name":"A"}"#,
        r#"{"id":"acme","name":""}"#,
        r#"{"id":"acme"}"#,
        r#"{"id":"acme","name":"A","status":"active"}"#,
        r#"{"id":{"$gt":""},"name":"A"}"#,
    ] {
        let answer = send(&server, "POST /api/v1/admin/tenants", &[], body).await;
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
    }

    assert_eq!(house.names.existing().await, before);
    house.close().await;
}

#[tokio::test]
async fn a_user_is_created_changed_and_deleted_and_an_email_is_unique() {
    let house = House::new("admin_users").await;
    let server = house.admin_server();
    let path = "POST /api/v1/admin/users";
    let body = r#"{"email":"Ada@example.org","firstName":"Ada","lastName":"L","role":"admin"}"#;

    let created = send(&server, path, &[], body).await;
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(created.body["email"], "ada@example.org");
    let twice = send(
        &server,
        path,
        &[],
        &body
            .to_lowercase()
            .replace("firstname", "firstName")
            .replace("lastname", "lastName"),
    )
    .await;
    assert_eq!(
        (twice.status.as_u16(), &twice.body["fields"]),
        (409, &json!(["email"])),
        "{twice:?}"
    );

    let location = created.header("location").to_owned();
    let changed = send(
        &server,
        &format!("PATCH {location}"),
        &[("if-match", "\"1\"")],
        r#"{"isActive":false}"#,
    )
    .await;
    assert_eq!(
        (changed.status.as_u16(), &changed.body["isActive"]),
        (200, &json!(false))
    );
    assert_eq!(
        send(
            &server,
            &format!("PATCH {location}"),
            &[],
            r#"{"isActive":true}"#
        )
        .await
        .status,
        428
    );
    let bad = send(
        &server,
        path,
        &[],
        r#"{"email":"no-at","firstName":"A","lastName":"L","role":"admin"}"#,
    )
    .await;
    assert_eq!(
        (bad.status.as_u16(), &bad.body["fields"]),
        (400, &json!(["email"]))
    );
    assert_eq!(
        send(&server, &format!("DELETE {location}"), &[], "")
            .await
            .status,
        204
    );
    assert_eq!(
        send(&server, &format!("DELETE {location}"), &[], "")
            .await
            .status,
        404
    );
    house.close().await;
}
