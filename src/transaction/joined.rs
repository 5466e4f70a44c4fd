//! The handles that take part in a transaction, before it and in it.

use std::fmt;

use super::{Lent, check::Place};
use crate::{
    audit::{Entry, Trail},
    collection::{Collection, Reach},
    database::{Database, TenantDatabase},
    guard::Deadline,
    model::{Model, TenantId},
    registry::{Hosts, Is, LogicalDatabase, Routed, Scope, WithTenant, WithoutTenant},
};

mod sealed {
    use super::{Deadline, Lent, Place};

    /// Where a handle leads.
    pub trait Leads {
        fn deadline(&self) -> Option<Deadline>;
        fn place(&self) -> Place;
    }

    /// How handles join a transaction.
    pub trait Joins {
        type Joined;
        fn join(&self, lent: &Lent) -> Self::Joined;
    }
}
pub(super) use self::sealed::{Joins, Leads};

/// What can take part in a transaction: a [`Database`] or a [`TenantDatabase`].
pub trait Handle: Leads + Clone {}

impl<H: Leads + Clone> Handle for H {}

impl<D: LogicalDatabase> Leads for Database<D> {
    fn deadline(&self) -> Option<Deadline> {
        Self::deadline(self)
    }

    fn place(&self) -> Place {
        Place {
            connection: self.connection().clone(),
            name: self.connection().name.clone(),
            scope: Scope::Common,
        }
    }
}

impl<D: LogicalDatabase> Leads for TenantDatabase<D> {
    fn deadline(&self) -> Option<Deadline> {
        Self::deadline(self)
    }

    fn place(&self) -> Place {
        Place {
            connection: self.connection().clone(),
            name: self.name(),
            scope: Scope::PerTenant,
        }
    }
}

/// The handles of a transaction: one, or a tuple of them.
pub trait Parties: Joins {}

impl<P: Joins> Parties for P {}

/// A handle that can take part beside others.
#[diagnostic::on_unimplemented(message = "a transaction takes at most four handles")]
pub trait Beside<P>: Sized {
    /// The others and this one.
    type All;
    /// Returns them all.
    fn beside(self, others: P) -> Self::All;
}

/// Writes what a number of handles is: how they join, and what one more makes of them.
macro_rules! parties {
    ($($party:ident),+) => {
        impl<$($party: Handle),+> Joins for ($($party,)+) {
            type Joined = ($(Joined<$party>,)+);

            #[expect(non_snake_case, reason = "a variable is named as its type")]
            fn join(&self, lent: &Lent) -> Self::Joined {
                let ($($party,)+) = self;
                ($(Joined::new($party, lent),)+)
            }
        }
    };
    ($($party:ident),+; more) => {
        parties! { $($party),+ }

        impl<H: Handle, $($party: Handle),+> Beside<($($party,)+)> for H {
            type All = ($($party,)+ H);

            #[expect(non_snake_case, reason = "a variable is named as its type")]
            fn beside(self, ($($party,)+): ($($party,)+)) -> Self::All {
                ($($party,)+ self)
            }
        }
    };
}

parties! { A, B; more }
parties! { A, B, C; more }
parties! { A, B, C, E }

/// Writes what a handle alone is: it joins as itself, and one more makes a pair.
macro_rules! alone {
    ($($handle:ident),+) => { $(
        impl<D: LogicalDatabase> Joins for $handle<D> {
            type Joined = Joined<Self>;

            fn join(&self, lent: &Lent) -> Self::Joined {
                Joined::new(self, lent)
            }
        }

        impl<H: Handle, D: LogicalDatabase> Beside<$handle<D>> for H {
            type All = ($handle<D>, H);

            fn beside(self, first: $handle<D>) -> Self::All {
                (first, self)
            }
        }
    )+ };
}

alone! { Database, TenantDatabase }

/// A handle in a transaction: what is called through its collections is a part of it.
///
/// Its collections are ordinary ones without a need for `.session(…)`, on the client of the handle that
/// began the transaction. One call runs at a time; the second of two waits. `watch` and
/// `estimated_document_count` do not exist in a transaction. Beyond the body they answer
/// [`Error::Transaction`](crate::Error::Transaction). There is no way from here to the raw driver.
#[derive(Clone)]
pub struct Joined<H> {
    handle: H,
    lent: Lent,
}

impl<H: fmt::Debug> fmt::Debug for Joined<H> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Joined({:?})", self.handle)
    }
}

impl<H: Handle> Joined<H> {
    fn new(handle: &H, lent: &Lent) -> Self {
        Self {
            handle: handle.clone(),
            lent: lent.clone(),
        }
    }

    /// Makes the collection anew on the lending client: the driver refuses a session of another one.
    fn own<M: Model>(&self, reach: Reach) -> Collection<M> {
        let Place {
            connection, name, ..
        } = self.handle.place();
        let Lent { lender, .. } = &self.lent;
        let (database, guard) = (lender.client.database(&name), lender.guard.clone());
        let own = Collection::new(&database, &connection.declared, name, guard, reach, None);
        self.lent.join(&own)
    }
}

impl<D: LogicalDatabase> Joined<Database<D>> {
    /// Returns the collection of a common model of this database, in the transaction. No I/O.
    pub fn collection<M>(&self) -> Collection<M>
    where
        M: Routed<Database: Is<D, M>, Scope: WithoutTenant<M>>,
    {
        self.own(Reach::Deployment)
    }

    /// Returns the audit trail of this database, in the transaction.
    pub fn audit_trail(&self) -> Trail
    where
        D: Hosts<Entry>,
    {
        let on = self.handle.keeps_audit_trail();
        Trail::new(on.then(|| self.collection::<Entry>()))
    }
}

impl<D: LogicalDatabase> Joined<TenantDatabase<D>> {
    /// Returns the tenant.
    pub fn id(&self) -> &TenantId {
        self.handle.id()
    }

    /// Returns the tenant's own collection of a per-tenant model, in the transaction. No I/O.
    pub fn collection<M>(&self) -> Collection<M>
    where
        M: Routed<Database: Is<D, M>, Scope: WithTenant<M>>,
    {
        self.handle.as_usable(self.own(Reach::Tenant))
    }
}
