//! In which of two formats the figures are given: OpenMetrics to those who name it, as Prometheus does,
//! and the older text to everybody else: browsers, `curl`, `promtool check metrics`.

use axum::http::{HeaderMap, header};

/// A format of the figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// <https://prometheus.io/docs/specs/om/open_metrics_spec/>
    OpenMetrics,
    /// <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>
    Classic,
}

impl Format {
    /// Returns the one that is wanted: OpenMetrics where it is named and nothing is liked better.
    pub(super) fn wanted(headers: &HeaderMap) -> Self {
        let accept = headers.get_all(header::ACCEPT).iter();
        let accept: Vec<&str> = accept.filter_map(|value| value.to_str().ok()).collect();
        let accept = accept.join(",");
        let open = quality(&accept, "application/openmetrics-text");
        match open > 0.0 && open >= quality(&accept, "text/plain") {
            true => Self::OpenMetrics,
            false => Self::Classic,
        }
    }

    /// Returns what texts of it are called.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Classic => "text/plain; version=0.0.4; charset=utf-8",
        }
    }

    /// Returns an OpenMetrics text in this format.
    pub(super) fn of(self, open_metrics: String) -> String {
        match self {
            Self::OpenMetrics => open_metrics,
            Self::Classic => classic(&open_metrics),
        }
    }
}

/// Returns how much a media type is liked that is named, from 0 to 1; 0 where it is not. Its versions are one.
fn quality(accept: &str, kind: &str) -> f32 {
    let ranges = accept.split(',').map(|range| range.split(';'));
    let named = ranges.filter_map(|mut parts| {
        let name = parts.next()?.trim();
        let q = parts.find_map(|part| part.trim().strip_prefix("q="));
        let q = q.map_or(1.0, |q| q.parse().unwrap_or(0.0));
        name.eq_ignore_ascii_case(kind).then_some(q)
    });
    named.fold(0.0, f32::max)
}

/// The one difference that matters for what is told here: a counter's family has the `_total` of its series.
fn classic(open_metrics: &str) -> String {
    let mut text = String::with_capacity(open_metrics.len());
    let mut lines = open_metrics.lines().peekable();
    let mut is_counter = false;
    while let Some(line) = lines.next() {
        if line == "# EOF" {
            continue;
        }
        let declared = line.starts_with("# HELP ") || line.starts_with("# TYPE ");
        if line.starts_with("# HELP ") {
            is_counter = lines.peek().is_some_and(|next| next.ends_with(" counter"));
        }
        match line.splitn(4, ' ').collect::<Vec<_>>()[..] {
            [sign, what, name, rest] if declared && is_counter => {
                text.extend([sign, " ", what, " ", name, "_total ", rest]);
            }
            _ => text.push_str(line),
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(accept: &str) -> Format {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        Format::wanted(&headers)
    }

    #[test]
    fn open_metrics_is_given_to_those_who_name_it() {
        // Prometheus 2.42 and 3.
        for accept in [
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
             text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
             application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;q=0.4,*/*;q=0.1",
            "application/openmetrics-text",
        ] {
            assert_eq!(wanted(accept), Format::OpenMetrics, "{accept}");
        }
    }

    #[test]
    fn everybody_else_is_given_the_older_text() {
        for accept in [
            "*/*",
            "text/plain",
            "text/html,application/xhtml+xml,*/*;q=0.8",
            "application/openmetrics-text;q=0.5,text/plain",
            "application/openmetrics-text;q=0",
        ] {
            assert_eq!(wanted(accept), Format::Classic, "{accept}");
        }
        assert_eq!(Format::wanted(&HeaderMap::new()), Format::Classic);
    }

    #[test]
    fn counters_alone_are_called_otherwise() {
        let open = "# HELP a Of a kind\n# TYPE a counter\na_total{x=\"# TYPE b counter\"} 1\n\
                    # HELP b Of a counter\n# TYPE b gauge\nb 2\n# EOF\n";

        let classic = Format::Classic.of(open.into());

        let expected = "# HELP a_total Of a kind\n# TYPE a_total counter\na_total{x=\"# TYPE b counter\"} 1\n\
                        # HELP b Of a counter\n# TYPE b gauge\nb 2\n";
        assert_eq!(classic, expected);
    }
}
