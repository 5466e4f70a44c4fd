//! That the figures are right, on distributions that are known.

use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};

use super::*;

fn call(operation: &'static str, elapsed: Duration) -> Call<'static> {
    Call {
        collection: "orders",
        operation,
        tenant: None,
        outcome: Outcome::Ok,
        elapsed,
        waiting: Duration::ZERO,
        driver: elapsed,
        retries: 0,
    }
}

fn is_near(found: Option<f64>, expected: f64) -> bool {
    let found = found.unwrap();
    (found - expected).abs() <= expected * 0.01
}

/// Ten thousand calls of a tenth of a millisecond to a second, evenly: every quantile is known.
#[test]
fn quantiles_are_within_one_per_cent() {
    let meter = Meter::default();
    let mut all: Vec<u64> = (1..=10_000).collect();
    all.shuffle(&mut StdRng::seed_from_u64(7));
    for tenths in all {
        meter.record(&call("find", Duration::from_micros(tenths * 100)));
    }

    meter.tick();

    for window in meter.windows() {
        assert_eq!(window.calls, 10_000);
        for (found, expected) in [
            (window.p50_ms, 500.0),
            (window.p90_ms, 900.0),
            (window.p95_ms, 950.0),
            (window.p99_ms, 990.0),
            (window.max_ms, 1_000.0),
        ] {
            assert!(is_near(found, expected), "{found:?} is not {expected}");
        }
        assert!(is_near(window.driver_ms, 500.05), "{window:?}");
    }
}

/// Calls of a few microseconds and of hours are counted too, in the first and in the last bucket.
#[test]
fn no_call_is_too_short_or_too_long() {
    let meter = Meter::default();
    meter.record(&call("find", Duration::ZERO));
    meter.record(&call("find", Duration::from_secs(7_200)));

    meter.tick();

    let measured = &meter.measured()[0];
    assert_eq!(measured.totals.calls(), 2);
    assert_eq!(measured.totals.elapsed, Duration::from_secs(7_200));
    assert_eq!(measured.buckets, [1; BUCKETS.len()]);
}

#[test]
fn each_call_is_counted_by_its_outcome_once() {
    let meter = Meter::default();
    for (times, outcome) in Outcome::ALL.into_iter().enumerate() {
        for _ in 0..=times {
            meter.record(&Call {
                outcome,
                waiting: Duration::from_millis(2),
                retries: 1,
                ..call("update_one", Duration::from_millis(10))
            });
        }
    }
    meter.tick();

    let measured = &meter.measured()[0];
    assert_eq!(measured.totals.outcomes, [1, 2, 3, 4, 5, 6, 7]);
    let window = measured.windows[0];
    // Late, rejected, ambiguous and failed.
    assert_eq!(
        (window.calls, window.errors, window.retries),
        (28, 3 + 4 + 5 + 7, 28)
    );
    assert_eq!((window.error_rate, window.retry_rate), (19.0 / 28.0, 1.0));
    assert!(is_near(window.waiting_ms, 2.0));
}

/// Refusals are quick; they must not make a slow database look quick.
#[test]
fn rejected_calls_are_counted_and_have_no_latency() {
    let meter = Meter::default();
    meter.record(&call("find", Duration::from_millis(800)));
    for _ in 0..1_000 {
        let rejected = call("find", Duration::from_micros(10));
        meter.record(&Call {
            outcome: Outcome::Rejected,
            ..rejected
        });
    }

    meter.tick();

    let window = meter.windows()[0];
    assert_eq!((window.calls, window.errors), (1_001, 1_000));
    assert!(is_near(window.p50_ms, 800.0), "{window:?}");
    assert!(is_near(window.driver_ms, 800.0), "{window:?}");
    assert_eq!(meter.measured()[0].latencies, 1);
}

#[test]
fn a_window_forgets_what_is_behind_it() {
    let meter = Meter::default();
    meter.record(&call("find", Duration::from_millis(100)));
    let calls = |meter: &Meter| meter.windows().map(|window| window.calls);

    (0..60).for_each(|_| meter.tick());
    assert_eq!(calls(&meter), [1, 1, 1]);
    assert_eq!(meter.second().calls, 0);
    assert!((meter.windows()[0].per_second - 1.0 / 60.0).abs() < 1e-9);
    (0..30).for_each(|_| meter.tick());
    assert_eq!(calls(&meter), [0, 1, 1]);
    (0..240).for_each(|_| meter.tick());
    assert_eq!(calls(&meter), [0, 0, 1]);
    (0..3_600).for_each(|_| meter.tick());
    assert_eq!(calls(&meter), [0, 0, 0]);
    assert_eq!(meter.measured()[0].totals.calls(), 1, "since the start");
}

/// A steady load reads the same at every second, in every window: nothing is lost where slices close.
#[test]
fn a_steady_load_reads_steady() {
    let meter = Meter::default();
    for second in 1..=4_000_u32 {
        (0..10).for_each(|_| meter.record(&call("find", Duration::from_millis(5))));
        meter.tick();
        for (window, span) in meter.windows().into_iter().zip(Span::ALL) {
            assert!(
                (window.per_second - 10.0).abs() < 1e-9,
                "{span:?} at {second}: {window:?}"
            );
            // What has begun comes on top: a slice of ten seconds, of the hour one of a minute.
            let more = if span == Span::Hour { 60 } else { 10 };
            let (least, most) = (span.seconds(), span.seconds() + more);
            let covered = u64::from(second.min(least) * 10)..=u64::from(second.min(most) * 10);
            assert!(covered.contains(&window.calls), "{span:?} at {second}");
        }
    }
}

#[test]
fn names_that_lie_in_two_places_are_one_series() {
    let meter = Meter::default();
    let copy: &'static str = Box::leak(String::from("find").into_boxed_str());
    meter.record(&call("find", Duration::from_millis(1)));
    meter.record(&call(copy, Duration::from_millis(1)));

    meter.tick();

    let measured = meter.measured();
    assert_eq!(measured.len(), 1);
    assert_eq!(measured[0].totals.calls(), 2);
}

/// More operations than there is room for, from two threads: each call is counted once, somewhere.
#[test]
fn no_call_is_lost_where_there_is_no_room_for_its_name() {
    let meter = Meter::default();
    let names: Vec<&'static str> = (0..3_000)
        .map(|number| &*Box::leak(format!("verb{number}").into_boxed_str()))
        .collect();
    std::thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| {
                for name in &names {
                    meter.record(&call(name, Duration::from_millis(1)));
                }
            });
        }
    });

    meter.tick();

    let measured = meter.measured();
    let all: u64 = measured.iter().map(|one| one.totals.calls()).sum();
    assert_eq!(all, 6_000);
    assert_eq!(meter.windows()[0].calls, 6_000);
    let other = measured.iter().find(|one| one.operation == "_other");
    assert!(other.is_some_and(|other| other.totals.calls() >= 2 * (3_000 - 2_048)));
    for one in measured.iter().filter(|one| one.operation != "_other") {
        assert_eq!(one.totals.calls(), 2, "{}", one.operation);
        assert_eq!(one.latencies, 2);
    }
}

