//! What calls survive, on real sets: lost answers, elections, killed and stalled servers, overload.

mod circuit;
mod failover;
mod lost;
mod overload;
mod shop;
mod versions;
