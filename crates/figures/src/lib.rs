//! What benches print, and how they compare: every figure with its goal, its control (the driver
//! against itself), its spread over the rounds, and a verdict.
//!
//! - [`alternate`]: the driver, the library and the driver again, one after the other, in turn
//! - [`instructions`]: this bench once more under callgrind, with other arguments
//! - [`Figure`] and [`Report`]: the table, and a line each in `target/figures.jsonl`
//!
//! It measures nothing by itself and knows nothing of the `mongoplex` library. A missed goal ends no
//! bench: the machine may be busy, which the control tells.

mod alternate;
mod arguments;
mod callgrind;
mod figure;
mod report;

pub use self::{
    alternate::{Side, Times, alternate},
    arguments::Arguments,
    callgrind::instructions,
    figure::{Figure, Goal, Series, Verdict},
    report::{Report, table, target},
};
