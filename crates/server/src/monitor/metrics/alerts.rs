//! What fires, and what became of telling somebody.

use std::fmt::Result;

use mongoplex::monitor::AlertState;
use prometheus_client::encoding::DescriptorEncoder;

use super::{Scraped, counter, gauge};

impl Scraped {
    pub(super) fn alerts(&self, to: &mut DescriptorEncoder<'_>) -> Result {
        let alerts = self.snapshot.alerts.iter();
        let firing = alerts.filter(|alert| alert.state == AlertState::Firing);
        let rows = firing.map(|alert| {
            let labels = vec![
                ("rule", &*alert.rule),
                ("kind", &*alert.kind),
                ("subject", &*alert.subject),
                ("severity", alert.severity.as_str()),
            ];
            (labels, 1.0)
        });
        let help = "1 for each alert that fires";
        gauge(to, "mongoplex_alert_state", help, rows)?;
        let outcomes = self.deliveries.iter();
        let outcomes =
            outcomes.map(|(outcome, count)| (vec![("outcome", *outcome)], *count as f64));
        let help = "Messages to the webhook by what became of them";
        counter(to, "mongoplex_alert_deliveries", help, outcomes)
    }
}
