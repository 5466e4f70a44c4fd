use std::{
    path::{Path, PathBuf},
    sync::Mutex,
};

use axum::{
    Router,
    extract::{Request, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use mongoplex_testing::Authority;
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A receiver that answers as it is told, and keeps the headers of what came.
#[derive(Clone, Default)]
struct Receiver {
    answers: Arc<Mutex<Vec<u16>>>,
    got: Arc<Mutex<Vec<HeaderMap>>>,
    serving: Arc<Mutex<JoinSet<()>>>,
}

impl Receiver {
    /// Returns it, and where it listens.
    async fn start(answers: &[u16]) -> (Self, Uri) {
        let receiver = Self::default();
        *receiver.answers.lock().unwrap() = answers.iter().rev().copied().collect();
        let router = Router::new().fallback(take).with_state(receiver.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        receiver.serving.lock().unwrap().spawn(async move {
            axum::serve(listener, router).await.unwrap();
        });
        (receiver, format!("http://{address}/hook").parse().unwrap())
    }

    fn got(&self) -> Vec<HeaderMap> {
        self.got.lock().unwrap().clone()
    }
}

async fn take(State(receiver): State<Receiver>, request: Request) -> Response {
    receiver.got.lock().unwrap().push(request.headers().clone());
    let status = receiver.answers.lock().unwrap().pop().unwrap_or(200);
    let status = StatusCode::from_u16(status).unwrap();
    let elsewhere = [("location", request.uri().path().to_owned())];
    (status, elsewhere).into_response()
}

static SHORT: [Duration; 4] = [Duration::from_millis(1); 4];

fn sender(uri: Uri, pauses: &'static [Duration]) -> Sender {
    Sender {
        outgoing: Outgoing::new(None).unwrap(),
        uri,
        key: Key::new(KEY),
        pauses,
        stop: CancellationToken::new(),
    }
}

fn message() -> Message {
    Message::new("msg_1", "{}", "alert `x` of `y` (firing)")
}

/// The example of the specification.
#[test]
fn a_message_is_signed_as_the_specification_says() {
    let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";

    let signature = Key::new(KEY).sign(id, 1_614_265_330, r#"{"test": 2432232314}"#);

    assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

#[tokio::test]
async fn a_message_is_sent_until_it_is_taken_and_keeps_its_id() {
    let (receiver, uri) = Receiver::start(&[500, 429, 408, 503, 204]).await;

    let delivered = sender(uri, &SHORT).deliver(&message()).await;

    assert_eq!(delivered, Ok(()));
    let got = receiver.got();
    assert_eq!(got.len(), 5);
    assert!(got.iter().all(|headers| headers["webhook-id"] == "msg_1"));
    assert!(
        got.iter()
            .all(|headers| headers["content-type"] == "application/json")
    );
}

#[tokio::test]
async fn tries_have_an_end() {
    let (receiver, uri) = Receiver::start(&[500; 9]).await;

    let delivered = sender(uri, &SHORT).deliver(&message()).await;

    assert_eq!(delivered, Err("it answered 500".into()));
    assert_eq!(receiver.got().len(), 5);
    assert_eq!(PAUSES.iter().sum::<Duration>(), Duration::from_secs(120));
}

#[tokio::test]
async fn a_refusal_is_final_and_a_redirect_is_not_followed() {
    for status in [400, 401, 404, 410, 302, 308] {
        let (receiver, uri) = Receiver::start(&[status]).await;

        let delivered = sender(uri, &SHORT).deliver(&message()).await;

        let reason = delivered.unwrap_err();
        assert!(
            reason.starts_with(&format!("it answered {status}")),
            "{reason}"
        );
        assert_eq!(receiver.got().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn going_down_cuts_the_pause_and_tries_once_more() {
    let (receiver, uri) = Receiver::start(&[500; 9]).await;
    static LONG: [Duration; 1] = [Duration::from_secs(3600)];
    let sender = sender(uri, &LONG);
    let (message, stop) = (message(), sender.stop.clone());

    let (delivered, ()) = tokio::join!(sender.deliver(&message), async {
        while receiver.got().is_empty() {
            tokio::task::yield_now().await;
        }
        stop.cancel();
    });

    assert_eq!(delivered, Err("it answered 500".into()));
    assert_eq!(receiver.got().len(), 2);
}

#[tokio::test]
async fn a_failure_says_no_part_of_the_address() {
    // A listener that is gone.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let uri = format!("http://{address}/canary").parse().unwrap();

    let delivered = sender(uri, &SHORT).deliver(&message()).await;

    assert_eq!(delivered, Err("it cannot be reached".into()));
}

#[tokio::test]
async fn of_too_many_messages_the_oldest_are_dropped_and_counted() {
    let deliveries = Arc::new(Deliveries::default());
    let queue = Queue::new(deliveries.clone());

    for number in 0..queue::MOST + 3 {
        queue.push(Some(Message::new("id", "{}", &format!("{number}"))));
    }

    assert_eq!(deliveries.counts()[2], ("dropped", 3));
    assert_eq!(queue.next().await.unwrap().to_string(), "3");
    assert_eq!(queue.abandon(), queue::MOST as u64);
}

/// Answers one request over TLS, and any number of handshakes that fail.
async fn https(certificate: &Path, listener: TcpListener) {
    let chain = CertificateDer::pem_file_iter(certificate).unwrap();
    let chain: Vec<_> = chain.map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(certificate).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let Ok(mut stream) = acceptor.accept(stream).await else {
            continue;
        };
        let mut start = [0; 1024];
        let _ = stream.read(&mut start).await;
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            .await;
        let _ = stream.shutdown().await;
    }
}

#[tokio::test]
async fn https_asks_for_a_certificate_of_an_authority_that_is_trusted() {
    let folder = std::env::temp_dir().join(format!("mongoplex-https-{}", std::process::id()));
    let authority = Authority::new();
    let certificate = authority.server(&folder, "server.pem");
    let own: PathBuf = authority.file(&folder, "authority.pem");
    let other = Authority::new().file(&folder, "other.pem");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri: Uri = format!("https://{}/", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(async move { https(&certificate, listener).await });
    let try_with = async |file: Option<&Path>| {
        let mut sender = sender(uri.clone(), &[]);
        sender.outgoing = Outgoing::new(file).unwrap();
        sender.deliver(&message()).await
    };

    let untrusted = "its certificate is not trusted; HTTPS_CA_FILE names another authority";
    assert_eq!(try_with(None).await, Err(untrusted.into()));
    assert_eq!(try_with(Some(&other)).await, Err(untrusted.into()));
    assert_eq!(try_with(Some(&own)).await, Ok(()));

    let empty = folder.join("empty.pem");
    std::fs::write(&empty, "no certificate").unwrap();
    let faults = Outgoing::new(Some(&empty)).unwrap_err().to_string();
    assert!(
        faults.starts_with("HTTPS_CA_FILE: holds no PEM certificate"),
        "{faults}"
    );
    let _ = std::fs::remove_dir_all(&folder);
}

/// What waits is told before the end, where the receiver takes it, and given up where it hangs.
#[tokio::test]
async fn the_end_waits_for_what_is_told_and_not_for_ever() {
    let (receiver, uri) = Receiver::start(&[]).await;
    let deliveries = Arc::new(Deliveries::default());
    let queue = Arc::new(Queue::new(deliveries.clone()));
    let start = |uri: Uri, queue: &Arc<Queue>| {
        let sender = sender(uri, &SHORT);
        let stop = sender.stop.clone();
        let mut tasks = JoinSet::new();
        let (_, transitions) = tokio::sync::broadcast::channel(1);
        let source = Source::new(&[], mongoplex::Environment::Test);
        tasks.spawn(queue.clone().fill(transitions, source, stop.clone()));
        tasks.spawn(sender.run(queue.clone()));
        let queue = queue.clone();
        Webhook { stop, tasks, queue }
    };
    for _ in 0..10 {
        queue.push(Some(message()));
    }
    start(uri, &queue).finish().await;
    assert_eq!(receiver.got().len(), 10);
    assert_eq!(deliveries.counts()[0], ("delivered", 10));

    let hangs = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/", hangs.local_addr().unwrap())
        .parse()
        .unwrap();
    let queue = Arc::new(Queue::new(deliveries.clone()));
    queue.push(Some(message()));
    queue.push(Some(message()));
    let began = std::time::Instant::now();
    start(uri, &queue).finish().await;

    assert!(began.elapsed() < FLUSH_LIMIT * 2, "{:?}", began.elapsed());
    assert_eq!(deliveries.counts()[1], ("failed", 2));
    assert_eq!(deliveries.counts()[0].1, 10);
    drop(hangs);
}
