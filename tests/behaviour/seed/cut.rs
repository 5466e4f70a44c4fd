//! A run that ends at any instant: the next one finishes it, and nobody can tell.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use models::admin_server::Admin;
use mongoplex::{
    Databases,
    bson::{Document, doc},
    mongodb::event::{EventHandler, command::CommandEvent},
    seed::{Changed, List, Seed},
};
use tokio::sync::Notify;

use super::{Bed, bed::WRITES, plain, roles};
use crate::house::{config, registry};

/// What is seeded first, and what a later build has in its place: one row less, one more, and all changed.
fn lists(is_later: bool) -> Vec<List> {
    let (slugs, level): (&[&str], _) = match is_later {
        false => (&["a", "b"], 5),
        true => (&["b", "c"], 6),
    };
    let seed = roles(Seed::reference("roles"), slugs, level);
    let list = List::of::<Admin>().with(seed.pruning().changed(Changed::Keep));
    let once = roles(
        Seed::once("once"),
        if is_later { &["x", "y"] } else { &["x"] },
        level,
    );
    vec![list.with(once).end()]
}

/// Runs the later seeds and ends with their n-th write, before it is answered. Returns whether it came to that.
async fn cut(bed: &Bed, nth: usize) -> bool {
    let (left, reached) = (AtomicUsize::new(nth), Arc::new(Notify::new()));
    let notify = reached.clone();
    let handler = EventHandler::callback(move |event| {
        let CommandEvent::Started(started) = event else {
            return;
        };
        let is_probe = started.command.get_str("delete").ok() == Some("mongoplex_probe");
        let is_write = WRITES.contains(&started.command_name.as_str()) && !is_probe;
        if is_write && left.fetch_sub(1, Ordering::SeqCst) == 1 {
            notify.notify_one();
        }
    });
    let builder = Databases::builder(registry(), config(&bed.house.names, &[]));
    let builder = lists(true)
        .into_iter()
        .fold(builder.command_events(handler), mongoplex::Connect::seeds);
    let process = builder.connect().await.unwrap();
    let seeder = process.seeder();
    let was_cut = tokio::select! {
        biased;
        () = reached.notified() => true,
        outcome = seeder.run() => {
            assert!(outcome.unwrap().is_whole());
            false
        }
    };
    process.shutdown(Duration::ZERO).await;
    was_cut
}

/// Returns roles and records without what differs from run to run.
async fn left_behind(bed: &Bed) -> (Vec<Document>, Vec<Document>) {
    let roles = plain(bed.all(&bed.database("admin"), "roles").await);
    let without_time = |mut role: Document| {
        role.remove("deletedAt")
            .map(|_| role.insert("isDeleted", true));
        role
    };
    let records = bed
        .all(bed.control(), "seed_rows")
        .await
        .into_iter()
        .map(|mut record| {
            let id = record
                .get_str("_id")
                .unwrap()
                .split_once('#')
                .unwrap()
                .1
                .to_owned();
            for field in ["_id", "id", "fence"] {
                record.remove(field);
            }
            record.insert("row", id);
            record
        });
    let records = plain(records.collect());
    (roles.into_iter().map(without_time).collect(), records)
}

/// Takes everything away that a round has left, past the library.
async fn clear(bed: &Bed) {
    let roles = bed.database("admin").collection::<Document>("roles");
    roles.delete_many(doc! {}).await.unwrap();
    for records in ["seeds", "seed_rows", "locks", "stamps"] {
        let records = bed.control().collection::<Document>(records);
        records.delete_many(doc! {}).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_ends_at_any_of_its_writes_is_finished_by_the_next_and_nothing_is_doubled() {
    let bed = Bed::new("seed_cut", lists(false)).await;
    let later = bed.again(&[], lists(true)).await;
    let (mut uncut, mut cuts) = (None, 0);
    // The first round is not cut at all.
    for nth in std::iter::once(usize::MAX).chain(1..100) {
        clear(&bed).await;
        bed.seeder().run().await.unwrap();
        let was_cut = cut(&bed, nth).await;
        // Its lease runs out.
        let over = doc! { "$set": { "expiresAt": mongoplex::bson::DateTime::from_millis(0) } };
        bed.control()
            .collection::<Document>("locks")
            .update_many(doc! {}, over)
            .await
            .unwrap();

        let outcome = later.seeder().run().await.unwrap();

        assert!(outcome.is_whole(), "cut at write {nth}: {outcome:?}");
        let left = left_behind(&bed).await;
        let expected = uncut.get_or_insert_with(|| left.clone());
        assert_eq!(left, *expected, "cut at write {nth}");
        bed.writes();
        assert_eq!(later.seeder().run().await.unwrap().rows.written(), 0);
        assert_eq!(bed.writes(), Vec::<String>::new(), "cut at write {nth}");
        if nth < usize::MAX && !was_cut {
            break;
        }
        cuts += usize::from(was_cut);
    }
    assert!(cuts >= 12, "only {cuts} writes were met");
    later.shutdown(Duration::ZERO).await;
    bed.close().await;
}
