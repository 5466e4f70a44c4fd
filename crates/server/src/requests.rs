//! What is counted of requests: how many are being answered, and how long the others took, by method,
//! route and status.
//!
//! A request lasts until the head of its answer is there. A stream's body is not of it: a page that
//! listens for an hour is no request of an hour. All labels are of finite sets: a path is counted as the
//! route that it matched, never as itself, and a method that nobody knows as `_OTHER`.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    extract::MatchedPath,
    http::{Method, StatusCode},
};

/// The methods as labels, the last for all others.
pub(crate) const METHODS: [&str; 10] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "_OTHER",
];

/// The bounds in seconds that OpenTelemetry's conventions give for this histogram.
pub(crate) const BOUNDS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// What stands as route where none matched.
const UNMATCHED: &str = "_unmatched";

/// The servers of a process, each with what is counted of its requests. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Requests(Arc<Mutex<Vec<Arc<Counted>>>>);

impl Requests {
    /// Returns where a server's requests are to be counted.
    pub(crate) fn of(&self, server: &'static str) -> Arc<Counted> {
        let counted = Arc::new(Counted {
            server,
            active: Default::default(),
            routes: Mutex::default(),
        });
        let mut servers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        servers.push(counted.clone());
        counted
    }

    pub(crate) fn servers(&self) -> Vec<Arc<Counted>> {
        let servers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        servers.clone()
    }
}

/// One server's requests.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) server: &'static str,
    active: [AtomicI64; METHODS.len()],
    // By route, so that a look-up makes no key; a route has a handful of methods and statuses.
    routes: Mutex<BTreeMap<Box<str>, Vec<Series>>>,
}

/// The requests of one method, route and status.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    pub(crate) method: &'static str,
    /// Nothing where the client went away before there was an answer.
    pub(crate) status: Option<StatusCode>,
    /// How many took no longer than each bound and longer than the one before; the last: longer than all.
    pub(crate) within: [u64; BOUNDS.len() + 1],
    pub(crate) elapsed: Duration,
}

impl Counted {
    /// Counts a request as being answered, until what comes back is ended or dropped.
    pub(crate) fn begin(
        self: &Arc<Self>,
        method: &Method,
        route: Option<MatchedPath>,
        started: Instant,
    ) -> Active {
        let others = METHODS.len() - 1;
        let known = METHODS.iter().position(|name| *name == method.as_str());
        let method = known.unwrap_or(others);
        self.active[method].fetch_add(1, Ordering::Relaxed);
        Active {
            counted: self.clone(),
            method,
            route,
            started,
            status: None,
        }
    }

    /// Returns how many requests of each of [`METHODS`] are being answered.
    pub(crate) fn active(&self) -> [i64; METHODS.len()] {
        std::array::from_fn(|at| self.active[at].load(Ordering::Relaxed))
    }

    /// Returns what was counted, sorted by route.
    pub(crate) fn ended(&self) -> Vec<(Box<str>, Vec<Series>)> {
        let routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let copied = routes.iter();
        copied
            .map(|(route, all)| (route.clone(), all.clone()))
            .collect()
    }

    fn note(
        &self,
        method: &'static str,
        route: &str,
        status: Option<StatusCode>,
        elapsed: Duration,
    ) {
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        if !routes.contains_key(route) {
            routes.insert(route.into(), Vec::new());
        }
        let Some(all) = routes.get_mut(route) else {
            return;
        };
        let same = |series: &Series| series.method == method && series.status == status;
        let at = all.iter().position(same).unwrap_or_else(|| {
            all.push(Series::new(method, status));
            all.len() - 1
        });
        all[at].note(elapsed);
    }
}

impl Series {
    fn new(method: &'static str, status: Option<StatusCode>) -> Self {
        Self {
            method,
            status,
            within: Default::default(),
            elapsed: Duration::ZERO,
        }
    }

    fn note(&mut self, elapsed: Duration) {
        let seconds = elapsed.as_secs_f64();
        self.within[BOUNDS.partition_point(|bound| *bound < seconds)] += 1;
        self.elapsed += elapsed;
    }
}

/// A request that is being answered. Dropped without an end it is counted as one whose client went away.
#[derive(Debug)]
pub(crate) struct Active {
    counted: Arc<Counted>,
    method: usize,
    route: Option<MatchedPath>,
    started: Instant,
    status: Option<StatusCode>,
}

impl Active {
    /// Counts how the request ended.
    pub(crate) fn end(mut self, status: StatusCode) {
        self.status = Some(status);
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        let route = self.route.as_ref().map_or(UNMATCHED, MatchedPath::as_str);
        let (method, elapsed) = (METHODS[self.method], self.started.elapsed());
        self.counted.active[self.method].fetch_sub(1, Ordering::Relaxed);
        self.counted.note(method, route, self.status, elapsed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted() -> Arc<Counted> {
        Requests::default().of("test")
    }

    fn ask(counted: &Arc<Counted>, method: &str, status: StatusCode) {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        counted.begin(&method, None, Instant::now()).end(status);
    }

    #[test]
    fn a_bound_holds_what_took_exactly_that_long() {
        let mut series = Series::new("GET", Some(StatusCode::OK));

        for millis in [5, 6, 10, 20_000] {
            series.note(Duration::from_millis(millis));
        }

        assert_eq!(series.within[..3], [1, 2, 0]);
        assert_eq!(series.within.last(), Some(&1));
        assert_eq!(series.elapsed, Duration::from_millis(20_021));
    }

    #[test]
    fn whoever_goes_away_is_counted_without_a_status() {
        let counted = counted();
        let request = counted.begin(&Method::GET, None, Instant::now());
        assert_eq!(counted.active()[0], 1);

        drop(request);

        assert_eq!(counted.active()[0], 0);
        let ended = counted.ended();
        assert_eq!((&*ended[0].0, ended[0].1[0].status), (UNMATCHED, None));
    }

    #[test]
    fn methods_that_nobody_knows_are_one_series() {
        let counted = counted();

        for number in 0..1_000 {
            ask(&counted, &format!("WORD{number}"), StatusCode::NOT_FOUND);
        }

        let ended = counted.ended();
        assert_eq!((ended.len(), ended[0].1.len()), (1, 1));
        assert_eq!(ended[0].1[0].method, "_OTHER");
        assert_eq!(ended[0].1[0].within.iter().sum::<u64>(), 1_000);
    }
}
