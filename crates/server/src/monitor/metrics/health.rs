//! How the parts are doing.

use std::{fmt::Result, iter};

use mongoplex::monitor::{CheckView, NodeView};
use prometheus_client::encoding::DescriptorEncoder;

use super::{Labels, Scraped, gauge};

/// What a part may be.
const STATUSES: [&str; 4] = ["up", "degraded", "down", "unknown"];

impl Scraped {
    pub(super) fn health(&self, to: &mut DescriptorEncoder<'_>) -> Result {
        let health = &self.snapshot.health;
        let ready = iter::once((Vec::new(), truth(health.ready)));
        let help = "1 where requests should be sent here";
        gauge(to, "mongoplex_ready", help, ready)?;
        let statuses = self.parts().flat_map(|own| {
            STATUSES.map(|status| {
                let mut labels = labels(own);
                labels.push(("status", status));
                (labels, truth(own.status == status))
            })
        });
        let help = "1 for the status that the part has";
        gauge(to, "mongoplex_component_status", help, statuses)?;
        let known = |check: &CheckView| !["unknown", "unsupported"].contains(&check.status);
        let known = self.checks().filter(|(_, check)| known(check));
        let up = known.map(|(labels, check)| (labels, truth(check.status == "up")));
        gauge(to, "mongoplex_check_up", "1 where the check is up", up)?;
        let values = self.checks();
        let values = values.filter_map(|(labels, check)| Some((labels, check.observed?)));
        let help = "What the check found, in its own unit";
        gauge(to, "mongoplex_check_value", help, values)
    }

    fn parts(&self) -> impl Iterator<Item = &NodeView> {
        let top = self.snapshot.health.components.iter();
        top.flat_map(|top| iter::once(top).chain(&top.components))
    }

    fn checks(&self) -> impl Iterator<Item = (Labels<'_>, &CheckView)> {
        self.parts().flat_map(|own| {
            own.checks.iter().map(move |check| {
                let mut labels = labels(own);
                labels.push(("check", check.name));
                (labels, check)
            })
        })
    }
}

fn labels(part: &NodeView) -> Labels<'_> {
    vec![("kind", &*part.kind), ("component", &*part.name)]
}

fn truth(is_so: bool) -> f64 {
    f64::from(u8::from(is_so))
}
