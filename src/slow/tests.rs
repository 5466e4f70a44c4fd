use std::sync::atomic::{AtomicUsize, Ordering};

use mongodb::{
    Client,
    bson::{Document, doc},
    options::ClientOptions,
};
use tokio::time::advance;

use super::{group::SHAPES, *};

const SECOND: Duration = Duration::from_secs(1);

/// Inputs that say what they are told to.
struct Said {
    shape: String,
    question: Option<Document>,
    asked: AtomicUsize,
}

impl Said {
    fn new(shape: impl Into<String>) -> Self {
        Self {
            shape: shape.into(),
            question: None,
            asked: AtomicUsize::new(0),
        }
    }
}

impl Inputs for Said {
    fn shape(&self) -> String {
        self.shape.clone()
    }

    fn question(&self) -> Option<Question> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.question.clone().map(question)
    }
}

/// A question that nobody answers.
fn question(command: Document) -> Question {
    let options = ClientOptions::default();
    #[expect(clippy::disallowed_methods, reason = "a client that never connects")]
    let client = Client::with_options(options).unwrap();
    Question {
        database: client.database("shop"),
        command,
        fields: Fields::new(None, ["tier".to_owned()]),
        cure: Some("an index".into()),
        answer: Answer::Documents,
    }
}

fn slow(inputs: &Said, elapsed: Duration) -> Call<'_> {
    Call {
        collection: "orders",
        operation: "find",
        elapsed,
        origin: Origin::Database,
        inputs,
    }
}

fn log() -> (Log, Explainer) {
    let (queue, explainer) = queue();
    (Log::new("shop", queue), explainer)
}

#[test]
fn calls_of_one_shape_are_one_group_with_its_p95_and_its_slowest() {
    let (log, _explainer) = log();
    let (one, other) = (Said::new("one"), Said::new("other"));

    for number in 1..=100 {
        log.record(&slow(&one, SECOND * number));
    }
    log.record(&slow(&other, SECOND));

    let seen = log.seen();
    assert_eq!(seen.len(), 2);
    let of_one = seen.iter().find(|seen| &*seen.shape == "one").unwrap();
    assert_eq!((of_one.count, of_one.max), (100, SECOND * 100));
    let p95 = of_one.p95.as_secs_f64();
    assert!((p95 / 95.0 - 1.0).abs() < 0.02, "{p95}");
    let counts = log.counts();
    assert_eq!(counts.len(), 1);
    assert_eq!(
        (counts[0].collection, counts[0].operation, counts[0].calls),
        ("orders", "find", 101)
    );
}

#[tokio::test(start_paused = true)]
async fn shapes_beyond_the_room_are_counted_as_one_until_one_was_quiet_for_an_hour() {
    let (log, _explainer) = log();
    let record = |name: &str| log.record(&slow(&Said::new(name), SECOND));
    let has = |name: &str| log.seen().iter().any(|seen| &*seen.shape == name);

    for number in 0..SHAPES + 50 {
        record(&format!("shape {number}"));
    }

    let seen = log.seen();
    assert_eq!(seen.len(), SHAPES + 1);
    let other = seen.iter().find(|seen| &*seen.shape == "_other").unwrap();
    assert_eq!(
        (other.count, other.collection, other.operation),
        (50, "_other", "_other")
    );
    assert_eq!(log.counts()[0].calls, SHAPES as u64 + 50);

    advance(SECOND * 3_600).await;
    for number in 1..SHAPES {
        record(&format!("shape {number}"));
    }
    record("new");

    assert!(has("new") && !has("shape 0") && has("shape 1"));
    let all: u64 = log.seen().iter().map(|seen| seen.count).sum();
    assert_eq!(all, log.counts()[0].calls, "no call is lost with its shape");
}

