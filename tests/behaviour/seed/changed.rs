//! What becomes of rows that people changed, and of those that a seed has no longer.

use models::admin_server::Role;
use mongoplex::{
    bson::doc,
    seed::{Changed, Outcome, Seed},
};

use super::{Bed, admin, counts, roles};

/// Seeds level 5, lets a person set the level of `a` to 7 and the name of `b` to another, and seeds level 6.
async fn changed(bed: &Bed, policy: Changed) -> Outcome {
    bed.seeder().run().await.unwrap();
    let admins = bed.database("admin");
    bed.update(&admins, "roles", doc! { "slug": "a" }, doc! { "level": 7 })
        .await;
    bed.update(
        &admins,
        "roles",
        doc! { "slug": "b" },
        doc! { "name": "Bee" },
    )
    .await;
    bed.writes();
    let later = bed.again(&[], vec![admin(seed(policy, 6))]).await;
    let outcome = later.seeder().run().await.unwrap();
    later.shutdown(std::time::Duration::ZERO).await;
    outcome
}

fn seed(policy: Changed, level: i32) -> Seed<Role> {
    roles(Seed::reference("roles"), &["a", "b", "c"], level).changed(policy)
}

/// Returns slug, name, level and version of all roles.
async fn stored(bed: &Bed) -> Vec<(String, String, i32, i64)> {
    let found = bed.all(&bed.database("admin"), "roles").await;
    let text = |role: &mongoplex::bson::Document, key| role.get_str(key).unwrap().to_owned();
    let mut stored: Vec<_> = found
        .iter()
        .map(|role| {
            let level = role.get_i32("level").unwrap();
            (
                text(role, "slug"),
                text(role, "name"),
                level,
                role.get_i64("version").unwrap(),
            )
        })
        .collect();
    stored.sort();
    stored
}

fn expected(all: [(&str, &str, i32, i64); 3]) -> Vec<(String, String, i32, i64)> {
    all.map(|(slug, name, level, version)| (slug.to_owned(), name.to_owned(), level, version))
        .to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_changed_is_written_over_where_the_seed_says_so() {
    let bed = Bed::new("seed_overwrite", vec![admin(seed(Changed::Overwrite, 5))]).await;

    let outcome = changed(&bed, Changed::Overwrite).await;

    assert_eq!(outcome.rows, counts(0, 3, 0, 0, 0));
    // People's changes went past the library, which counts its own.
    assert_eq!(
        stored(&bed).await,
        expected([("a", "A", 6, 2), ("b", "B", 6, 2), ("c", "C", 6, 2)])
    );
    bed.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_changed_is_kept_field_by_field() {
    let bed = Bed::new("seed_keep", vec![admin(seed(Changed::Keep, 5))]).await;

    let outcome = changed(&bed, Changed::Keep).await;

    assert_eq!(outcome.rows, counts(0, 2, 0, 0, 2));
    assert_eq!(
        stored(&bed).await,
        expected([("a", "A", 7, 1), ("b", "Bee", 6, 2), ("c", "C", 6, 2)])
    );
    let later = bed.again(&[], vec![admin(seed(Changed::Keep, 6))]).await;
    bed.writes();
    let again = later.seeder().run().await.unwrap();
    assert_eq!(again.rows, counts(0, 0, 1, 0, 2));
    assert_eq!(bed.writes(), Vec::<String>::new());
    later.shutdown(std::time::Duration::ZERO).await;
    bed.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seed_may_fail_where_people_changed_something_and_then_writes_nothing() {
    let bed = Bed::new("seed_fail", vec![admin(seed(Changed::Fail, 5))]).await;

    let outcome = changed(&bed, Changed::Fail).await;

    let [failed] = &outcome.failed[..] else {
        panic!("{outcome:?}")
    };
    assert!(
        failed.reason.starts_with("people changed level of 2 rows"),
        "{}",
        failed.reason
    );
    assert!(!failed.reason.contains("Bee"));
    assert_eq!(
        stored(&bed).await,
        expected([("a", "A", 7, 1), ("b", "Bee", 5, 1), ("c", "C", 5, 1)])
    );
    let admins = bed.database("admin");
    assert_eq!(
        bed.entry(&admins, "roles")
            .await
            .unwrap()
            .get_str("state")
            .unwrap(),
        "failed"
    );
    bed.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pruning_takes_the_seeds_own_rows_and_no_others() {
    let pruning = |slugs: &'static [&'static str]| {
        vec![admin(roles(Seed::reference("roles"), slugs, 5).pruning())]
    };
    let bed = Bed::new("seed_prune", pruning(&["a", "b", "theirs"])).await;
    let by_hand = |slug: &str| Role {
        slug: slug.into(),
        name: slug.to_uppercase(),
        description: None,
        level: 5,
        permissions: Vec::new(),
        is_system_role: false,
    };
    let roles = bed.house.admin().collection::<Role>();
    for slug in ["theirs", "unknown"] {
        roles.insert_one(by_hand(slug)).await.unwrap();
    }
    let first = bed.seeder().run().await.unwrap();
    assert_eq!(first.rows, counts(2, 0, 1, 0, 0));

    let later = bed.again(&[], pruning(&["a"])).await;
    let outcome = later.seeder().run().await.unwrap();

    assert_eq!(outcome.rows, counts(0, 0, 1, 1, 0));
    let found = roles.find(doc! {}).sort(doc! { "slug": 1 }).await.unwrap();
    let left: Vec<String> = futures_util::TryStreamExt::try_collect::<Vec<Role>>(found)
        .await
        .unwrap()
        .into_iter()
        .map(|role| role.slug)
        .collect();
    assert_eq!(left, ["a", "theirs", "unknown"]);
    let pruned = bed
        .one(&bed.database("admin"), "roles", doc! { "slug": "b" })
        .await
        .unwrap();
    assert!(
        pruned.contains_key("deletedAt"),
        "deleting only marks there"
    );
    later.shutdown(std::time::Duration::ZERO).await;
    bed.close().await;
}
