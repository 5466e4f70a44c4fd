//! Faults: everything that is wrong with a configuration or a registry, told in one run.
//!
//! A fault never holds a value, only names, so that no secret can reach a terminal or a log.

use std::fmt;

/// One thing that is wrong, and its cure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What is at fault: a variable, a model, a logical database.
    pub subject: String,
    /// Where it was set, such as `environment` or `.env.production`; `None` where it was not set.
    pub origin: Option<String>,
    /// What is wrong and what was expected, never the value.
    pub problem: String,
    /// What to do.
    pub cure: String,
}

impl Fault {
    /// Returns a fault of something that was set nowhere.
    pub fn new(
        subject: impl Into<String>,
        problem: impl Into<String>,
        cure: impl Into<String>,
    ) -> Self {
        Self {
            subject: subject.into(),
            origin: None,
            problem: problem.into(),
            cure: cure.into(),
        }
    }

    /// Returns the fault with the place in which its subject was set.
    #[must_use]
    pub fn set_in(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.subject)?;
        if let Some(origin) = &self.origin {
            write!(out, " (from {origin})")?;
        }
        write!(out, ": {}; {}", self.problem, self.cure)
    }
}

/// All faults of one run, in the order in which they were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Adds one fault.
    pub fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Returns the faults in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }

    /// Returns whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns how many were found.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns `value` where nothing was found.
    ///
    /// # Errors
    /// The faults themselves, if there are any.
    pub fn into_result<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() {
            Ok(value)
        } else {
            Err(self)
        }
    }
}

impl Extend<Fault> for Faults {
    fn extend<I: IntoIterator<Item = Fault>>(&mut self, faults: I) {
        self.0.extend(faults);
    }
}

impl IntoIterator for Faults {
    type Item = Fault;
    type IntoIter = std::vec::IntoIter<Fault>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, fault) in self.0.iter().enumerate() {
            if number > 0 {
                writeln!(out)?;
            }
            write!(out, "{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
