//! How guards, servers, tenants and the process stand.

use std::{fmt::Result, iter};

use mongoplex::GuardState;
use prometheus_client::encoding::DescriptorEncoder;

use super::{Scraped, counter, gauge};

impl Scraped {
    pub(super) fn guard(&self, to: &mut DescriptorEncoder<'_>) -> Result {
        let guards = || self.guards.iter();
        let label = |guard: &GuardState| vec![("db_namespace", guard.database)];
        const STATES: [&str; 5] = ["closed", "open", "half-open", "forced-open", "disabled"];
        let circuits = guards().flat_map(|guard| {
            let now = guard.circuit.circuit.to_string();
            STATES.map(|state| {
                let labels = vec![("db_namespace", guard.database), ("state", state)];
                (labels, f64::from(u8::from(now == state)))
            })
        });
        let help = "1 for the state that the circuit is in";
        gauge(to, "mongoplex_circuit_state", help, circuits)?;
        let limit = guards().map(|guard| (label(guard), guard.load.limit as f64));
        let help = "The most calls under way";
        gauge(to, "mongoplex_calls_limit", help, limit)?;
        let in_use = guards().map(|guard| (label(guard), guard.load.in_use as f64));
        gauge(to, "mongoplex_calls_in_use", "Calls under way", in_use)?;
        let tokens = guards().map(|guard| (label(guard), f64::from(guard.budget.0)));
        let help = "Tokens left for retries, which a deployment's databases share";
        gauge(to, "mongoplex_retry_budget_tokens", help, tokens)?;
        let capacity = guards().map(|guard| (label(guard), f64::from(guard.budget.1)));
        let help = "The most of these tokens";
        gauge(to, "mongoplex_retry_budget_capacity", help, capacity)?;
        let forced = guards().map(|guard| (label(guard), guard.forced as f64));
        let help = "Calls that only the guard's own timer ended, at the cost of a connection";
        counter(to, "mongoplex_forced_drops", help, forced)?;
        let recovered = guards().map(|guard| (label(guard), guard.recovered as f64));
        let help = "Calls that succeeded after an attempt of which nobody knew";
        counter(to, "mongoplex_recovered_calls", help, recovered)?;
        let unknown = guards().map(|guard| (label(guard), guard.unclassified as f64));
        let help = "Errors that are in no table";
        counter(to, "mongoplex_unclassified_errors", help, unknown)
    }

    pub(super) fn servers(&self, to: &mut DescriptorEncoder<'_>) -> Result {
        let servers = || {
            let deployments = self.snapshot.deployments.iter();
            deployments.flat_map(|own| own.servers.iter().map(|server| (&*own.name, server)))
        };
        let labels =
            |deployment, address| vec![("deployment", deployment), ("server_address", address)];
        let kinds = servers().map(|(deployment, server)| {
            let mut labels = labels(deployment, &*server.address);
            labels.push(("kind", server.kind));
            (labels, 1.0)
        });
        let help = "1 for what the server is";
        gauge(to, "mongoplex_server_info", help, kinds)?;
        let trips = servers().filter_map(|(deployment, server)| {
            let trip = server.round_trip_ms? / 1_000.0;
            Some((labels(deployment, &*server.address), trip))
        });
        let help = "A heartbeat's way there and back";
        gauge(to, "mongoplex_server_round_trip_seconds", help, trips)?;
        let lags = servers().filter_map(|(deployment, server)| {
            Some((labels(deployment, &*server.address), server.lag_seconds?))
        });
        let help = "How far the server is behind the primary";
        gauge(to, "mongoplex_replication_lag_seconds", help, lags)
    }

    pub(super) fn tenants(&self, to: &mut DescriptorEncoder<'_>) -> Result {
        let tenants = || self.snapshot.tenants.iter();
        let label = |tenant| vec![("tenant", tenant)];
        let calls = tenants().map(|own| (label(&*own.tenant), own.calls as f64));
        let help = "Calls of the busiest tenants in the last five minutes, and of the rest";
        gauge(to, "mongoplex_tenant_calls", help, calls)?;
        let seconds = tenants().map(|own| {
            let all = own.mean_ms * own.calls as f64 / 1_000.0;
            (label(&*own.tenant), all)
        });
        let help = "What these calls took";
        gauge(to, "mongoplex_tenant_seconds", help, seconds)
    }

    pub(super) fn process(&self, to: &mut DescriptorEncoder<'_>) -> Result {
        let process = &self.snapshot.process;
        let as_count = |count: Option<u64>| count.map(|count| count as f64);
        for (name, help, value) in [
            (
                "process_resident_memory_bytes",
                "Memory that is really in use",
                as_count(process.resident_bytes),
            ),
            ("mongoplex_process_cpu", "Processors in use", process.cpu),
            (
                "process_open_fds",
                "Open files and sockets",
                as_count(process.open_files),
            ),
            (
                "process_max_fds",
                "The most open files and sockets there may be",
                as_count(process.open_files_limit),
            ),
        ] {
            gauge(
                to,
                name,
                help,
                value.map(|value| (Vec::new(), value)).into_iter(),
            )?;
        }
        let build = vec![("version", env!("CARGO_PKG_VERSION"))];
        let help = "The version of mongoplex";
        gauge(to, "mongoplex_build_info", help, iter::once((build, 1.0)))
    }
}
