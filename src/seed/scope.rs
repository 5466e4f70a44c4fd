//! One list at its databases: looked at first, and locked only where something is to be written.

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use tokio_util::sync::CancellationToken;

use super::{
    context::{Context, Given},
    describe::{Described, Source},
    draw::Shares,
    error::Error,
    ledger::{Entry, Ledger, entry_id},
    list::List,
    place::Place,
    stamp::{self, Ground},
    told::{Done, Failed, Outcome, Told},
    worker::{Fenced, Worker},
};
use crate::{
    control::{Acquired, CrashPoint, Lease},
    orchestrator::{Connection, Databases},
    tenancy::TenantId,
};

/// How many databases are worked on at once: each is a few commands at a time, and other work goes on.
const AT_ONCE: usize = 4;

/// What is asked of a run.
#[derive(Clone)]
pub(super) struct Ask {
    pub(super) tenants: Option<Vec<TenantId>>,
    pub(super) volume: Option<u64>,
    pub(super) number: u64,
    pub(super) wait: Duration,
    pub(super) stop: CancellationToken,
    pub(super) told: Told,
    pub(super) ground: Ground,
    pub(super) given: Arc<Given>,
}

/// Seeds of one list, and where they are written.
#[derive(Clone)]
pub(super) struct Scope {
    pub(super) databases: Databases,
    pub(super) connection: Arc<Connection>,
    pub(super) ledger: Ledger,
    pub(super) list: Arc<List>,
    /// Those of the list that are asked for, in its order.
    pub(super) seeds: Vec<Arc<Described>>,
    /// Whether the stamp is to be written.
    pub(super) is_due: bool,
}

/// What was found, or done, at one database.
pub(super) struct AtPlace {
    pub(super) seeds: Vec<Result<Done, Failed>>,
    /// Whether something is to be written, be it only a record.
    pub(super) is_pending: bool,
}

impl AtPlace {
    fn tell(self, told: &Told, outcome: &mut Outcome) {
        for seed in self.seeds {
            told.ended(&seed);
            outcome.count(seed);
        }
    }
}

impl Scope {
    /// Looks at all databases and writes nothing.
    pub(super) async fn plan(&self, ask: &Ask, outcome: &mut Outcome) -> Result<(), Error> {
        for (_, found) in self.survey(ask, self.places(ask).await?).await? {
            outcome.is_pending |= found.is_pending;
            found.tell(&ask.told, outcome);
        }
        outcome.is_pending |= self.is_due;
        Ok(())
    }

    /// Writes what differs.
    pub(super) async fn run(&self, ask: &Ask, outcome: &mut Outcome) -> Result<(), Error> {
        let mut pending = Vec::new();
        for (place, found) in self.survey(ask, self.places(ask).await?).await? {
            match found.is_pending {
                true => pending.push(place),
                false => found.tell(&ask.told, outcome),
            }
        }
        if ask.stop.is_cancelled() {
            outcome.is_stopped = true;
            return Ok(());
        }
        if pending.is_empty() && !self.is_due {
            return Ok(());
        }
        outcome.is_pending = true;
        let lease = self.lock(ask, "seed run").await?;
        let work = async {
            if self.is_due {
                stamp::write(&self.ledger.control, &lease, ask.given.environment).await?;
            }
            self.work(ask, pending, &lease, outcome).await
        };
        let worked = tokio::select! {
            worked = work => worked,
            () = lease.lost() => Err(self.fenced()),
        };
        self.unlock(lease, worked).await
    }

    pub(super) async fn lock(&self, ask: &Ask, verb: &str) -> Result<Lease, Error> {
        let (control, scope) = (&self.ledger.control, &self.connection.name);
        let acquired = Lease::acquire(control, scope, verb, ask.wait).await?;
        match acquired {
            Acquired::Held(lease) => Ok(lease),
            Acquired::Other(holder) => Err(Error::Held(Box::new(holder))),
        }
    }

