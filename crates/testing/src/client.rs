//! Plain clients of the driver, with the short times that tests want.

use std::{thread, time::Duration};

use mongodb::{Client, options::ClientOptions};

/// How long what runs at the end of a test may take.
const CLEAN_UP_WITHIN: Duration = Duration::from_secs(10);

/// Returns a plain client of the driver: another connection, which no code under test knows of.
///
/// Its application name is `mongoplex-testing` where the URI gives none, its heartbeat 500 ms, and it looks for a server
/// for at most 5 s. Shut it down with `client.shutdown().immediate(true)` when a test counts connections.
///
/// # Panics
///
/// When the URI cannot be parsed.
pub async fn raw(uri: &str) -> Client {
    let parsed = ClientOptions::parse(uri).await;
    let mut options =
        parsed.unwrap_or_else(|error| panic!("`{uri}` is not a MongoDB URI: {error}"));
    options
        .app_name
        .get_or_insert_with(|| "mongoplex-testing".to_owned());
    options
        .heartbeat_freq
        .get_or_insert(Duration::from_millis(500));
    options
        .connect_timeout
        .get_or_insert(Duration::from_secs(2));
    options
        .server_selection_timeout
        .get_or_insert(Duration::from_secs(5));
    Client::with_options(options).unwrap_or_else(|error| panic!("no client for `{uri}`: {error}"))
}

/// Runs the end of a guard to its end on a thread and runtime of its own, for at most 10 s: for `Drop`, where nothing
/// can be awaited. The calling thread waits.
pub(crate) fn finish(work: impl Future<Output = ()> + Send + 'static) {
    let finished = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        if let Ok(runtime) = runtime {
            // A server that a test has killed answers nothing any more: there is nothing left to clean either.
            let _ = runtime.block_on(async { tokio::time::timeout(CLEAN_UP_WITHIN, work).await });
        }
    });
    let _ = finished.join();
}
