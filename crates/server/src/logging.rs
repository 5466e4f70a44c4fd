//! Logging, for programs: the library itself installs nothing.

use std::io::IsTerminal;

use mongoplex::config::{LogFormat, ServerConfig};
use tracing_subscriber::{EnvFilter, fmt, prelude::*};

/// Installs the subscriber of this process, writing lines to standard error.
///
/// Each line of a request carries its id. Called again it changes nothing.
pub fn init(config: &ServerConfig) {
    // Configuration has checked it: what the filter does not know is left out.
    let filter = EnvFilter::builder().parse_lossy(&config.log_level);
    let colours = std::io::stderr().is_terminal();
    let lines = fmt::layer()
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(colours);
    let registry = tracing_subscriber::registry().with(filter);
    let installed = match config.log_format {
        LogFormat::Text => registry.with(lines).try_init(),
        LogFormat::Json => registry
            .with(lines.json().flatten_event(true).with_span_list(false))
            .try_init(),
    };
    // Somebody else's subscriber stays: a program that embeds us decides.
    drop(installed);
}
