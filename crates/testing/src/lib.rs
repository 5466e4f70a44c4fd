//! Throw-away databases, fail points and a faulty proxy for tests on a real mongod.
