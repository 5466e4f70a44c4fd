//! What the server is asked about slow reads: once, apart, and where the call went.

use mongoplex::{Force, bson::Bson, mongodb::IndexModel};

use super::*;

/// Waits until a shape has a plan, and returns it as it is then.
async fn planned(scene: &Scene, operation: &str) -> SlowView {
    let find = || {
        let mut slow = scene.slow().into_iter();
        slow.find(|own| own.operation == operation && own.plan.is_some())
    };
    eventually("it is explained", async || find().is_some()).await;
    find().unwrap()
}

#[tokio::test]
async fn a_shape_is_explained_once_inside_the_tenants_database_and_its_scope() {
    let scene = Scene::new("slow_tenant", &[]).await;
    let acme = scene.house.tenant("acme").await;
    let clients = acme.collection::<Client>();
    // What other tenants have is none of it.
    let globex = scene.house.tenant("globex").await;
    let outside = scene.house.outside(&globex.name()).await;
    let other = doc! { "clientCode": "x", "companyName": "x", "status": "lead", "addresses": [], "version": 1_i64,
    "createdAt": mongoplex::bson::DateTime::now(), "updatedAt": mongoplex::bson::DateTime::now() };
    outside
        .collection("clients")
        .insert_one(other)
        .await
        .unwrap();
    let fault = scene.slowed(["find"]).await;

    let filter = doc! { "addresses.city": "CANARY", "status": { "$in": ["lead"] } };
    let calls = (0..10).map(|_| {
        let find = clients.find(filter.clone()).sort(doc! { "createdAt": -1 });
        find.limit(7_i64).into_future()
    });
    join_all(calls).await;
    let own = planned(&scene, "find").await;
    let again = clients
        .find(filter.clone())
        .sort(doc! { "createdAt": -1 })
        .limit(7_i64);
    again.await.unwrap();
    drop(fault);

    assert_eq!((own.count, scene.slow()[0].count), (10, 11));
    let heard = scene.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    let (database, command) = &heard[0];
    assert_eq!(**database, *acme.name());
    let explained = command.get_document("explain").unwrap();
    assert_eq!(explained.get_str("find").unwrap(), "clients");
    let scoped = explained.get_document("filter").unwrap();
    assert_eq!(scoped.get("deletedAt"), Some(&Bson::Null), "{scoped}");
    assert_eq!(explained.get_i64("limit").unwrap(), 7);
    assert_eq!(command.get_i64("maxTimeMS").unwrap(), 1_000);
    assert_eq!(command.get_str("verbosity").unwrap(), "executionStats");
    let preference = command.get_document("$readPreference").unwrap();
    assert_eq!(preference.get_str("mode").unwrap(), "secondaryPreferred");
    assert_eq!(own.returned, Some(0));
    assert_eq!(own.examined, Some(0), "{own:?}");
    scene.house.close().await;
}

/// Returns what the monitor says of one read of plans by price.
async fn looked_at(scene: &Scene) -> SlowView {
    let plans = scene.house.customer().collection::<Plan>();
    let fault = scene.slowed(["find"]).await;
    let found = plans.find(doc! { "monthlyPrice": { "$gte": 500 }, "name": "CANARY" });
    let found = found
        .sort(doc! { "code": -1 })
        .hint(mongoplex::options::Hint::Keys(doc! { "$natural": 1 }));
    let found = match scene.test {
        "slow_scan" => found,
        _ => found.hint(mongoplex::options::Hint::Keys(
            doc! { "monthlyPrice": 1, "own": 1 },
        )),
    };
    found.await.unwrap();
    drop(fault);
    planned(scene, "find").await
}

async fn filled(scene: &Scene) {
    let many = (0..600).map(|at| Plan {
        monthly_price: at,
        ..plan(&at.to_string())
    });
    let plans = scene.house.customer().collection::<Plan>();
    plans.insert_many(many).await.unwrap();
}

#[tokio::test]
async fn a_read_without_an_index_is_told_which_one_would_serve_it() {
    let scene = Scene::new("slow_scan", &[]).await;
    filled(&scene).await;

    let own = looked_at(&scene).await;

    assert_eq!(own.plan.as_deref(), Some("COLLSCAN"));
    assert_eq!(
        (own.examined, own.keys_examined, own.returned),
        (Some(600), Some(0), Some(100))
    );
    let advice = "no index was used: one on { name: 1, code: -1, monthlyPrice: 1 } would serve it";
    assert_eq!(own.advice.as_deref(), Some(advice));
    scene.house.close().await;
}

