//! What was recorded, by seconds, tens of seconds and minutes.

use std::{
    collections::{BTreeMap, VecDeque},
    mem,
};

use histogram::{Histogram32, SparseHistogram32};

use super::{
    Measured,
    series::{self, BUCKETS, Series, Totals},
    table::Table,
    window::{Span, Window},
};

/// A slice of the past has ten seconds; the hour is kept in slices of a minute.
const SLICE: u32 = 10;
const SLICES_A_MINUTE: usize = 6;

/// How many slices of either kind are kept beside the one that grows.
const TENS: usize = 30;
const MINUTES: usize = 60;

type Names = (&'static str, &'static str);

/// The past of one logical database.
#[derive(Default)]
pub(super) struct Past {
    /// Seconds since the start.
    seconds: u32,
    tracks: BTreeMap<Names, Track>,
    all: Track,
    /// What the last second had.
    last: Slice,
    /// Where latencies lie on their way.
    scratch: Slice,
}

/// The past of what is looked at as one.
#[derive(Default)]
struct Track {
    totals: Totals,
    buckets: [u64; BUCKETS.len()],
    latencies: u64,
    /// The slice that grows.
    growing: Slice,
    tens: VecDeque<Thin>,
    minutes: VecDeque<Thin>,
}

/// What was recorded in some time.
#[derive(Clone)]
struct Slice {
    totals: Totals,
    latencies: Histogram32,
}

/// The same, kept small.
struct Thin {
    totals: Totals,
    latencies: SparseHistogram32,
}

impl Past {
    pub(super) fn tick(&mut self, series: &Table) {
        self.seconds = self.seconds.saturating_add(1);
        self.last = Slice::default();
        for (names, own) in by_names(series) {
            let track = self.tracks.entry(names).or_default();
            let sum = own.iter().map(|series| series.totals());
            let sum = sum.fold(Totals::default(), |sum, totals| sum.plus(&totals));
            // Series count from the start; the past is made of what came since the last second.
            let totals = sum.minus(&track.totals);
            if totals.calls() > 0 {
                for series in own {
                    series.drain(&mut self.scratch.latencies);
                    let latencies = SparseHistogram32::from(&self.scratch.latencies);
                    self.last.add_latencies(&latencies);
                    track.add_latencies(&latencies);
                }
                self.last.totals = self.last.totals.plus(&totals);
                track.add_totals(&totals);
            }
            track.close(self.seconds);
        }
        let all = Thin::from(&self.last);
        self.all.add_latencies(&all.latencies);
        self.all.add_totals(&all.totals);
        self.all.close(self.seconds);
    }

    pub(super) fn measured(&self) -> Vec<Measured> {
        let measured = self.tracks.iter().map(|(names, track)| Measured {
            collection: names.0,
            operation: names.1,
            totals: track.totals,
            buckets: track.buckets,
            latencies: track.latencies,
            windows: track.windows(self.seconds),
        });
        measured.collect()
    }

    pub(super) fn windows(&self) -> [Window; 3] {
        self.all.windows(self.seconds)
    }

    pub(super) fn second(&self) -> Window {
        Window::new(&self.last.totals, &self.last.latencies, 1)
    }
}

/// A name may lie in two places: what has the same names is one.
fn by_names(series: &Table) -> BTreeMap<Names, Vec<&Series>> {
    let mut names: BTreeMap<Names, Vec<&Series>> = BTreeMap::new();
    for (key, series) in series.all().filter(|(_, series)| series.is_used()) {
        names.entry(key.names()).or_default().push(series);
    }
    names
}

impl Track {
    fn add_totals(&mut self, totals: &Totals) {
        self.totals = self.totals.plus(totals);
        self.growing.totals = self.growing.totals.plus(totals);
    }

    fn add_latencies(&mut self, latencies: &SparseHistogram32) {
        self.growing.add_latencies(latencies);
        for bucket in latencies.iter() {
            self.latencies += bucket.count();
            let bounds = self.buckets.iter_mut().zip(BUCKETS);
            let wide = bounds.filter(|(_, bound)| series::is_within(bucket.end(), *bound));
            wide.for_each(|(sum, _)| *sum += bucket.count());
        }
    }

    /// A second is over: where a slice or a minute is too, it becomes a part of the past.
    fn close(&mut self, seconds: u32) {
        if !seconds.is_multiple_of(SLICE) {
            return;
        }
        let whole = mem::take(&mut self.growing);
        keep(&mut self.tens, Thin::from(&whole), TENS);
        if seconds.is_multiple_of(SLICE * SLICES_A_MINUTE as u32) {
            let mut minute = Slice::default();
            let last = self.tens.iter().rev().take(SLICES_A_MINUTE);
            last.for_each(|thin| minute.add(thin));
            keep(&mut self.minutes, Thin::from(&minute), MINUTES);
        }
    }

    /// A window reaches back by whole slices and up to now: it has up to ten seconds more, the hour up to
    /// a minute. Where it
    /// reaches back beyond the start it has as many seconds as there were.
    fn windows(&self, seconds: u32) -> [Window; 3] {
        let growing = seconds % SLICE;
        let since_minute = (seconds / SLICE) as usize % SLICES_A_MINUTE;
        Span::ALL.map(|span| {
            let (tens, minutes) = match span {
                Span::Hour => (since_minute, MINUTES),
                shorter => ((shorter.seconds() / SLICE) as usize, 0),
            };
            let slices = || {
                let tens = self.tens.iter().rev().take(tens);
                tens.chain(self.minutes.iter().rev().take(minutes))
            };
            // Most operations are quiet most of the time.
            if self.growing.totals.calls() == 0 && slices().all(|thin| thin.totals.calls() == 0) {
                return Window::default();
            }
            let mut sum = self.growing.clone();
            slices().for_each(|thin| sum.add(thin));
            let longest = growing + (tens + minutes * SLICES_A_MINUTE) as u32 * SLICE;
            Window::new(&sum.totals, &sum.latencies, longest.min(seconds))
        })
    }
}

fn keep(slices: &mut VecDeque<Thin>, slice: Thin, most: usize) {
    slices.push_back(slice);
    if slices.len() > most {
        slices.pop_front();
    }
}

impl Default for Slice {
    fn default() -> Self {
        Self {
            totals: Totals::default(),
            latencies: Histogram32::with_config(&series::layout()),
        }
    }
}

impl Slice {
    fn add(&mut self, thin: &Thin) {
        self.totals = self.totals.plus(&thin.totals);
        self.add_latencies(&thin.latencies);
    }

    fn add_latencies(&mut self, latencies: &SparseHistogram32) {
        let counts = self.latencies.as_mut_slice();
        for (at, count) in latencies.index().iter().zip(latencies.count()) {
            if let Some(bucket) = counts.get_mut(*at as usize) {
                *bucket = bucket.saturating_add(*count);
            }
        }
    }
}

impl From<&Slice> for Thin {
    fn from(slice: &Slice) -> Self {
        let mut latencies = SparseHistogram32::from(&slice.latencies);
        latencies.shrink_to_fit();
        Self {
            totals: slice.totals,
            latencies,
        }
    }
}
