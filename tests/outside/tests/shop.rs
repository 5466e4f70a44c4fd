//! What a project of one's own gets: every command on its own models, on a MongoDB of its own.

#[path = "shop/http.rs"]
mod http;
#[path = "shop/parts.rs"]
mod parts;
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
    assert_eq!(first.post("/orders", Some("acme"), &order).0, 201);
    first.stop();

    let second = folder.up(&[]);
    let (status, problem) = second.post("/orders", Some("acme"), &order);
    assert_eq!((status, &problem["fields"]), (409, &json!(["number"])));
    assert_eq!(second.post("/orders", Some("globex"), &order).0, 201);
    let (status, products) = second.send("GET /products", None, "");
    assert_eq!((status, &products["items"][0]["sold"]), (200, &json!(4)));
    assert_eq!(products["items"][0]["version"], 2);
    second.stop();
}

#[test]
fn a_migration_of_ones_own_is_applied_to_a_tenant_from_before() {
    let folder = Folder::new("migrations");
    let shop = folder.up(&[]);
    let host = shop.host().to_owned();
    parts::run(async move { parts::tenant_from_before(&host).await });

    let up = folder.run(&["migrate", "up", "--json"], &[]);
    let again = folder.run(&["migrate", "up"], &[]);

    assert_eq!(up.code, Some(0), "{}", up.errors);
    let lines = up
        .output
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let told: Vec<serde_json::Value> = lines.collect();
    let done = told.iter().find(|line| line["tenant"] == "before").unwrap();
    assert_eq!(
        (&done["event"], &done["migrations"]),
        (&json!("done"), &json!(1))
    );
    assert_eq!(again.code, Some(0), "{}", again.errors);
    assert!(again.output.contains("nothing to do"), "{}", again.output);
    let host = shop.host().to_owned();
    let indexes = parts::run(async move { parts::indexes_from_before(&host).await });
    assert_eq!(indexes, ["_id_", "product_1"]);
    shop.stop();
}

#[test]
fn a_models_routes_come_with_one_line() {
    let folder = Folder::new("products");
    let shop = folder.up(&[]);

    let (status, tea) = shop.post("/products", None, &json!({ "name": "tea", "sold": 0 }));
    assert_eq!(status, 201);
    let path = format!("/products/{}", tea["id"].as_str().unwrap());
    assert_eq!(shop.send(&format!("DELETE {path}"), None, "").0, 204);
    assert_eq!(shop.send(&format!("GET {path}"), None, "").0, 404);
    let (status, back) = shop.send(&format!("POST {path}/restore"), None, "");

    assert_eq!((status, &back["version"]), (200, &json!(3)));
    let host = shop.host().to_owned();
    let entries = parts::run(async move { parts::audited(&host).await });
    assert_eq!(entries, ["create", "delete", "restore"]);
    shop.stop();
}

#[test]
fn the_librarys_parts_work_on_models_of_ones_own() {
    let folder = Folder::new("parts");
    let shop = folder.up(&[]);
    let host = shop.host().to_owned();

    parts::run(async move { parts::each(&host).await });

    shop.stop();
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
