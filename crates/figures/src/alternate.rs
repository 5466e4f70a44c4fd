//! Two sides in turn, so that what the machine does meanwhile strikes both.

use std::time::{Duration, Instant};

/// Who does the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The driver alone, or a server made of nothing else.
    Raw,
    /// The library.
    Ours,
}

/// The time of each run of a round, position by position.
#[derive(Debug, Clone, Default)]
pub struct Times {
    raw: Vec<f64>,
    ours: Vec<f64>,
    again: Vec<f64>,
}

/// The three who take turns: the third is the first once more, as a control.
const TURNS: [[usize; 3]; 6] = [
    [0, 1, 2],
    [2, 1, 0],
    [1, 2, 0],
    [0, 2, 1],
    [2, 0, 1],
    [1, 0, 2],
];

/// Runs raw, ours and raw again `count` times, in an order that changes each time.
///
/// # Errors
/// That of the first run that fails.
pub async fn alternate<F, E>(count: usize, mut run: impl FnMut(Side) -> F) -> Result<Times, E>
where
    F: Future<Output = Result<(), E>>,
{
    let mut times = Times::default();
    for turn in TURNS.into_iter().cycle().take(count) {
        for who in turn {
            let (side, list) = match who {
                0 => (Side::Raw, &mut times.raw),
                1 => (Side::Ours, &mut times.ours),
                _ => (Side::Raw, &mut times.again),
            };
            let run = run(side);
            let started = Instant::now();
            run.await?;
            list.push(started.elapsed().as_secs_f64());
        }
    }
    Ok(times)
}

impl Times {
    /// Returns how much longer ours takes, and the control: ratios of the medians.
    #[must_use]
    pub fn latency(&self) -> (f64, f64) {
        let raw = median(&self.raw);
        (median(&self.ours) / raw, median(&self.again) / raw)
    }

    /// Returns how much ours gets done in the time of raw, and the control: medians of the ratios.
    #[must_use]
    pub fn throughput(&self) -> (f64, f64) {
        let over = |times: &[f64]| {
            let ratios = self.raw.iter().zip(times).map(|(raw, time)| raw / time);
            median(&ratios.collect::<Vec<_>>())
        };
        (over(&self.ours), over(&self.again))
    }

    /// Returns the median time of the raw side.
    #[must_use]
    pub fn raw(&self) -> Duration {
        Duration::from_secs_f64(median(&self.raw))
    }
}

/// Returns the middle one, or what lies between the middle two; zero of none.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => 0.0,
        even if even % 2 == 0 => f64::midpoint(sorted[middle - 1], sorted[middle]),
        _ => sorted[middle],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(&[]), 0.0);
    }

    #[test]
    fn every_turn_has_each_of_the_three_and_each_comes_first_as_often() {
        for turn in TURNS {
            let mut sorted = turn;
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2]);
        }
        for who in 0..3 {
            assert_eq!(TURNS.iter().filter(|turn| turn[0] == who).count(), 2);
        }
    }

    #[test]
    fn a_ratio_says_how_much_longer_and_a_throughput_how_much_less() {
        let times = Times {
            raw: vec![1.0, 1.0],
            ours: vec![2.0, 2.0],
            again: vec![1.0, 1.0],
        };
        assert_eq!(times.latency(), (2.0, 1.0));
        assert_eq!(times.throughput(), (0.5, 1.0));
    }
}
