//! Which fault is next: a deck with one of each kind, shuffled again when it is used up, so that chance
//! decides their order and how hard they strike, and forgets none.

use std::time::Duration;

use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};

use super::fault::{Harm, Point, Strike};

const ALL: &[&str] = &["insert", "update", "find"];
const WRITES: &[&str] = &["insert", "update"];

/// A kind of fault; how long and how often it strikes is drawn.
#[derive(Debug, Clone, Copy)]
enum Kind {
    StepDown,
    Kill,
    Stop,
    Close,
    Code(&'static str, i32),
    Latency,
    Concern(&'static str, i32),
}

const KINDS: [Kind; 12] = [
    Kind::StepDown,
    Kind::StepDown,
    Kind::Kill,
    Kind::Kill,
    Kind::Stop,
    Kind::Close,
    Kind::Code("error 189", 189),
    Kind::Code("error 11602", 11602),
    Kind::Code("error 91", 91),
    Kind::Latency,
    Kind::Concern("write concern error 64", 64),
    Kind::Concern("write concern error 91", 91),
];

pub(crate) struct Deck {
    random: StdRng,
    left: Vec<Kind>,
}

impl Deck {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: StdRng::seed_from_u64(seed),
            left: Vec::new(),
        }
    }

    /// Returns the time until the next fault, and that fault.
    pub(crate) fn draw(&mut self) -> (Duration, Strike) {
        let kind = loop {
            if let Some(kind) = self.left.pop() {
                break kind;
            }
            self.left = KINDS.to_vec();
            self.left.shuffle(&mut self.random);
        };
        let calm = Duration::from_millis(self.random.random_range(500..2000));
        (calm, self.strike(kind))
    }

    fn strike(&mut self, kind: Kind) -> Strike {
        match kind {
            Kind::StepDown => Strike::StepDown,
            Kind::Kill => Strike::Kill,
            Kind::Stop => Strike::Stop(self.milliseconds(2000, 8000)),
            Kind::Close => self.point("connection closed", ALL, Harm::Close),
            Kind::Code(name, code) => {
                let labelled = self.random.random();
                self.point(name, ALL, Harm::Error { code, labelled })
            }
            Kind::Latency => {
                let time = self.milliseconds(200, 1500);
                self.point("latency", ALL, Harm::Latency(time))
            }
            Kind::Concern(name, code) => self.point(name, WRITES, Harm::Concern(code)),
        }
    }

    fn point(
        &mut self,
        name: &'static str,
        commands: &'static [&'static str],
        harm: Harm,
    ) -> Strike {
        Strike::Point(Point {
            name,
            commands,
            harm,
            times: self.random.random_range(1..=25),
            lasts: self.milliseconds(500, 2500),
        })
    }

    fn milliseconds(&mut self, least: u64, most: u64) -> Duration {
        Duration::from_millis(self.random.random_range(least..most))
    }
}