    pub(super) async fn unlock(
        &self,
        lease: Lease,
        worked: Result<(), Error>,
    ) -> Result<(), Error> {
        if matches!(worked, Err(Error::Fenced { .. })) {
            return worked;
        }
        CrashPoint::BeforeRelease.pass();
        let released = lease.release().await;
        CrashPoint::Released.pass();
        worked.and(released.map_err(Error::from))
    }

    pub(super) fn fenced(&self) -> Error {
        let scope = self.connection.name.to_string();
        Error::Fenced { scope }
    }

    /// Returns the databases that are meant.
    pub(super) async fn places(&self, ask: &Ask) -> Result<Vec<Place>, Error> {
        let place = |name, tenant| Place {
            connection: self.connection.clone(),
            name,
            tenant,
        };
        if !self.list.is_tenants {
            return Ok(vec![place(self.connection.name.clone(), None)]);
        }
        let tenancy = self.databases.tenancy()?;
        let ids = match &ask.tenants {
            None => tenancy.ids().await?,
            Some(ids) => {
                for id in ids {
                    tenancy.active(id).await?;
                }
                ids.clone()
            }
        };
        let of = |id: TenantId| place(self.connection.tenant_name(&id), Some(id));
        Ok(ids.into_iter().map(of).collect())
    }

    async fn survey(&self, ask: &Ask, places: Vec<Place>) -> Result<Vec<(Place, AtPlace)>, Error> {
        let entries = self.entries(&places).await?;
        let entries = &entries;
        let looked =
            stream::iter(places)
                .take_until(ask.stop.cancelled())
                .map(|place| async move {
                    let worker = self.worker(ask, &place, entries);
                    let found = worker.look().await;
                    (place, found)
                });
        Ok(looked.buffered(AT_ONCE).collect().await)
    }

    /// Returns the entries of all seeds at these databases, by their names.
    pub(super) async fn entries(&self, places: &[Place]) -> Result<HashMap<String, Entry>, Error> {
        let ids = places
            .iter()
            .flat_map(|place| self.seeds.iter().map(|seed| entry_id(place, seed)));
        let ids: Vec<String> = ids.collect();
        let found = self.ledger.entries(&ids).await?;
        let named = |entry: Entry| (format!("{}#{}", entry.database, entry.seed), entry);
        Ok(found.into_iter().map(named).collect())
    }

    async fn work(
        &self,
        ask: &Ask,
        places: Vec<Place>,
        lease: &Lease,
        outcome: &mut Outcome,
    ) -> Result<(), Error> {
        // As they are now that the lock is held.
        let entries = self.entries(&places).await?;
        let entries = &entries;
        let worked = stream::iter(places)
            .take_until(ask.stop.cancelled())
            .map(|place| async move { self.worker(ask, &place, entries).write(lease).await });
        let mut worked = std::pin::pin!(worked.buffer_unordered(AT_ONCE));
        while let Some(seeds) = worked.next().await {
            let seeds = seeds.map_err(|Fenced| self.fenced())?;
            seeds.into_iter().for_each(|seed| outcome.count(seed));
        }
        outcome.is_stopped |= ask.stop.is_cancelled();
        Ok(())
    }

    pub(super) fn worker<'a>(
        &'a self,
        ask: &'a Ask,
        place: &'a Place,
        entries: &'a HashMap<String, Entry>,
    ) -> Worker<'a> {
        let context = Context {
            given: ask.given.clone(),
            database: place.name.clone(),
            tenant: place.tenant.clone(),
            told: ask.told.clone(),
        };
        let weights = self.list.seeds.iter().filter_map(|seed| match seed.source {
            Source::Drawn { weight, .. } => Some((seed.name, weight)),
            _ => None,
        });
        let weights: Vec<_> = weights.collect();
        let tenant = place.tenant.as_ref().map_or("", TenantId::as_str);
        let documents = ask.volume.unwrap_or_default();
        Worker {
            scope: self,
            place,
            entries,
            context,
            shares: Shares::new(ask.number, tenant, documents, &weights),
            stop: ask.stop.clone(),
        }
    }
}
