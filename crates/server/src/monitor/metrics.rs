//! The figures as OpenMetrics text. Names follow OpenTelemetry's semantic conventions for database
//! clients where these have one; docs/monitoring.md has the table.
//!
//! Every set of labels is finite: logical databases, collections and verbs are known when the program
//! is built, servers are those of the deployments, routes those of the servers, and of tenants at most
//! 51 are named.

mod alerts;
mod calls;
mod health;
mod http;
mod state;

use std::{
    fmt::{self, Result},
    sync::Arc,
};

use mongoplex::{
    GuardState,
    monitor::{Figures, Snapshot},
};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, text::encode},
    metrics::MetricType,
    registry::Registry,
};

use super::stream::Live;
use crate::requests::Counted;

/// The labels of a row of a family.
type Labels<'a> = Vec<(&'static str, &'a str)>;

/// Returns everything that is counted.
///
/// # Errors
/// None: a text takes whatever is written.
pub(super) fn text(live: &Live) -> std::result::Result<String, fmt::Error> {
    let monitor = live.monitor();
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Scraped {
        figures: monitor.figures(),
        guards: monitor.guards(),
        snapshot: monitor.snapshot(),
        requests: live.requests().servers(),
        deliveries: live.deliveries().counts(),
    }));
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

#[derive(Debug)]
struct Scraped {
    figures: Vec<Figures>,
    guards: Vec<GuardState>,
    snapshot: Snapshot,
    requests: Vec<Arc<Counted>>,
    deliveries: [(&'static str, u64); 3],
}

impl Collector for Scraped {
    fn encode(&self, mut to: DescriptorEncoder<'_>) -> Result {
        self.durations(&mut to)?;
        self.calls(&mut to)?;
        self.slow(&mut to)?;
        self.connections(&mut to)?;
        self.guard(&mut to)?;
        self.servers(&mut to)?;
        self.tenants(&mut to)?;
        self.alerts(&mut to)?;
        self.requests(&mut to)?;
        self.process(&mut to)?;
        self.health(&mut to)
    }
}

fn gauge<'a>(
    to: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    rows: impl Iterator<Item = (Labels<'a>, f64)>,
) -> Result {
    let mut family = to.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (labels, value) in rows {
        family.encode_family(&labels)?.encode_gauge(&value)?;
    }
    Ok(())
}

/// The name's end, `_total`, is added.
fn counter<'a>(
    to: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    rows: impl Iterator<Item = (Labels<'a>, f64)>,
) -> Result {
    let mut family = to.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (labels, value) in rows {
        let mut row = family.encode_family(&labels)?;
        row.encode_counter::<[(&str, &str); 0], _, u64>(&value, None)?;
    }
    Ok(())
}
