//! What a project of one's own gets: every command on its own models, on a MongoDB of its own.

#[path = "shop/http.rs"]
mod http;
#[path = "shop/program.rs"]
mod program;

use program::{Folder, Outcome};
use serde_json::json;

#[test]
fn the_readme_shows_this_program() {
    let readme = include_str!("../../../README.md");
    let program = include_str!("../src/main.rs");

    assert!(readme.contains(&format!("\n```rust\n{program}```\n")));
    assert!(program.lines().count() <= 60);
}

#[test]
fn routes_names_the_projects_own_models() {
    let folder = Folder::new("routes");

    let Outcome { code, output, .. } = folder.run(&["routes"], &[]);

    assert_eq!(code, Some(0));
    let row = |model: &str| output.lines().find(|line| line.starts_with(model));
    assert!(
        row("Order")
            .unwrap()
            .contains("shop_sales__<tenant>.orders")
    );
    assert!(row("Product").unwrap().contains("shop_sales.products"));
    assert!(
        row("mongoplex::Tenant")
            .unwrap()
            .contains("shop_sales.tenants")
    );
}

#[test]
fn a_tenants_order_is_kept_from_run_to_run_and_is_nobody_elses() {
    let folder = Folder::new("orders");
    for tenant in ["acme", "globex"] {
        let created = folder.run(&["tenants", "create", tenant], &[]);
        assert_eq!(created.code, Some(0), "{}", created.errors);
    }
    let order = json!({ "number": "A-1", "product": "tea", "quantity": 2 });

    let first = folder.up(&[]);
    let (status, sold) = first.post("/orders", Some("acme"), &order);
    assert_eq!((status, &sold["sold"]), (201, &json!(2)));
    first.stop();

    let second = folder.up(&[]);
    let (status, problem) = second.post("/orders", Some("acme"), &order);
    assert_eq!((status, &problem["fields"]), (409, &json!(["number"])));
    let (status, sold) = second.post("/orders", Some("globex"), &order);
    assert_eq!((status, &sold["sold"]), (201, &json!(4)));
    second.stop();
}

#[test]
fn a_tenant_that_does_not_exist_is_404_and_none_at_all_400() {
    let folder = Folder::new("tenants");
    let order = json!({ "number": "A-1", "product": "tea", "quantity": 2 });

    let shop = folder.up(&[]);

    assert_eq!(shop.post("/orders", Some("nobody"), &order).0, 404);
    assert_eq!(shop.post("/orders", None, &order).0, 400);
    shop.stop();
}

#[test]
fn sigterm_ends_it_with_exit_code_0_and_leaves_no_mongod() {
    let folder = Folder::new("sigterm");
    let shop = folder.up(&[]);
    let mongod = folder.mongod().expect("it runs one");

    let code = shop.stop();

    assert_eq!(code, Some(0));
    assert!(!program::runs(mongod));
}

#[test]
fn with_a_uri_for_its_database_it_runs_no_mongod() {
    let (lender, folder) = (Folder::new("lender"), Folder::new("uri"));
    let lending = lender.up(&[]);
    let uri = format!("mongodb://{}/corner?directConnection=true", lending.host());
    let variables = [
        ("MONGOPLEX_ENV", "development"),
        ("DATABASE_SALES_URI", &uri),
    ];

    let shop = folder.up(&variables);

    assert_eq!(shop.told["databases"][0]["name"], "corner");
    assert_eq!(folder.mongod(), None);
    assert_eq!(shop.stop(), Some(0));
    lending.stop();
}

#[test]
fn a_wrong_setting_is_exit_code_64_and_names_the_variable() {
    let folder = Folder::new("setting");

    let Outcome { code, errors, .. } = folder.run(&["up"], &[("REQUEST_TIMEOUT", "soon")]);

    assert_eq!(code, Some(64), "{errors}");
    assert!(errors.contains("REQUEST_TIMEOUT"), "{errors}");
    assert_eq!(folder.mongod(), None);
}

#[test]
fn a_uri_without_an_environment_is_exit_code_64() {
    let folder = Folder::new("environment");
    let uri = ("DATABASE_SALES_URI", "mongodb://127.0.0.1:9/sales");

    let Outcome { code, errors, .. } = folder.run(&["up"], &[uri]);

    assert_eq!(code, Some(64), "{errors}");
    assert!(errors.contains("MONGOPLEX_ENV"), "{errors}");
}
