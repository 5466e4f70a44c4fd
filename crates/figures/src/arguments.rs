//! What a bench is told on its command line.

/// The arguments of a bench: `--short`, words, and whatever cargo adds.
#[derive(Debug, Clone)]
pub struct Arguments {
    /// Fewer rounds and shorter runs, for a look: `cargo bench -- --short`.
    pub short: bool,
    /// The words that begin with no `-`, in their order.
    pub words: Vec<String>,
}

impl Arguments {
    /// Returns those of this process.
    #[must_use]
    pub fn read() -> Self {
        let (flags, words): (Vec<_>, Vec<_>) = std::env::args()
            .skip(1)
            .partition(|argument| argument.starts_with('-'));
        let short = flags.iter().any(|flag| flag == "--short");
        Self { short, words }
    }

    /// Returns `whole`, or `short` where the short form was asked for.
    #[must_use]
    pub fn choose<T>(&self, whole: T, short: T) -> T {
        if self.short { short } else { whole }
    }
}
