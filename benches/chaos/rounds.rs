//! One fault after the other, each in a window of its own, and what each kind did in all.

use std::{collections::BTreeMap, time::Duration};

use mongoplex_figures::{Report, table};
use mongoplex_testing::OwnSet;
use tokio::time::{Instant, sleep};

use super::{
    Failure,
    deck::Deck,
    fault::Strike,
    tally::{Tally, Window},
};

/// How often a fault strikes at most until a call meets it.
const TRIES: u32 = 3;

/// How long it may take, once the set is sound, until a write goes.
const GOES_ON_WITHIN: Duration = Duration::from_secs(60);

const CALM: &str = "between them";

/// What all faults of a kind did.
#[derive(Debug, Default)]
pub(crate) struct Row {
    /// Those that were met.
    pub(crate) times: u64,
    /// Those that no call met; what happened meanwhile is not in the other columns.
    pub(crate) not_met: u64,
    pub(crate) window: Window,
}

#[derive(Debug, Default)]
pub(crate) struct Rounds {
    pub(crate) rows: BTreeMap<&'static str, Row>,
    /// After how many faults no write went any more.
    pub(crate) stuck: u64,
}

impl Rounds {
    /// Lets faults strike for `length`.
    pub(crate) async fn strike(
        set: &OwnSet,
        tally: &Tally,
        length: Duration,
        seed: u64,
    ) -> Result<Self, Failure> {
        let (mut rounds, mut deck) = (Self::default(), Deck::new(seed));
        let began = Instant::now();
        while began.elapsed() < length {
            let (calm, strike) = deck.draw();
            for _ in 0..TRIES {
                sleep(calm).await;
                let second = began.elapsed().as_secs();
                if rounds.round(set, tally, &strike, second).await? {
                    break;
                }
            }
        }
        Ok(rounds)
    }

    /// Lets a fault strike once and returns whether a call met it.
    async fn round(
        &mut self,
        set: &OwnSet,
        tally: &Tally,
        strike: &Strike,
        second: u64,
    ) -> Result<bool, Failure> {
        self.add(CALM, tally.turn());
        let struck = strike.strike(set, tally).await?;
        let goes_on = tally.goes_on(GOES_ON_WITHIN).await;
        let mut window = tally.turn();
        window.met += struck;
        let is_met = window.met > 0;
        match is_met {
            true => self.add(strike.name(), window),
            false => self.rows.entry(strike.name()).or_default().not_met += 1,
        }
        self.stuck += u64::from(!goes_on);
        let stuck = if goes_on {
            ""
        } else {
            ", and no write goes any more"
        };
        Report::note(&format!(
            "{second:>4} s  {strike:?}: {} met, {} calls, {} errors, {} ambiguous, gap {} ms{stuck}",
            window.met,
            window.calls,
            window.errors,
            window.ambiguous,
            window.gap.as_millis()
        ));
        Ok(is_met)
    }

    fn add(&mut self, name: &'static str, window: Window) {
        let row = self.rows.entry(name).or_default();
        row.times += 1;
        row.window.add(&window);
    }

    /// Returns how many kinds no call has met.
    pub(crate) fn never_met(&self) -> usize {
        self.rows.values().filter(|row| row.times == 0).count()
    }

    pub(crate) fn table(&self) -> String {
        let header = [
            "FAULT",
            "TIMES",
            "NOT MET",
            "MET BY",
            "CALLS",
            "ERRORS",
            "AMBIGUOUS",
            "LONGEST GAP",
            "",
        ];
        let rows = self.rows.iter().map(|(name, row)| {
            let (window, is_calm) = (&row.window, *name == CALM);
            let of_fault = |number: u64| match is_calm {
                true => String::new(),
                false => number.to_string(),
            };
            [
                (*name).to_owned(),
                row.times.to_string(),
                of_fault(row.not_met),
                of_fault(window.met),
                window.calls.to_string(),
                window.errors.to_string(),
                window.ambiguous.to_string(),
                format!("{} ms", window.gap.as_millis()),
                if row.times == 0 { "not met" } else { "" }.to_owned(),
            ]
        });
        table(header, rows)
    }
}
