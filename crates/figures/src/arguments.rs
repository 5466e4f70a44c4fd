//! What a bench is told on its command line.

/// The arguments of a bench: `--short`, words, and whatever cargo adds.
#[derive(Debug, Clone)]
pub struct Arguments {
    /// Fewer rounds and shorter runs, for a look: `cargo bench -- --short`.
    pub short: bool,
    /// The words that begin with no `-`, in their order.
    pub words: Vec<String>,
    all: Vec<String>,
}

impl Arguments {
    /// Returns those of this process.
    #[must_use]
    pub fn read() -> Self {
        let all: Vec<String> = std::env::args().skip(1).collect();
        let is_word = |argument: &&String| !argument.starts_with('-');
        let words = all.iter().filter(is_word).cloned().collect();
        let short = all.iter().any(|argument| argument == "--short");
        Self { short, words, all }
    }

    /// Returns what follows a flag, such as `600` in `--seconds 600`. It is one of the words too.
    #[must_use]
    pub fn after(&self, flag: &str) -> Option<&str> {
        let mut rest = self.all.iter().skip_while(|argument| *argument != flag);
        rest.nth(1).map(String::as_str)
    }

    /// Returns `whole`, or `short` where the short form was asked for.
    #[must_use]
    pub fn choose<T>(&self, whole: T, short: T) -> T {
        if self.short { short } else { whole }
    }
}
