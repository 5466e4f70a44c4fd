use mongodb::options::Acknowledgment;

use crate::{Config, Registry, Sources};

crate::logical_database! { Shop = "shop" }
crate::logical_database! { Log = "log" }

fn config(environment: &str) -> Sources {
    Sources::default()
        .variable("MONGOPLEX_ENV", environment)
        .variable("DATABASE_SHOP_URI", "mongodb://h/shop?maxPoolSize=7&w=1")
        .variable("DATABASE_LOG_URI", "mongodb://h/log")
}

async fn pools(sources: Sources) -> Vec<(Option<u32>, Option<u32>)> {
    let registry = Registry::new().with::<Shop>().with::<Log>();
    let config = Config::load(&registry, &[], &sources).unwrap();
    let mut pools = Vec::new();
    for database in &config.databases {
        let options = database.client_options("test".into()).await.unwrap();
        assert_eq!(options.app_name.as_deref(), Some("test"));
        pools.push((options.max_pool_size, options.min_pool_size));
    }
    pools
}

#[tokio::test]
async fn a_variable_wins_over_the_uri_and_the_uri_over_the_preset() {
    let presets = pools(config("production")).await;
    assert_eq!(presets, [(Some(7), Some(7)), (Some(200), Some(10))]);
    assert_eq!(pools(config("development")).await[1], (Some(50), Some(2)));

    let all = config("production").variable("DB_MAX_POOL_SIZE", "20");
    assert_eq!(
        pools(all.clone()).await,
        [(Some(20), Some(10)), (Some(20), Some(10))]
    );
    let one = all.variable("DATABASE_LOG_MAX_POOL_SIZE", "30");
    assert_eq!(pools(one).await[1], (Some(30), Some(10)));
}

#[tokio::test]
async fn writes_are_acknowledged_by_a_majority_unless_somebody_says_otherwise() {
    let registry = Registry::new().with::<Shop>().with::<Log>();
    let config = Config::load(&registry, &[], &config("development")).unwrap();

    let shop = config.databases[0]
        .client_options("x".into())
        .await
        .unwrap();
    let log = config.databases[1]
        .client_options("x".into())
        .await
        .unwrap();

    assert_eq!(
        shop.write_concern.unwrap().w,
        Some(Acknowledgment::Nodes(1))
    );
    assert_eq!(log.write_concern.unwrap().w, Some(Acknowledgment::Majority));
}