#[tokio::test(start_paused = true)]
async fn a_shape_is_explained_at_most_once_in_ten_minutes() {
    let (log, _explainer) = log();
    let mut inputs = Said::new("one");
    inputs.question = Some(doc! { "find": "orders" });
    let asked = || inputs.asked.load(Ordering::Relaxed);

    for _ in 0..100 {
        log.record(&slow(&inputs, SECOND));
    }
    assert_eq!(asked(), 1);

    advance(SECOND * 599).await;
    log.record(&slow(&inputs, SECOND));
    assert_eq!(asked(), 1);
    advance(SECOND).await;
    log.record(&slow(&inputs, SECOND));
    assert_eq!(asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_shape_is_logged_at_most_once_a_minute_with_how_often_it_was_slow_since() {
    let mut room = Room::default();
    let mut note = |shape: &str| {
        let key = Key {
            collection: "orders",
            operation: "find",
            shape: shape.into(),
        };
        room.note(key, SECOND).line
    };

    assert_eq!(note("one"), Some(1));
    for _ in 0..50 {
        assert_eq!(note("one"), None);
    }
    assert_eq!(note("other"), Some(1));
    advance(SECOND * 59).await;
    assert_eq!(note("one"), None);
    advance(SECOND).await;
    assert_eq!((note("one"), note("one")), (Some(52), None));
}

#[tokio::test(start_paused = true)]
async fn what_only_waited_is_not_explained_and_the_next_call_is() {
    let (log, _explainer) = log();
    let inputs = Said::new("one");

    let waited = Call {
        origin: Origin::Waiting,
        ..slow(&inputs, SECOND)
    };
    log.record(&waited);
    assert_eq!(inputs.asked.load(Ordering::Relaxed), 0);
    log.record(&slow(&inputs, SECOND));

    assert_eq!(inputs.asked.load(Ordering::Relaxed), 1);
    assert_eq!(log.seen()[0].count, 2);
}

#[tokio::test]
async fn a_full_queue_delays_nobody_and_what_found_no_place_is_asked_again() {
    let (log, mut explainer) = log();
    let record = |name: String| {
        let mut inputs = Said::new(name);
        inputs.question = Some(doc! { "find": "orders" });
        log.record(&slow(&inputs, SECOND));
        inputs.asked.into_inner()
    };

    for number in 0..40 {
        // What finds no place is not even made.
        let asked = usize::from(number < 32);
        assert_eq!(record(format!("shape {number}")), asked, "{number}");
    }

    assert_eq!(record("shape 0".into()), 0, "it waits for its turn");
    explainer.take_one().await;
    assert_eq!(record("shape 39".into()), 1, "it found no place before");
}

#[tokio::test]
async fn nothing_is_asked_while_it_may_not_be_and_later_it_is() {
    let (log, explainer) = log();
    let mut inputs = Said::new("one");
    inputs.question = Some(doc! { "find": "orders" });
    log.record(&slow(&inputs, SECOND));
    let (told, mut refused) = tokio::sync::mpsc::unbounded_channel();
    let mut running = tokio::task::JoinSet::new();
    running.spawn(explainer.run(move |database| {
        told.send(database).unwrap();
        false
    }));

    assert_eq!(refused.recv().await, Some("shop"));
    log.record(&slow(&inputs, SECOND));

    assert_eq!(refused.recv().await, Some("shop"));
    assert_eq!(log.seen()[0].finding, None);
    running.shutdown().await;
}

fn read(reply: Document, answer: Answer) -> Finding {
    let question = Question {
        answer,
        ..question(doc! {})
    };
    plan::read(&reply, &question)
}

fn stats(examined: i32, returned: i32) -> Document {
    doc! { "executionSuccess": true, "nReturned": returned, "totalKeysExamined": 3, "totalDocsExamined": examined }
}

fn answered(plan: Document, examined: i32, returned: i32) -> Document {
    doc! {
        "queryPlanner": { "winningPlan": plan },
        "executionStats": stats(examined, returned),
        "command": { "filter": { "queryPlanner": "CANARY", "winningPlan": { "stage": "CANARY" } } },
    }
}

#[tokio::test]
async fn a_plan_is_told_by_what_reads_and_advice_only_where_there_is_some() {
    let index = doc! { "stage": "IXSCAN", "keyPattern": { "tier": 1, "canary": -1 } };
    let fetch = doc! { "stage": "FETCH", "inputStage": &index };

    let scan = read(
        answered(doc! { "stage": "COLLSCAN" }, 5_000, 20),
        Answer::Documents,
    );
    assert_eq!(
        (&*scan.plan, scan.examined, scan.returned),
        ("COLLSCAN", Some(5_000), Some(20))
    );
    assert_eq!(
        (scan.keys_examined, scan.advice.as_deref()),
        (Some(3), Some("an index"))
    );

    let good = read(answered(fetch.clone(), 2_000, 20), Answer::Documents);
    assert_eq!(
        (&*good.plan, good.advice),
        ("IXSCAN { tier: 1, ?: -1 }", None)
    );

    let far = read(answered(fetch.clone(), 2_001, 20), Answer::Documents);
    let advice = "examined far above returned: 2001 documents for 20";
    assert_eq!(far.advice.as_deref(), Some(advice));
    // A count gives one number for all that it looks at.
    assert_eq!(
        read(answered(fetch.clone(), 2_001, 1), Answer::Made).advice,
        None
    );

    let either = doc! { "stage": "SUBPLAN", "inputStage": { "stage": "OR", "inputStages": [&fetch, { "stage": "COLLSCAN" }, &fetch] } };
    assert_eq!(
        read(answered(either, 1, 1), Answer::Documents).plan,
        "IXSCAN { tier: 1, ?: -1 }, COLLSCAN"
    );
    // As newer servers tell it.
    let newer = doc! { "queryPlan": &fetch, "slotBasedPlan": {} };
    assert_eq!(
        read(answered(newer, 1, 1), Answer::Documents).plan,
        "IXSCAN { tier: 1, ?: -1 }"
    );
}

#[tokio::test]
async fn pipelines_and_shards_are_read_too_and_what_failed_says_so() {
    let scan = || answered(doc! { "stage": "COLLSCAN" }, 7, 7);
    let stages = doc! { "stages": [{ "$cursor": scan() }, { "$group": {} }] };
    let found = read(stages, Answer::Made);
    assert_eq!((&*found.plan, found.examined), ("COLLSCAN", Some(7)));

    let shards = doc! { "shards": { "a": scan(), "b": { "stages": [{ "$cursor": scan() }] } } };
    let found = read(shards, Answer::Made);
    assert_eq!((&*found.plan, found.examined), ("COLLSCAN", Some(14)));

    let mut late = scan();
    late.insert("executionStats", doc! { "executionSuccess": false });
    assert_eq!(
        read(late, Answer::Documents).plan,
        "COLLSCAN (run for the figures it took longer than 1 s)"
    );
    assert_eq!(
        read(doc! {}, Answer::Documents).plan,
        "not explained: the server told no plan"
    );
}
