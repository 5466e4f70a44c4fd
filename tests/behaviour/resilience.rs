//! What calls survive, on real sets: lost answers, elections, killed and stalled servers, overload.

mod amplification;
mod answers;
mod batches;
mod circuit;
mod concern;
mod failover;
mod ghost;
mod lost;
mod overload;
mod scan;
mod secondaries;
mod shop;
mod versions;
