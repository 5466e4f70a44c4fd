//! SIGKILL at random moments, over many tenants.
