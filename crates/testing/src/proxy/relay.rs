//! One proxied connection: messages both ways, held back or lost as the proxy says.

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use tokio::{
    io::AsyncWriteExt,
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::watch,
};

use super::message::Message;

/// What all connections of one proxy look at.
#[derive(Debug)]
pub(super) struct Shared {
    stalled: watch::Sender<bool>,
    armed: Mutex<(Vec<u8>, u32)>,
    dropped: AtomicU64,
    accepted: AtomicU64,
}

impl Default for Shared {
    fn default() -> Self {
        let stalled = watch::channel(false).0;
        Self {
            stalled,
            armed: Mutex::default(),
            dropped: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
        }
    }
}

impl Shared {
    pub(super) fn set_stalled(&self, stalled: bool) {
        self.stalled.send_replace(stalled);
    }

    pub(super) fn arm(&self, pattern: &[u8], times: u32) {
        *self.armed.lock().unwrap_or_else(PoisonError::into_inner) = (pattern.to_owned(), times);
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Relaxed)
    }

    pub(super) fn accepted(&self) -> u64 {
        self.accepted.load(Relaxed)
    }

    pub(super) fn count_accepted(&self) {
        self.accepted.fetch_add(1, Relaxed);
    }

    /// Returns whether the reply to this message has to be lost, and counts it off.
    fn claims(&self, message: &Message) -> bool {
        let mut armed = self.armed.lock().unwrap_or_else(PoisonError::into_inner);
        let claimed = armed.1 > 0 && message.contains(&armed.0);
        armed.1 -= u32::from(claimed);
        claimed
    }

    async fn flowing(&self) {
        // The sender is ours: it cannot be gone.
        let _ = self.stalled.subscribe().wait_for(|stalled| !stalled).await;
    }
}

/// The request of this connection whose reply has to be lost.
type Lost = Mutex<Option<u32>>;

/// Relays until either side closes, or a reply is lost; then both sides are closed.
pub(super) async fn run(mut client: TcpStream, target: String, shared: Arc<Shared>) {
    let Ok(mut server) = TcpStream::connect(target).await else {
        return;
    };
    // A message is small and complete: waiting for more would only add time.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (client, server) = (client.split(), server.split());
    let lost = Lost::default();
    // Either way ends with an error or a lost reply: both mean that the connection is over.
    tokio::select! {
        _ = requests(client.0, server.1, &lost, &shared) => {}
        _ = replies(server.0, client.1, &lost, &shared) => {}
    }
}

async fn requests(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    lost: &Lost,
    shared: &Shared,
) -> io::Result<()> {
    loop {
        let mut message = Message::read(&mut from).await?;
        message.offer_no_compression();
        if shared.claims(&message) {
            *lost.lock().unwrap_or_else(PoisonError::into_inner) = Some(message.request_id());
        }
        shared.flowing().await;
        to.write_all(message.bytes()).await?;
    }
}

async fn replies(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    lost: &Lost,
    shared: &Shared,
) -> io::Result<()> {
    loop {
        let message = Message::read(&mut from).await?;
        shared.flowing().await;
        if *lost.lock().unwrap_or_else(PoisonError::into_inner) == Some(message.answers()) {
            shared.dropped.fetch_add(1, Relaxed);
            return Ok(());
        }
        to.write_all(message.bytes()).await?;
    }
}
