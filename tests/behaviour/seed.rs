//! Seeds on real sets: what is written, what is left alone, and what is refused.

mod bed;
mod changed;
mod content;
mod cut;
mod order;
mod refused;

use models::admin_server::{Admin, Role};
use mongoplex::{
    bson::{Document, doc},
    seed::{Counts, List, Row, Seed},
};

use self::bed::Bed;

/// Returns a role's row.
fn role(slug: &str, level: i32) -> Row {
    Row::new(&doc! { "slug": slug, "name": slug.to_uppercase(), "level": level, "permissions": [] })
}

/// Returns a seed of roles of these names, all of one level.
fn roles(seed: Seed<Role>, slugs: &'static [&'static str], level: i32) -> Seed<Role> {
    let rows = move |slug: &&str| role(slug, level);
    seed.key(&["slug"])
        .rows(move |_| Ok(slugs.iter().map(rows).collect()))
}

fn admin(seed: Seed<Role>) -> List {
    List::of::<Admin>().with(seed).end()
}

fn counts(inserted: u64, updated: u64, unchanged: u64, pruned: u64, kept: u64) -> Counts {
    let mut counts = Counts::default();
    (counts.inserted, counts.updated, counts.unchanged) = (inserted, updated, unchanged);
    (counts.pruned, counts.kept) = (pruned, kept);
    counts
}

/// Returns the documents without what differs from one database to another.
fn plain(documents: Vec<Document>) -> Vec<Document> {
    let strip = |mut document: Document| {
        for field in ["_id", "createdAt", "updatedAt"] {
            document.remove(field);
        }
        document
    };
    let mut plain: Vec<Document> = documents.into_iter().map(strip).collect();
    plain.sort_by_key(ToString::to_string);
    plain
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_finds_everything_as_it_is_and_sends_no_write() {
    let bed = Bed::new(
        "seed_twice",
        vec![admin(roles(Seed::reference("roles"), &["a", "b"], 5))],
    )
    .await;
    bed.writes();

    let first = bed.seeder().run().await.unwrap();
    let after_first = bed.all(&bed.database("admin"), "roles").await;
    assert!(!bed.writes().is_empty(), "the listening works");
    let second = bed.seeder().run().await.unwrap();

    assert!(first.is_whole(), "{first:?}");
    assert_eq!(first.rows, counts(2, 0, 0, 0, 0));
    assert_eq!(second.rows, counts(0, 0, 2, 0, 0));
    assert_eq!(bed.writes(), Vec::<String>::new());
    assert_eq!(bed.all(&bed.database("admin"), "roles").await, after_first);
    let expected = ["a", "b"].map(|slug| {
        doc! {
            "slug": slug, "name": slug.to_uppercase(), "level": 5, "permissions": [],
            "isSystemRole": false, "version": 1_i64,
        }
    });
    assert_eq!(plain(after_first), expected);
    bed.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_at_once_write_every_row_once() {
    let slugs: &[&str] = &["a", "b", "c", "d", "e", "f"];
    let bed = Bed::new(
        "seed_at_once",
        vec![admin(roles(Seed::reference("roles"), slugs, 5))],
    )
    .await;
    let wait = std::time::Duration::from_secs(30);
    let other = bed
        .again(&[], vec![admin(roles(Seed::reference("roles"), slugs, 5))])
        .await;

    let seeders = (bed.seeder().wait(wait), other.seeder().wait(wait));
    let (one, two) = tokio::join!(seeders.0.run(), seeders.1.run());

    let (one, two) = (one.unwrap(), two.unwrap());
    assert!(one.is_whole() && two.is_whole(), "{one:?} {two:?}");
    assert_eq!(one.rows.inserted + two.rows.inserted, 6);
    assert_eq!(bed.all(&bed.database("admin"), "roles").await.len(), 6);
    other.shutdown(wait).await;
    bed.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_somebody_took_away_comes_back_unless_it_is_written_once() {
    for (seed, expected) in [
        (
            roles(Seed::reference("roles"), &["a", "b"], 5),
            counts(1, 0, 1, 0, 0),
        ),
        (
            roles(Seed::once("roles"), &["a", "b"], 5),
            counts(0, 0, 1, 0, 1),
        ),
    ] {
        let bed = Bed::new("seed_removed", vec![admin(seed)]).await;
        bed.seeder().run().await.unwrap();
        let roles = bed.house.admin().collection::<Role>();
        roles.delete_one(doc! { "slug": "a" }).await.unwrap();
        bed.writes();

        let again = bed.seeder().run().await.unwrap();

        assert_eq!(again.rows, expected, "{again:?}");
        assert_eq!(bed.writes().is_empty(), expected.inserted == 0);
        bed.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seed_that_writes_once_leaves_what_people_changed_and_adds_what_is_new() {
    let bed = Bed::new(
        "seed_once",
        vec![admin(roles(Seed::once("roles"), &["a"], 5))],
    )
    .await;
    bed.seeder().run().await.unwrap();
    let admins = bed.database("admin");
    bed.update(&admins, "roles", doc! { "slug": "a" }, doc! { "level": 7 })
        .await;
    let later = bed
        .again(&[], vec![admin(roles(Seed::once("roles"), &["a", "b"], 9))])
        .await;

    let outcome = later.seeder().run().await.unwrap();

    assert_eq!(outcome.rows, counts(1, 0, 1, 0, 0));
    let levels = bed.all(&admins, "roles").await;
    let levels: Vec<i32> = levels
        .iter()
        .map(|role| role.get_i32("level").unwrap())
        .collect();
    assert_eq!(levels, [7, 9]);
    later.shutdown(std::time::Duration::ZERO).await;
    bed.close().await;
}
