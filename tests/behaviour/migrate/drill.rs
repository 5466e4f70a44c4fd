//! Crashes: a process that migrates ends at every place at which it can, or is killed at any, and what is
//! left is brought to an end by another one.

mod crashes;
mod kills;
pub(crate) mod lists;
pub(crate) mod program;
