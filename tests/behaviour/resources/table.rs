//! All resources with a body each, and what is right and wrong with it.

use models::{admin_server::*, customer_services::*, shared::*};
use mongoplex::{Model, Resource};
use serde_json::{Value, json};

/// A resource and what the tests need to know of it.
pub(crate) struct Sample {
    pub(crate) path: &'static str,
    pub(crate) collection: &'static str,
    pub(crate) tenant: bool,
    pub(crate) soft: bool,
    pub(crate) filters: &'static [&'static str],
    /// A good body; two numbers make two that may stand beside each other.
    pub(crate) body: fn(usize) -> Value,
    /// The query that finds the one of a number, and no other.
    pub(crate) query: fn(usize) -> String,
    /// A field, another value for it, and one that breaks the validator.
    pub(crate) field: (&'static str, Value, Value),
    /// The fields that no two may share.
    pub(crate) unique: &'static [&'static str],
}

/// Returns an id of a number.
pub(crate) fn id(number: usize) -> String {
    format!("{number:024x}")
}

fn sample<M: Resource>(
    (path, tenant): (&'static str, bool),
    unique: &'static [&'static str],
    body: fn(usize) -> Value,
    query: fn(usize) -> String,
    field: (&'static str, Value, Value),
) -> Sample {
    Sample {
        path,
        collection: <M as Model>::COLLECTION,
        tenant,
        soft: M::UPKEEP.is_soft_delete(),
        filters: M::FILTERS,
        body,
        query,
        field,
        unique,
    }
}

pub(crate) fn all() -> Vec<Sample> {
    [admin(), common(), clients(), work()]
        .into_iter()
        .flatten()
        .collect()
}

fn admin() -> Vec<Sample> {
    vec![
        sample::<User>(
            ("/api/v1/admin/users", false),
            &["email"],
            |n| json!({ "email": format!("u{n}@example.org"), "firstName": "Ada", "lastName": "L", "role": "admin" }),
            |n| format!("email=u{n}@example.org"),
            ("firstName", json!("Grace"), json!("")),
        ),
        sample::<Role>(
            ("/api/v1/admin/roles", false),
            &["slug"],
            |n| json!({ "slug": format!("r{n}"), "name": "R", "level": 10, "permissions": ["invoice:read", "user:*"] }),
            |n| format!("slug=r{n}"),
            ("level", json!(20), json!(0)),
        ),
        sample::<Permission>(
            ("/api/v1/admin/permissions", false),
            &["resource", "action"],
            |n| json!({ "resource": "invoice", "action": "a".repeat(n + 1), "category": "billing", "description": "D" }),
            |n| format!("resource=invoice&action={}", "a".repeat(n + 1)),
            ("description", json!("other"), json!("")),
        ),
        sample::<Setting>(
            ("/api/v1/admin/settings", false),
            &["key"],
            |n| json!({ "key": format!("signup.k{n}"), "value": n, "category": "signup" }),
            |n| format!("key=signup.k{n}"),
            ("value", json!("text"), json!("x".repeat(2001))),
        ),
        sample::<TokenBlacklist>(
            ("/api/v1/admin/token-blacklist", false),
            &["tokenHash"],
            |n| json!({ "tokenHash": format!("{n:064x}"), "userId": id(n), "reason": "logout", "expiresAt": "2099-01-01T00:00:00.000Z" }),
            |n| format!("userId={}", id(n)),
            ("tenantId", json!("acme"), json!("acme".repeat(10))),
        ),
    ]
}

fn common() -> Vec<Sample> {
    vec![
        sample::<Plan>(
            ("/api/v1/admin/plans", false),
            &["code"],
            |n| json!({ "code": format!("p{n}"), "name": "P", "monthlyPrice": 100 }),
            |n| format!("code=p{n}"),
            ("monthlyPrice", json!(200), json!(-1)),
        ),
        sample::<Subscription>(
            ("/api/v1/admin/subscriptions", false),
            &["tenantId"],
            |n| json!({ "tenantId": format!("t{n}"), "planCode": "starter", "seats": 5, "startsAt": "2026-01-01T00:00:00.000Z" }),
            |n| format!("tenantId=t{n}&startsAt.lte=2026-01-01T00:00:00Z"),
            ("seats", json!(6), json!(0)),
        ),
    ]
}

fn clients() -> Vec<Sample> {
    vec![
        sample::<Client>(
            ("/api/v1/clients", true),
            &["clientCode"],
            |n| json!({ "clientCode": format!("C-{n}"), "companyName": "Acme Ltd", "addresses": [{ "label": "home", "street": "S 1", "city": "B", "country": "DE" }] }),
            |n| format!("clientCode=C-{n}"),
            ("companyName", json!("Other"), json!("")),
        ),
        sample::<ClientContact>(
            ("/api/v1/client-contacts", true),
            &["clientId", "email"],
            |n| json!({ "clientId": id(1), "firstName": "Ada", "lastName": "L", "email": format!("c{n}@example.org") }),
            |n| format!("clientId={}&email=c{n}@example.org", id(1)),
            ("phone", json!("+49 30 1"), json!("call me")),
        ),
        sample::<ClientNote>(
            ("/api/v1/client-notes", true),
            &[],
            |n| json!({ "clientId": id(1), "memberId": id(n), "text": "T", "followUpAt": "2026-06-01T00:00:00.000Z" }),
            |n| format!("memberId={}", id(n)),
            ("text", json!("other"), json!("")),
        ),
        sample::<Member>(
            ("/api/v1/members", true),
            &["email"],
            |n| json!({ "email": format!("m{n}@example.org"), "firstName": "Ada", "lastName": "L", "joinedAt": "2026-06-01T12:30:00.000Z" }),
            |n| format!("email=m{n}@example.org"),
            ("lastName", json!("Other"), json!("x".repeat(101))),
        ),
    ]
}

fn work() -> Vec<Sample> {
    vec![
        sample::<Project>(
            ("/api/v1/projects", true),
            &["code"],
            |n| json!({ "code": format!("PR-{n}"), "name": "P", "clientId": id(n), "type": "strategy", "budget": 5_000_000_000_i64, "dueAt": "2026-06-01T00:00:00.000Z" }),
            |n| format!("clientId={}", id(n)),
            ("budget", json!(7), json!(-7)),
        ),
        sample::<Product>(
            ("/api/v1/products", true),
            &["sku"],
            |n| json!({ "sku": format!("S-{n}"), "name": "Tea", "category": "drinks", "price": 399, "taxPercent": 7.5, "stockQuantity": n }),
            |n| format!("stockQuantity={n}"),
            ("taxPercent", json!(19.5), json!(100.5)),
        ),
        sample::<Consultant>(
            ("/api/v1/consultants", true),
            &["consultantCode"],
            |n| json!({ "consultantCode": format!("K-{n}"), "firstName": "Ada", "lastName": "L", "level": "senior", "hourlyRate": 15_000, "skills": ["rust"] }),
            |n| format!("consultantCode.in=K-{n},none"),
            ("hourlyRate", json!(1), json!(-1)),
        ),
        sample::<Consultation>(
            ("/api/v1/consultations", true),
            &["code"],
            |n| json!({ "code": format!("K-{n}"), "consultantId": id(n), "clientId": id(1), "topic": "T", "startsAt": "2026-06-01T10:00:00.000Z", "endsAt": "2026-06-01T11:00:00.000Z", "fee": 12_000 }),
            |n| format!("consultantId={}", id(n)),
            ("topic", json!("other"), json!("")),
        ),
    ]
}
