//! A TCP proxy in front of one node, inside the test's process: it refuses, stalls, cuts, or loses a reply.
//!
//! It reads the length of each message and who answers whom, nothing more; compression it hides from the server.

mod message;
mod relay;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot},
    task::{JoinHandle, JoinSet},
    time::{Duration, Instant, sleep},
};

use self::relay::Shared;

/// How long the proxy tries to get its own port back after it refused.
const BACK_WITHIN: Duration = Duration::from_secs(5);

/// A proxy on 127.0.0.1; its tasks end with it.
///
/// A driver that discovers a set would go round it: [`uri`](Self::uri) connects directly. Its tasks run on the runtime
/// that started it.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    orders: mpsc::Sender<(Order, oneshot::Sender<()>)>,
    task: JoinHandle<()>,
}

/// What the accepting task is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Pass,
    Refuse,
    Stall,
    Cut,
}

impl Proxy {
    /// Starts a proxy in front of `target`, such as `set.nodes()[0].address()`; everything passes at first.
    ///
    /// # Panics
    ///
    /// When no port can be had.
    pub async fn start(target: &str) -> Self {
        let listener = listen((Ipv4Addr::LOCALHOST, 0).into()).await;
        let address = listener
            .local_addr()
            .unwrap_or_else(|error| panic!("the proxy has no address: {error}"));
        let shared = Arc::new(Shared::default());
        let (orders, received) = mpsc::channel(1);
        let acceptor = Acceptor {
            address,
            target: target.to_owned(),
            shared: shared.clone(),
            relays: JoinSet::new(),
        };
        let task = tokio::spawn(acceptor.run(listener, received));
        Self {
            address,
            shared,
            orders,
            task,
        }
    }

    /// Returns the URI of the node behind it, with `database` as default database. It has a query: options follow with `&`.
    #[must_use]
    pub fn uri(&self, database: &str) -> String {
        format!(
            "mongodb://{}/{database}?directConnection=true",
            self.address
        )
    }

    /// Returns where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets everything pass again, also what was held back by [`stall`](Self::stall).
    pub async fn pass(&self) {
        self.order(Order::Pass).await;
    }

    /// Refuses new connections and closes the open ones, like a node that is gone.
    pub async fn refuse(&self) {
        self.order(Order::Refuse).await;
    }

    /// Holds back every byte in both directions; connections stay open and new ones are accepted, like a frozen node.
    pub async fn stall(&self) {
        self.order(Order::Stall).await;
    }

    /// Closes the open connections once; new ones are treated as before.
    pub async fn cut(&self) {
        self.order(Order::Cut).await;
    }

    /// Loses the replies to the next `times` messages of clients that contain `pattern`: the node runs each command, and
    /// the connection is closed instead of answered. Zero takes it back.
    ///
    /// A command is found by the type and name of its first element: `b"\x02insert\0"`, `b"\x10commitTransaction\0"`.
    pub fn drop_replies(&self, pattern: &[u8], times: u32) {
        self.shared.arm(pattern, times);
    }

    /// Returns how many replies have been lost so far.
    #[must_use]
    pub fn dropped_replies(&self) -> u64 {
        self.shared.dropped()
    }

    /// Returns how many connections have been accepted so far.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.shared.accepted()
    }

    /// Closes everything and returns when its tasks have ended. Dropping it does the same without waiting.
    pub async fn stop(mut self) {
        self.task.abort();
        // It was aborted: that is what the answer says.
        let _ = (&mut self.task).await;
    }

    async fn order(&self, order: Order) {
        let (done, answer) = oneshot::channel();
        let sent = self.orders.send((order, done)).await.is_ok();
        assert!(
            sent && answer.await.is_ok(),
            "the proxy has ended: was its runtime dropped, or its port taken?"
        );
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The task that accepts, and owns one task per connection.
struct Acceptor {
    address: SocketAddr,
    target: String,
    shared: Arc<Shared>,
    relays: JoinSet<()>,
}

impl Acceptor {
    async fn run(
        mut self,
        listener: TcpListener,
        mut orders: mpsc::Receiver<(Order, oneshot::Sender<()>)>,
    ) {
        let mut listener = Some(listener);
        loop {
            tokio::select! {
                order = orders.recv() => {
                    let Some((order, done)) = order else { return };
                    self.obey(order, &mut listener).await;
                    // Whoever gave the order may have stopped waiting.
                    let _ = done.send(());
                }
                client = accept(listener.as_ref()) => self.relay(client),
                Some(_) = self.relays.join_next() => {}
            }
        }
    }

    async fn obey(&mut self, order: Order, listener: &mut Option<TcpListener>) {
        if order != Order::Cut {
            self.shared.set_stalled(order == Order::Stall);
        }
        if order == Order::Refuse {
            *listener = None;
        } else if listener.is_none() && order != Order::Cut {
            *listener = Some(listen(self.address).await);
        }
        if matches!(order, Order::Refuse | Order::Cut) {
            self.relays.shutdown().await;
        }
    }

    fn relay(&mut self, client: io::Result<TcpStream>) {
        // A client that went away before it was accepted is none.
        let Ok(client) = client else { return };
        self.shared.count_accepted();
        self.relays
            .spawn(relay::run(client, self.target.clone(), self.shared.clone()));
    }
}

async fn accept(listener: Option<&TcpListener>) -> io::Result<TcpStream> {
    match listener {
        Some(listener) => listener.accept().await.map(|(client, _)| client),
        None => std::future::pending().await,
    }
}

async fn listen(address: SocketAddr) -> TcpListener {
    let started = Instant::now();
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return listener,
            Err(error) if started.elapsed() > BACK_WITHIN => {
                panic!("the proxy cannot have {address}: {error}")
            }
            Err(_) => sleep(Duration::from_millis(10)).await,
        }
    }
}
