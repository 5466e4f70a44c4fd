//! What the library tells at `tracing`, on the thread of one test.
//!
//! One subscriber of the whole process, and a list of each thread: one that is set for a thread alone is
//! not asked about what another thread has told first.

use std::{
    cell::RefCell,
    fmt::{Debug, Write},
    sync::Once,
};

use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

thread_local! {
    static TOLD: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Hears what this thread tells.
pub(in crate::guard) struct Events;

impl Events {
    /// Listens from now on.
    pub(in crate::guard) fn listen() -> Self {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| tracing::subscriber::set_global_default(Listener).unwrap());
        TOLD.take();
        Self
    }

    /// Returns what was told since the last time, as `LEVEL message {field=value …}`.
    pub(in crate::guard) fn take(&self) -> Vec<String> {
        TOLD.take()
    }
}

struct Listener;

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target().starts_with("mongoplex")
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        let (level, fields) = (event.metadata().level(), line.fields.trim_start());
        let told = format!("{level} {} {{{fields}}}", line.message);
        TOLD.with_borrow_mut(|all| all.push(told));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        write!(self.fields, " {field}={value}").unwrap();
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            name => write!(self.fields, " {name}={value:?}").unwrap(),
        }
    }
}
