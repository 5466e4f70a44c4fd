//! How large a batch is: as large as the time that it is to take lets it be.

use std::time::Duration;

const LEAST: u32 = 50;
const MOST: u32 = 5_000;

/// The size of the next batch.
pub(super) struct Pace {
    size: u32,
    target: Duration,
}

impl Pace {
    pub(super) fn new(first: u32, target: Duration) -> Self {
        let size = first.clamp(LEAST, MOST);
        Self { size, target }
    }

    pub(super) fn size(&self) -> u32 {
        self.size
    }

    /// Learns how long a batch took: a quarter more while there is time, half of it when it took longer.
    pub(super) fn learn(&mut self, elapsed: Duration) {
        let size = match elapsed > self.target {
            true => self.size / 2,
            false => self.size + self.size / 4,
        };
        self.size = size.clamp(LEAST, MOST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_grows_by_a_quarter_and_shrinks_by_half_within_its_limits() {
        let target = Duration::from_millis(100);
        let mut pace = Pace::new(1_000, target);

        pace.learn(target / 2);
        assert_eq!(pace.size(), 1_250);
        pace.learn(target * 2);
        assert_eq!(pace.size(), 625);

        (0..50).for_each(|_| pace.learn(target * 2));
        assert_eq!(pace.size(), LEAST);
        (0..50).for_each(|_| pace.learn(target / 2));
        assert_eq!(pace.size(), MOST);
        assert_eq!(Pace::new(1, target).size(), LEAST);
    }
}
