//! Many MongoDB databases as one: typed models routed to logical databases, sealed tenants, guarded calls.
