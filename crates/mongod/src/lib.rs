//! Finds or fetches a real mongod and runs private replica sets of it.
