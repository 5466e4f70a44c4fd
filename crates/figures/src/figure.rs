//! One figure: its rounds, its control, its goal, and whether it was reached.

use crate::alternate::median;

/// What a figure should be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Goal {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
    /// It is only told.
    None,
}

/// The values of the rounds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series(Vec<f64>);

impl Series {
    /// Returns the median.
    #[must_use]
    pub fn value(&self) -> f64 {
        median(&self.0)
    }

    /// Returns the largest less the smallest.
    #[must_use]
    pub fn spread(&self) -> f64 {
        let largest = self.0.iter().copied().fold(f64::MIN, f64::max);
        let smallest = self.0.iter().copied().fold(f64::MAX, f64::min);
        if self.0.is_empty() {
            0.0
        } else {
            largest - smallest
        }
    }

    /// Returns how far the worst round is from 1, which a control should always be.
    fn error(&self) -> f64 {
        let errors = self.0.iter().map(|value| (value - 1.0).abs());
        errors.fold(0.0, f64::max)
    }
}

impl FromIterator<f64> for Series {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

/// Whether a goal was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It was.
    Reached,
    /// It was not.
    Missed,
    /// The control is off by more than the figure is from its goal: nobody can tell.
    Undecided,
    /// There is no goal.
    Told,
    /// There is no value: a tool is missing.
    NotMeasured,
}

impl Verdict {
    /// Returns the words for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reached => "reached",
            Self::Missed => "missed",
            Self::Undecided => "undecided",
            Self::Told => "",
            Self::NotMeasured => "not measured",
        }
    }
}

/// A figure.
#[derive(Debug, Clone)]
pub struct Figure {
    /// What it is, in words.
    pub name: String,
    /// What its value counts: `x`, `ms`, `bytes`.
    pub unit: &'static str,
    /// What it should be.
    pub goal: Goal,
    /// Its rounds; none where it could not be measured.
    pub rounds: Series,
    /// The same rounds of the driver against itself; none where it is no ratio.
    pub control: Series,
}

impl Figure {
    /// Returns a ratio to the driver, from pairs of a round's value and its control.
    pub fn ratio(
        name: impl Into<String>,
        goal: Goal,
        rounds: impl IntoIterator<Item = (f64, f64)>,
    ) -> Self {
        let (rounds, control): (Vec<_>, Vec<_>) = rounds.into_iter().unzip();
        Self {
            name: name.into(),
            unit: "x",
            goal,
            rounds: Series(rounds),
            control: Series(control),
        }
    }

    /// Returns a figure with a unit of its own and nothing to compare with.
    pub fn plain(
        name: impl Into<String>,
        unit: &'static str,
        goal: Goal,
        rounds: impl IntoIterator<Item = f64>,
    ) -> Self {
        Self {
            name: name.into(),
            unit,
            goal,
            rounds: rounds.into_iter().collect(),
            control: Series::default(),
        }
    }

    /// Returns how many rounds there were.
    #[must_use]
    pub fn count(&self) -> usize {
        self.rounds.0.len()
    }

    /// Returns the control's value; `None` where it has none.
    #[must_use]
    pub fn control(&self) -> Option<f64> {
        (!self.control.0.is_empty()).then(|| self.control.value())
    }

    /// Returns whether the goal was reached.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if self.count() == 0 {
            return Verdict::NotMeasured;
        }
        let value = self.rounds.value();
        let (goal, good) = match self.goal {
            Goal::None => return Verdict::Told,
            Goal::AtMost(goal) => (goal, value <= goal),
            Goal::AtLeast(goal) => (goal, value >= goal),
        };
        if self.control.error() > (goal - value).abs() {
            Verdict::Undecided
        } else if good {
            Verdict::Reached
        } else {
            Verdict::Missed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(goal: Goal, rounds: &[(f64, f64)]) -> Verdict {
        Figure::ratio("a", goal, rounds.iter().copied()).verdict()
    }

    #[test]
    fn a_goal_is_a_limit_from_above_or_from_below() {
        let rounds = [(1.01, 1.0), (1.02, 1.0), (1.09, 1.0)];
        assert_eq!(verdict(Goal::AtMost(1.04), &rounds), Verdict::Reached);
        assert_eq!(verdict(Goal::AtMost(1.01), &rounds), Verdict::Missed);
        assert_eq!(verdict(Goal::AtLeast(1.01), &rounds), Verdict::Reached);
        assert_eq!(verdict(Goal::AtLeast(1.03), &rounds), Verdict::Missed);
        assert_eq!(verdict(Goal::None, &rounds), Verdict::Told);
        assert_eq!(verdict(Goal::None, &[]), Verdict::NotMeasured);
    }

    #[test]
    fn a_control_that_is_off_by_more_than_the_margin_decides_nothing() {
        let (steady, shaky) = ([(1.02, 1.009)], [(1.02, 0.98)]);
        assert_eq!(verdict(Goal::AtMost(1.03), &steady), Verdict::Reached);
        assert_eq!(verdict(Goal::AtMost(1.03), &shaky), Verdict::Undecided);
        assert_eq!(verdict(Goal::AtMost(1.01), &shaky), Verdict::Undecided);
        assert_eq!(verdict(Goal::AtMost(1.20), &shaky), Verdict::Reached);
    }

    #[test]
    fn a_spread_is_from_the_smallest_to_the_largest_round() {
        let figure = Figure::plain("a", "ms", Goal::None, [4.0, 1.0, 2.0]);
        assert_eq!((figure.rounds.value(), figure.rounds.spread()), (2.0, 3.0));
        assert_eq!(figure.control(), None);
    }
}
