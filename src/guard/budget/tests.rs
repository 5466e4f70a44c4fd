use std::{thread, time::Duration};

use rand::{Rng, SeedableRng, rngs::StdRng};

use super::*;
use crate::guard::tests::events::Events;

const EXHAUSTED: &str = "WARN the retry budget of `shop` and all on its deployment is exhausted, most \
                         of what fails is not sent again {db.logical=shop budget.state=exhausted}";

/// Returns what is told where so many retries were refused.
fn paying(refused: u32) -> String {
    format!(
        "INFO the retry budget of `shop` and all on its deployment pays again, {refused} retries were \
         refused {{db.logical=shop budget.state=paying budget.refused={refused}}}"
    )
}

#[test]
fn what_is_less_than_a_token_is_not_lost() {
    let budget = Budget::new("shop", 500);
    let mut now = Instant::now();
    while budget.withdraw(now) {}

    let mut retries = 0;
    for _ in 0..100 {
        now += Duration::from_millis(190);
        retries += u32::from(budget.withdraw(now));
    }

    assert!((36..=38).contains(&retries), "{retries} in 19 s");
}

#[test]
fn retries_add_at_most_a_fifth_to_what_succeeds_once_the_reserve_is_spent() {
    for seed in 0..200 {
        let mut random = StdRng::seed_from_u64(seed);
        let budget = Budget::new("shop", 500);
        let now = Instant::now();
        let (mut successes, mut retries) = (0_u32, 0_u32);
        for _ in 0..20_000 {
            if random.random_bool(0.6) {
                budget.deposit();
                successes += 1;
            } else if budget.withdraw(now) {
                retries += 1;
            }
            assert!(budget.tokens() <= 500);
        }
        assert!(retries <= 500 / COST + successes / COST, "seed {seed}");
        assert!(retries >= successes / COST, "seed {seed}");
    }
}

#[test]
fn where_nothing_succeeds_two_retries_a_second_are_left() {
    let budget = Budget::new("shop", 500);
    let mut now = Instant::now();
    while budget.withdraw(now) {}

    let mut retries = 0;
    for _ in 0..100 {
        now += Duration::from_millis(100);
        retries += u32::from(budget.withdraw(now));
    }

    assert!((18..=20).contains(&retries), "{retries} in 10 s");
}

#[test]
fn without_capacity_nothing_is_paid_or_told() {
    let (budget, events) = (Budget::new("shop", 0), Events::listen());
    budget.deposit();

    assert!(!budget.withdraw(Instant::now() + Duration::from_secs(60)));

    assert!(events.take().is_empty());
}

#[test]
fn it_is_told_once_that_it_is_exhausted_and_once_that_it_pays_again() {
    let (budget, events) = (Budget::new("shop", 500), Events::listen());
    let now = Instant::now();
    let exhaust = || {
        while budget.withdraw(now) {}
        (0..9).for_each(|_| assert!(!budget.withdraw(now)));
    };

    for _ in 0..2 {
        exhaust();
        assert_eq!(events.take(), [EXHAUSTED]);
        (0..249).for_each(|_| budget.deposit());
        assert!(events.take().is_empty(), "not half of it is there");
        budget.deposit();
        assert_eq!(events.take(), [paying(10)]);
        (0..500).for_each(|_| budget.deposit());
        assert_eq!(budget.tokens(), 500);
    }

    assert!(events.take().is_empty());
}

#[test]
fn what_it_pays_now_and_then_while_it_is_exhausted_is_not_told() {
    let (budget, events) = (Budget::new("shop", 500), Events::listen());
    let mut now = Instant::now();
    while budget.withdraw(now) {}
    events.take();

    let mut paid = 0;
    for _ in 0..600 {
        now += Duration::from_millis(100);
        budget.deposit();
        paid += u32::from(budget.withdraw(now));
        paid += u32::from(budget.withdraw(now));
    }

    assert!(paid > 100, "{paid} in a minute");
    assert!(events.take().is_empty());
}

#[test]
fn time_alone_fills_it_and_that_is_told_by_the_first_retry_after_it() {
    let (budget, events) = (Budget::new("shop", 500), Events::listen());
    let now = Instant::now();
    while budget.withdraw(now) {}
    events.take();

    assert!(budget.withdraw(now + Duration::from_secs(60)));

    assert_eq!(events.take(), [paying(1)]);
}

/// Returns how many retries a caller was refused, and what its thread told meanwhile.
fn call(budget: &Budget, now: Instant, seed: u64) -> (u32, Vec<String>) {
    let (mut random, events) = (StdRng::seed_from_u64(seed), Events::listen());
    let mut refused = 0;
    for _ in 0..20_000 {
        if random.random_bool(0.8) {
            budget.deposit();
        } else {
            refused += u32::from(!budget.withdraw(now));
        }
    }
    (refused, events.take())
}

#[test]
fn on_many_threads_each_transition_is_told_once_and_counts_what_was_refused() {
    let (budget, now) = (Budget::new("shop", 50), Instant::now());

    let ended: Vec<_> = thread::scope(|scope| {
        let budget = &budget;
        let calls = (0..4).map(|seed| scope.spawn(move || call(budget, now, seed)));
        let calls: Vec<_> = calls.collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    // The last time may still be open; it ends on this thread.
    let events = Events::listen();
    (0..50).for_each(|_| budget.deposit());

    let refused: u32 = ended.iter().map(|(refused, _)| refused).sum();
    let told = ended
        .into_iter()
        .flat_map(|(_, told)| told)
        .chain(events.take());
    let (begun, over): (Vec<_>, Vec<_>) = told.partition(|line| line == EXHAUSTED);
    assert!(begun.len() > 1);
    assert_eq!(begun.len(), over.len());
    let of = |line: &String| {
        line.split(['=', '}'])
            .nth(3)
            .unwrap()
            .parse::<u32>()
            .unwrap()
    };
    assert_eq!(over.iter().map(of).sum::<u32>(), refused);
}

#[test]
fn what_time_has_given_is_there_when_somebody_looks() {
    let budget = Budget::new("shop", 500);
    while budget.withdraw(Instant::now()) {}
    assert!(budget.tokens() < COST);

    *budget.filled.lock().unwrap() -= Duration::from_secs(10);

    assert!(budget.tokens() >= 100, "10 a second: {}", budget.tokens());
}
