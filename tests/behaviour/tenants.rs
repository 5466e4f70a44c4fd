//! A tenant exists when its row says so, and its databases are complete before the row says so.

use futures_util::future::join_all;
use mongoplex::{
    Error, TenantId,
    bson::{Document, doc},
    schema::Mode,
    tenancy::Created,
};
use mongoplex_testing::{FailPoint, Fault, Nodes, own_set};

use crate::house::House;

fn id(text: &str) -> TenantId {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_new_tenants_database_is_complete() {
    let house = House::new("tenants_new").await;
    house.tenant("acme").await;

    let report = house
        .databases
        .schema()
        .tenant(&id("acme"), Mode::Check)
        .await
        .unwrap();
    assert_eq!(report.missing, []);
    let outside = house
        .outside(&format!("{}__acme", house.names.name("customer")))
        .await;
    let indexes = outside
        .collection::<Document>("clients")
        .list_index_names()
        .await
        .unwrap();
    assert!(indexes.contains(&"clientCode_1".to_owned()), "{indexes:?}");
    let refused = outside
        .collection::<Document>("clients")
        .insert_one(doc! { "companyName": 1 })
        .await;
    assert!(
        refused.unwrap_err().to_string().contains("121"),
        "the validator stands on the server"
    );
    house.close().await;
}

#[tokio::test]
async fn an_id_without_a_row_reaches_no_database() {
    let house = House::new("tenants_none").await;
    let before = house.names.existing().await;

    let refused = house.customer().tenant(&id("amce")).await;

    assert!(
        matches!(refused, Err(Error::UnknownTenant(_))),
        "{refused:?}"
    );
    assert_eq!(house.names.existing().await, before);
    house.close().await;
}

#[tokio::test]
async fn a_repeat_finishes_what_was_left() {
    let set = own_set(Nodes::One).await;
    let house = House::on(&set, "tenants_repeat", &[]).await;
    let tenancy = house.databases.tenancy().unwrap();
    // The indexes of the tenant's database cannot be made: it is left half done, and has no row.
    let fault = Fault::of(["createIndexes"], "tenants_repeat/customer")
        .error(2, [])
        .always();
    let broken = FailPoint::set(&set.uri("admin"), fault).await;
    tenancy.create(&id("acme"), "Acme").await.unwrap_err();
    assert_eq!(tenancy.get(&id("acme")).await.unwrap(), None);
    assert!(
        house.customer().tenant(&id("acme")).await.is_err(),
        "half a database is not reached"
    );
    assert!(broken.off().await > 0);

    let created = tenancy.create(&id("acme"), "Acme").await.unwrap();

    assert!(matches!(created, Created::New(_)));
    let report = house
        .databases
        .schema()
        .tenant(&id("acme"), Mode::Check)
        .await
        .unwrap();
    assert_eq!(report.missing, []);
    house.close().await;
    set.stop().await;
}

#[tokio::test]
async fn many_who_create_one_tenant_make_one() {
    let house = House::new("tenants_race").await;
    let tenancy = house.databases.tenancy().unwrap();
    for round in 0..5 {
        let id = id(&format!("t{round}"));

        let created = join_all((0..8).map(|_| tenancy.create(&id, "Acme"))).await;

        let created: Vec<Created> = created.into_iter().collect::<Result<_, _>>().unwrap();
        assert_eq!(
            created
                .iter()
                .filter(|created| matches!(created, Created::New(_)))
                .count(),
            1
        );
        assert!(
            created
                .iter()
                .all(|one| one.tenant().created_at == created[0].tenant().created_at)
        );
    }
    house.close().await;
}

#[tokio::test]
async fn another_name_is_a_conflict_and_changes_nothing() {
    let house = House::new("tenants_name").await;
    let tenancy = house.databases.tenancy().unwrap();
    tenancy.create(&id("acme"), "Acme").await.unwrap();

    let refused = tenancy.create(&id("acme"), "Other").await;

    assert!(
        matches!(refused, Err(Error::TenantExists(_))),
        "{refused:?}"
    );
    assert_eq!(
        tenancy.get(&id("acme")).await.unwrap().unwrap().name,
        "Acme"
    );
    house.close().await;
}

#[tokio::test]
async fn tenants_are_listed_in_order_batch_by_batch() {
    let house = House::new("tenants_list").await;
    let tenancy = house.databases.tenancy().unwrap();
    for name in ["b", "a", "c"] {
        tenancy.create(&id(name), name).await.unwrap();
    }

    let first = tenancy.list(None, 2).await.unwrap();
    let rest = tenancy.list(Some(&first[1].id), 2).await.unwrap();

    let ids: Vec<&str> = first
        .iter()
        .chain(&rest)
        .map(|tenant| tenant.id.as_str())
        .collect();
    assert_eq!(ids, ["a", "b", "c"]);
    house.close().await;
}

#[tokio::test]
async fn databases_that_are_there_differently_make_no_tenant() {
    let house = House::new("tenants_different").await;
    let tenancy = house.databases.tenancy().unwrap();
    let name = format!("{}__acme", house.names.name("customer"));
    let left = house.outside(&name).await.collection::<Document>("clients");
    left.insert_one(doc! { "clientCode": "C-1" }).await.unwrap();

    let refused = tenancy.create(&id("acme"), "Acme").await.unwrap_err();

    assert!(matches!(refused, Error::Incomplete { .. }), "{refused:?}");
    assert!(
        refused
            .to_string()
            .contains("clients lacks index `clientCode_1`"),
        "{refused}"
    );
    assert_eq!(tenancy.get(&id("acme")).await.unwrap(), None);
    let nameless = tenancy.create(&id("other"), "").await.unwrap_err();
    assert!(matches!(nameless, Error::Invalid { .. }), "{nameless:?}");
    assert!(
        !house
            .names
            .existing()
            .await
            .iter()
            .any(|name| name.ends_with("__other"))
    );
    house.close().await;
}

#[tokio::test]
async fn a_tenant_waits_for_an_optional_database_that_is_down() {
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Visit {
        page: String,
    }
    impl mongoplex::Model for Visit {
        const COLLECTION: &str = "visits";
    }
    mongoplex::logical_database! { optional Reports = "reports", per_tenant: [Visit] }
    let set = own_set(Nodes::One).await;
    let proxy = mongoplex_testing::Proxy::start(&set.nodes()[0].address()).await;
    proxy.refuse().await;
    let names = mongoplex_testing::TestDatabases::new("tenants_optional");
    let registry = crate::house::registry().with::<Reports>();
    let sources =
        crate::house::sources(&names).variable("DATABASE_REPORTS_URI", proxy.uri("reports"));
    let config = mongoplex::Config::load(&registry, &[], &sources).unwrap();
    let databases = mongoplex::Databases::builder(registry, config)
        .connect()
        .await
        .unwrap();
    databases.schema().common(Mode::Add).await.unwrap();
    let tenancy = databases.tenancy().unwrap();

    tenancy.create(&id("acme"), "Acme").await.unwrap_err();
    assert_eq!(
        tenancy.get(&id("acme")).await.unwrap(),
        None,
        "no row before all is complete"
    );
    proxy.pass().await;
    crate::house::eventually("it is created once all is up", async || {
        tenancy.create(&id("acme"), "Acme").await.is_ok()
    })
    .await;

    databases.shutdown(crate::house::PATIENCE).await;
    proxy.stop().await;
    names.drop().await;
    set.stop().await;
}
