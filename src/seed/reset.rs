//! Takes away what seeds have inserted, and forgets it: the next run begins anew. What people have added, and
//! rows that were there before the seed, stay.

use std::collections::HashMap;

use mongodb::bson::{Bson, doc};

use super::{
    describe::Described,
    draw::Shares,
    error::Error,
    ledger::{Entry, Stop, entry_id},
    scope::{Ask, Scope},
    told::{Counts, Done, Failed, Outcome},
    worker::{Fenced, Worker},
};
use crate::control::{CrashPoint, Lease};

/// How many documents are looked up or taken away by one command.
const BATCH: usize = 1_000;

impl Scope {
    /// Takes away what the seeds have inserted, dependents first. Without a lease it only counts.
    pub(super) async fn reset(&self, ask: &Ask, outcome: &mut Outcome) -> Result<(), Error> {
        let lease = self.lock(ask, "seed reset").await?;
        let worked = tokio::select! {
            worked = self.take_away(ask, Some(&lease), outcome) => worked,
            () = lease.lost() => Err(self.fenced()),
        };
        self.unlock(lease, worked).await
    }

    pub(super) async fn take_away(
        &self,
        ask: &Ask,
        lease: Option<&Lease>,
        outcome: &mut Outcome,
    ) -> Result<(), Error> {
        for place in self.places(ask).await? {
            if ask.stop.is_cancelled() {
                outcome.is_stopped = true;
                return Ok(());
            }
            let ids: Vec<String> = self
                .seeds
                .iter()
                .map(|seed| entry_id(&place, seed))
                .collect();
            let entries = self.ledger.entries(&ids).await?;
            let none = HashMap::new();
            let worker = self.worker(ask, &place, &none);
            for seed in self.seeds.iter().rev() {
                let Some(entry) = entries.iter().find(|entry| entry.seed == seed.name) else {
                    continue;
                };
                outcome.is_pending = true;
                let ended = worker.take_away(seed, entry, lease).await;
                let ended = ended.map_err(|Fenced| self.fenced())?;
                ask.told.ended(&ended);
                outcome.count(ended);
            }
        }
        Ok(())
    }
}

impl Worker<'_> {
    async fn take_away(
        &self,
        seed: &Described,
        entry: &Entry,
        lease: Option<&Lease>,
    ) -> Result<Result<Done, Failed>, Fenced> {
        let mut rows = Counts::default();
        let taken = match seed.is_volume() {
            true => self.take_volume(seed, entry, lease, &mut rows).await,
            false => self.take_rows(seed, lease, &mut rows).await,
        };
        let forgotten = match (taken, lease) {
            (Ok(()), Some(lease)) => {
                let id = entry_id(self.place, seed);
                self.scope.ledger.forget_entry(lease, &id).await
            }
            (taken, _) => taken,
        };
        match forgotten {
            Ok(()) => Ok(Ok(Done {
                at: self.at(seed),
                rows,
                skipped: None,
            })),
            Err(Stop::Fenced) => Err(Fenced),
            Err(stop) => Ok(Err(self.failed(seed, rows, stop))),
        }
    }

    /// Takes away the rows that were inserted, those that people marked as deleted too.
    async fn take_rows(
        &self,
        seed: &Described,
        lease: Option<&Lease>,
        rows: &mut Counts,
    ) -> Result<(), Stop> {
        let (ledger, place) = (&self.scope.ledger, self.place);
        let id = entry_id(place, seed);
        let records: Vec<_> = ledger.records(&id).await?.into_iter().collect();
        for some in records.chunks(BATCH) {
            let own = some.iter().filter(|(_, record)| record.is_own);
            let ids: Vec<&Bson> = own.map(|(_, record)| &record.id).collect();
            let filter = doc! { "_id": { "$in": ids } };
            let Some(lease) = lease else {
                let found = place.find(seed.collection, filter, doc! { "_id": 1 });
                rows.pruned += found.await?.len() as u64;
                continue;
            };
            check(lease)?;
            let command =
                doc! { "delete": seed.collection, "deletes": [{ "q": filter, "limit": 0 }] };
            rows.pruned += place.write("delete", seed.collection, command).await?.count;
            CrashPoint::AfterStep.pass();
            let hashes: Vec<String> = some.iter().map(|(hash, _)| hash.clone()).collect();
            ledger.forget(lease, &id, &hashes).await?;
        }
        Ok(())
    }

    /// Takes away what was drawn by any number.
    async fn take_volume(
        &self,
        seed: &Described,
        entry: &Entry,
        lease: Option<&Lease>,
        rows: &mut Counts,
    ) -> Result<(), Stop> {
        let tenant = self
            .place
            .tenant
            .as_ref()
            .map_or("", |tenant| tenant.as_str());
        for number in &entry.numbers {
            let shares = Shares::new(*number, tenant, 0, &[]);
            let last = shares.id(seed.name, u64::from(u32::MAX));
            let mut first = shares.id(seed.name, 0);
            let Some(lease) = lease else {
                rows.pruned += self.place.count(seed.collection, first, last).await?;
                continue;
            };
            loop {
                check(lease)?;
                let range = doc! { "_id": { "$gte": first, "$lte": last } };
                let some = self.place.first(seed.collection, range, BATCH).await?;
                let Some(end) = some.last() else { break };
                let filter = doc! { "_id": { "$gte": first, "$lte": end } };
                let command =
                    doc! { "delete": seed.collection, "deletes": [{ "q": filter, "limit": 0 }] };
                rows.pruned += self
                    .place
                    .write("delete", seed.collection, command)
                    .await?
                    .count;
                CrashPoint::BetweenBatches.pass();
                first = *end;
            }
        }
        Ok(())
    }
}

fn check(lease: &Lease) -> Result<(), Stop> {
    match lease.lasts(lease.margin()) {
        true => Ok(()),
        false => Err(Stop::Fenced),
    }
}
