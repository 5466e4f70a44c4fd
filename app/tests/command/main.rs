//! The command `mongoplex` as a program: started, asked, stopped and killed.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod config;
mod deploy;
mod doctor;
mod drain;
mod faults;
mod given;
mod health;
mod house;
mod migrate;
mod page;
mod private;
mod running;
mod secrets;
mod seed;
mod sync;
