//! Calls and the connections that they take.

use std::fmt::Result;

use mongoplex::meter::{BUCKETS, Measured, Outcome, PoolState};
use prometheus_client::{encoding::DescriptorEncoder, metrics::MetricType};

use super::{Labels, Scraped, counter, gauge};

impl Scraped {
    pub(super) fn durations(&self, to: &mut DescriptorEncoder<'_>) -> Result {
        let name = "db_client_operation_duration_seconds";
        let help = "How long calls took that were not refused, from their first step to their end";
        let mut family = to.encode_descriptor(name, help, None, MetricType::Histogram)?;
        for (labels, measured) in self.operations() {
            let count = measured.latencies;
            let mut below = 0;
            let bounds = BUCKETS.iter().zip(measured.buckets).map(|(bound, within)| {
                let own = within - below;
                below = within;
                (*bound, own)
            });
            let mut buckets: Vec<(f64, u64)> = bounds.collect();
            buckets.push((f64::INFINITY, count.saturating_sub(below)));
            let sum = measured.totals.elapsed.as_secs_f64();
            let mut row = family.encode_family(&labels)?;
            row.encode_histogram::<[(&str, &str); 0]>(sum, count, &buckets, None)?;
        }
        Ok(())
    }

    fn operations(&self) -> impl Iterator<Item = (Labels<'_>, &Measured)> {
        self.figures.iter().flat_map(|figures| {
            figures.operations.iter().map(|measured| {
                let labels = vec![
                    ("db_system_name", "mongodb"),
                    ("db_namespace", figures.database),
                    ("db_collection_name", measured.collection),
                    ("db_operation_name", measured.operation),
                ];
                (labels, measured)
            })
        })
    }

    pub(super) fn calls(&self, to: &mut DescriptorEncoder<'_>) -> Result {
        let by_outcome = self.operations().flat_map(|(labels, measured)| {
            let counted = Outcome::ALL.into_iter().zip(measured.totals.outcomes);
            counted.map(move |(outcome, count)| {
                let mut labels = labels.clone();
                labels.push(("outcome", outcome.as_str()));
                (labels, count as f64)
            })
        });
        counter(to, "mongoplex_calls", "Calls by how they ended", by_outcome)?;
        let retries = self
            .operations()
            .map(|(labels, measured)| (labels, measured.totals.retries as f64));
        let help = "How often calls were sent again by the guard";
        counter(to, "mongoplex_retries", help, retries)?;
        let waiting = self
            .operations()
            .map(|(labels, measured)| (labels, measured.totals.waiting.as_secs_f64()));
        let help = "Time that calls waited for a place among those under way";
        counter(to, "mongoplex_waiting_seconds", help, waiting)?;
        let driver = self
            .operations()
            .map(|(labels, measured)| (labels, measured.totals.driver.as_secs_f64()));
        let help = "Time that calls were in the driver";
        counter(to, "mongoplex_driver_seconds", help, driver)
    }

    pub(super) fn slow(&self, to: &mut DescriptorEncoder<'_>) -> Result {
        let slow = self.figures.iter().flat_map(|figures| {
            figures.slow.iter().map(|slow| {
                let labels = vec![
                    ("db_system_name", "mongodb"),
                    ("db_namespace", figures.database),
                    ("db_collection_name", slow.collection),
                    ("db_operation_name", slow.operation),
                ];
                (labels, slow.calls as f64)
            })
        });
        let help = "Calls that took at least the time of SLOWLOG_READ, _WRITE or _SCAN";
        counter(to, "mongoplex_slow_calls", help, slow)
    }

    pub(super) fn connections(&self, to: &mut DescriptorEncoder<'_>) -> Result {
        const POOL: &str = "db_client_connection_pool_name";
        const STATE: &str = "db_client_connection_state";
        let pools = || self.figures.iter().map(|own| (own.database, &own.pool));
        let states = pools().flat_map(|(name, pool)| {
            [
                (vec![(POOL, name), (STATE, "used")], pool.in_use as f64),
                (vec![(POOL, name), (STATE, "idle")], pool.idle as f64),
            ]
        });
        let help = "Connections by their state";
        gauge(to, "db_client_connection_count", help, states)?;
        let max = pools().map(|(name, pool)| (vec![(POOL, name)], f64::from(pool.max)));
        let help = "The most connections there may be to one server";
        gauge(to, "db_client_connection_max", help, max)?;
        let guards = self.guards.iter();
        let queued = guards.map(|guard| (vec![(POOL, guard.database)], guard.load.queued as f64));
        let help = "Calls that wait for a place, and so for a connection";
        gauge(to, "db_client_connection_pending_requests", help, queued)?;
        for (name, help, of) in [
            (
                "mongoplex_connections_created",
                "Connections made",
                (|pool| pool.created as f64) as fn(&PoolState) -> f64,
            ),
            (
                "mongoplex_connections_closed",
                "Connections closed",
                |pool| pool.closed as f64,
            ),
            (
                "mongoplex_connections_broken",
                "Connections closed because of an error or a call that was dropped",
                |pool| pool.broken as f64,
            ),
            (
                "mongoplex_pools_cleared",
                "How often all connections to a server were given up",
                |pool| pool.cleared as f64,
            ),
            ("mongoplex_checkouts", "Connections taken", |pool| {
                pool.checkouts as f64
            }),
            (
                "mongoplex_checkout_failures",
                "How often no connection was to be had",
                |pool| pool.checkout_failures as f64,
            ),
            (
                "mongoplex_checkout_seconds",
                "What taking connections took",
                |pool| pool.checkout.as_secs_f64(),
            ),
        ] {
            let rows = pools().map(|(name, pool)| (vec![(POOL, name)], of(pool)));
            counter(to, name, help, rows)?;
        }
        Ok(())
    }
}
