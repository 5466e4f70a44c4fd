//! When to stop: SIGTERM from a supervisor, SIGINT from a terminal.

/// Waits for SIGTERM or SIGINT. For programs: the library itself handles no signal.
///
/// # Errors
/// When the signals cannot be listened to.
pub async fn terminated() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};

        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        Ok(())
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
