//! Behaviour of the whole, on real replica sets. One module per behaviour.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access;
mod admin;
mod alerts;
mod clients;
mod configuration;
mod doctor;
mod documents;
mod every_verb;
mod failures;
mod guard;
mod health;
mod house;
mod layers;
mod migrate;
mod migrate_models;
mod monitor;
mod ops;
mod orchestrator;
mod peers;
mod requests;
mod resilience;
mod resources;
mod schema;
mod seed;
mod shutdown;
mod slow;
mod spanning;
mod tenants;
mod transactions;
mod upkeep;
mod verbs;