#[tokio::test]
async fn a_read_with_an_index_is_shown_with_it_and_without_advice() {
    let scene = Scene::new("slow_index", &[]).await;
    filled(&scene).await;
    let plans = scene.house.customer().collection::<Plan>();
    let index = IndexModel::builder()
        .keys(doc! { "monthlyPrice": 1, "own": 1 })
        .build();
    plans.create_indexes([index]).await.unwrap();

    let own = looked_at(&scene).await;

    // A name that somebody gave an index past the model is not shown.
    assert_eq!(
        own.plan.as_deref(),
        Some("IXSCAN { monthlyPrice: 1, ?: 1 }")
    );
    assert_eq!(
        (own.examined, own.returned, own.advice),
        (Some(100), Some(100), None)
    );
    scene.house.close().await;
}

#[tokio::test]
async fn counts_values_and_pipelines_are_explained_and_writes_are_not() {
    let scene = Scene::new("slow_kinds", &[]).await;
    filled(&scene).await;
    let plans = scene.house.customer().collection::<Plan>();
    let fault = scene
        .slowed(["aggregate", "distinct", "find", "update"])
        .await;

    let away = doc! { "name": "nobody" };
    let (counted, values, summed, found, wrote, changed) = tokio::join!(
        plans.count_documents(away.clone()).into_future(),
        plans.distinct("code", away.clone()).into_future(),
        plans
            .aggregate([doc! { "$match": &away }, doc! { "$unwind": "$code" }])
            .into_future(),
        plans.find_one(away.clone()).into_future(),
        plans
            .aggregate([doc! { "$match": &away }, doc! { "$out": "slow_out" }])
            .into_future(),
        plans
            .update_many(away.clone(), doc! { "$set": { "code": "x" } })
            .into_future(),
    );
    assert!(counted.is_ok() && values.is_ok() && summed.is_ok() && found.is_ok());
    assert!(wrote.is_ok() && changed.is_ok());
    drop(fault);

    let planned = || {
        scene
            .slow()
            .into_iter()
            .filter(|own| own.plan.is_some())
            .collect::<Vec<_>>()
    };
    eventually("all reads are explained", async || planned().len() == 4).await;
    for own in planned() {
        assert_eq!(own.plan.as_deref(), Some("COLLSCAN"), "{own:?}");
        assert_eq!(own.examined, Some(600), "{own:?}");
        let advice = "no index was used: one on { name: 1 } would serve it";
        assert_eq!(own.advice.as_deref(), Some(advice), "{own:?}");
    }
    assert_eq!((scene.slow().len(), scene.heard().len()), (6, 4));
    scene.house.close().await;
}

#[tokio::test]
async fn an_explanation_that_takes_too_long_has_the_plan_without_figures() {
    let scene = Scene::new("slow_late", &[]).await;
    let plans = scene.house.customer().collection::<Plan>();
    plans.insert_many(["a", "b", "c"].map(plan)).await.unwrap();

    let slow = doc! { "$where": "sleep(600) || true" };
    let found: Vec<_> = plans.find(slow).await.unwrap().try_collect().await.unwrap();
    assert_eq!(found.len(), 3);

    let own = planned(&scene, "find").await;
    assert_eq!(own.shape, "{ $where: ? }");
    assert_eq!(
        own.plan.as_deref(),
        Some("COLLSCAN (run for the figures it took longer than 1 s)")
    );
    assert_eq!((own.examined, own.returned), (None, None));
    assert_eq!(own.advice.as_deref(), Some("no index was used"));
    scene.house.close().await;
}

#[tokio::test]
async fn nothing_is_explained_while_the_circuit_is_open() {
    let scene = Scene::new("slow_circuit", &[]).await;
    scene.house.tenant("acme").await;
    let plans = scene.house.customer().collection::<Plan>();
    let fault = scene.slowed(["find"]).await;
    let force = |to| assert!(scene.house.databases.force_circuit("customer", to));

    let (found, ()) = tokio::join!(plans.find_one(doc! { "name": "a" }).into_future(), async {
        eventually("it is under way", async || {
            scene
                .house
                .databases
                .guards()
                .iter()
                .any(|own| own.load.in_use == 1)
        })
        .await;
        force(Force::Open);
    });
    found.unwrap();
    assert_eq!(scene.counts(), [row("find_one", "{ name: ? }", 1)]);
    drop(fault);
    // One queue for all: once another database's read is explained, this one's turn has passed.
    let tenants = scene.house.admin().collection::<mongoplex::Tenant>();
    let sleeping = doc! { "$where": "sleep(1050) || true" };
    assert!(tenants.find_one(sleeping).await.unwrap().is_some());
    let other = |own: &SlowView| own.database == "admin" && own.plan.is_some();
    eventually("it was its turn", async || scene.slow().iter().any(other)).await;
    assert_eq!(scene.heard().len(), 1);
    let fault = scene.slowed(["find"]).await;
    force(Force::Free);
    let again = plans.find_one(doc! { "name": "a" }).await;
    again.unwrap();
    drop(fault);

    let own = |own: &SlowView| own.database == "customer" && own.plan.is_some();
    eventually("the next call is", async || scene.slow().iter().any(own)).await;
    assert_eq!(scene.heard().len(), 2, "{:?}", scene.heard());
    scene.house.close().await;
}
