//! Logging, for programs: the library itself installs nothing.

use std::io::IsTerminal;

use mongoplex::config::{LogFormat, ServerConfig};
use tracing_subscriber::{EnvFilter, fmt, prelude::*};

/// `LOG_LEVEL` is no filter.
#[derive(Debug, thiserror::Error)]
#[error(
    "LOG_LEVEL: expected error, warn, info, debug, trace, or a filter such as `info,mongoplex=debug`; correct it"
)]
pub struct InvalidLogLevel;

/// Installs the subscriber of this process, writing lines to standard error.
///
/// Each line of a request carries its id. Called again it changes nothing.
///
/// # Errors
/// [`InvalidLogLevel`].
pub fn init(config: &ServerConfig) -> Result<(), InvalidLogLevel> {
    let filter = EnvFilter::builder()
        .parse(&config.log_level)
        .map_err(|_| InvalidLogLevel)?;
    let colours = std::io::stderr().is_terminal();
    let lines = fmt::layer()
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(colours);
    let registry = tracing_subscriber::registry().with(filter);
    let installed = match config.log_format {
        LogFormat::Text => registry.with(lines).try_init(),
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init(),
    };
    // Somebody else's subscriber stays: a program that embeds us decides.
    drop(installed);
    Ok(())
}
