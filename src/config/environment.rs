//! Where the process runs, which decides the presets.

use std::{fmt, str::FromStr};

/// `MONGOPLEX_ENV`. It has no default: a forgotten variable must not make a production server
/// behave like a laptop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// A developer's machine.
    Development,
    /// Automated tests.
    Test,
    /// A rehearsal of production.
    Staging,
    /// Customers' data.
    Production,
}

impl Environment {
    /// All of them, in the order in which presets are listed.
    pub const ALL: [Self; 4] = [
        Self::Development,
        Self::Test,
        Self::Staging,
        Self::Production,
    ];

    /// Returns the word for it in `MONGOPLEX_ENV` and in file names.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Test => "test",
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }

    /// Returns whether no customer's data is at stake: development and test.
    pub fn is_harmless(self) -> bool {
        matches!(self, Self::Development | Self::Test)
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for Environment {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL
            .into_iter()
            .find(|environment| environment.as_str() == text)
            .ok_or(())
    }
}