fn of(meter: &Meter, tenant: &Arc<str>) {
    meter.record(&Call {
        tenant: Some(tenant),
        ..call("find", Duration::from_millis(1))
    });
}

/// 100,000 tenants with one call each, and a few who call much among them.
#[test]
fn the_busiest_of_many_tenants_are_named_and_the_rest_is_one() {
    let meter = Meter::default();
    let mut random = StdRng::seed_from_u64(3);
    let busy: Vec<Arc<str>> = (0..20)
        .map(|id| format!("shop__busy-{id}").into())
        .collect();
    for number in 0..100_000 {
        of(&meter, &format!("shop__{number}").into());
        if number % 10 == 0 {
            of(&meter, &busy[random.random_range(0..busy.len())]);
        }
    }

    let shares = meter.tenants();

    assert!(shares.len() <= 51, "{}", shares.len());
    let named: Vec<_> = shares
        .iter()
        .take(20)
        .filter_map(|share| share.tenant.clone())
        .collect();
    assert!(
        busy.iter().all(|tenant| named.contains(tenant)),
        "{named:?}"
    );
    assert!(shares[..20].iter().all(|share| share.calls <= 1_000));
    assert_eq!(shares.last().unwrap().tenant, None);
    let all: u64 = shares.iter().map(|share| share.calls).sum();
    assert_eq!(all, 110_000, "no call is lost, none is counted twice");
}

#[test]
fn a_tenant_that_was_busy_is_forgotten_after_six_minutes() {
    let meter = Meter::default();
    of(&meter, &"shop__north".into());

    (0..300).for_each(|_| meter.tick());
    assert_eq!(meter.tenants().len(), 1);
    (0..60).for_each(|_| meter.tick());

    assert!(meter.tenants().is_empty());
}

#[test]
fn tenants_are_shown_by_id_or_by_a_hash_of_it() {
    let share = Share {
        tenant: Some("shop__north".into()),
        calls: 1,
        elapsed: Duration::ZERO,
    };
    assert_eq!(share.label(Names::Shown), "north");
    let hashed = share.label(Names::Hashed);
    assert_eq!(hashed.len(), 12);
    assert!(!hashed.contains("north"));
}

#[test]
fn what_had_no_calls_has_the_window_of_nothing() {
    let layout = series::layout();

    let empty = histogram::Histogram32::with_config(&layout);

    assert_eq!(
        Window::new(&Totals::default(), &empty, 60),
        Window::default()
    );
}
