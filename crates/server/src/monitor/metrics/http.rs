//! Requests: how many are being answered, and how long the others took.

use std::fmt::Result;

use prometheus_client::{encoding::DescriptorEncoder, metrics::MetricType};

use super::{Scraped, gauge};
use crate::requests::{BOUNDS, METHODS, Series};

impl Scraped {
    pub(super) fn requests(&self, to: &mut DescriptorEncoder<'_>) -> Result {
        let active = self.requests.iter().flat_map(|counted| {
            let rows = METHODS.into_iter().zip(counted.active());
            rows.map(|(method, count)| {
                let labels = vec![("server", counted.server), ("http_request_method", method)];
                (labels, count as f64)
            })
        });
        let help = "Requests that are being answered, up to the head of the answer";
        gauge(to, "http_server_active_requests", help, active)?;
        let name = "http_server_request_duration_seconds";
        let help = "How long requests took, up to the head of the answer";
        let mut family = to.encode_descriptor(name, help, None, MetricType::Histogram)?;
        for counted in &self.requests {
            for (route, all) in counted.ended() {
                for series in all {
                    let status = series.status.map(|status| status.as_str().to_owned());
                    let labels = [
                        ("server", counted.server),
                        ("http_request_method", series.method),
                        ("http_route", &*route),
                        (
                            "http_response_status_code",
                            status.as_deref().unwrap_or("_abandoned"),
                        ),
                    ];
                    let mut row = family.encode_family(&labels)?;
                    let (count, buckets) = buckets(&series);
                    let sum = series.elapsed.as_secs_f64();
                    row.encode_histogram::<[(&str, &str); 0]>(sum, count, &buckets, None)?;
                }
            }
        }
        Ok(())
    }
}

fn buckets(series: &Series) -> (u64, Vec<(f64, u64)>) {
    let bounds = BOUNDS.into_iter().chain([f64::INFINITY]);
    let count = series.within.iter().sum();
    (count, bounds.zip(series.within).collect())
}
