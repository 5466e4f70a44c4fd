//! Connections that are kept and ask one thing over and over.

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Mutex,
    task::JoinSet,
};

use crate::Failure;

/// Connections to one server.
pub(crate) struct Load {
    connections: Vec<Arc<Mutex<TcpStream>>>,
    request: Arc<str>,
    /// How long each answer is: it is the same each time.
    length: usize,
}

impl Load {
    /// Opens `count` connections that will ask for `path`.
    pub(crate) async fn open(
        address: SocketAddr,
        path: &str,
        count: usize,
    ) -> Result<Self, Failure> {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nX-Tenant-ID: acme\r\n\r\n");
        let mut connections = Vec::new();
        let mut length = 0;
        for _ in 0..count {
            let mut stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            length = self::length(&mut stream, &request).await?;
            connections.push(Arc::new(Mutex::new(stream)));
        }
        Ok(Self {
            connections,
            request: Arc::from(request),
            length,
        })
    }

    /// Makes `requests` on every connection, all connections at once.
    pub(crate) fn window(
        &self,
        requests: usize,
    ) -> impl Future<Output = Result<(), Failure>> + use<> {
        let connections = self.connections.clone();
        let (request, length) = (self.request.clone(), self.length);
        async move {
            let mut tasks = JoinSet::new();
            for connection in connections {
                let request = request.clone();
                tasks.spawn(async move {
                    let mut stream = connection.lock().await;
                    let mut answer = vec![0; length];
                    for _ in 0..requests {
                        ask(&mut stream, &request, &mut answer).await?;
                    }
                    Ok::<(), Failure>(())
                });
            }
            while let Some(done) = tasks.join_next().await {
                done??;
            }
            Ok(())
        }
    }
}

/// Sends a request and reads the answer into `answer`, which is as long as it.
async fn ask(stream: &mut TcpStream, request: &str, answer: &mut [u8]) -> Result<(), Failure> {
    stream.write_all(request.as_bytes()).await?;
    let read = stream.read(answer).await?;
    // Before the rest is waited for: any other answer has another length.
    if !answer[..read].starts_with(b"HTTP/1.1 200") {
        return Err("the server answered no 200".into());
    }
    stream.read_exact(&mut answer[read..]).await?;
    Ok(())
}

/// Asks once and returns how long the answer is, head and body.
async fn length(stream: &mut TcpStream, request: &str) -> Result<usize, Failure> {
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    let head = loop {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err("the server closed a connection".into());
        }
        if let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") {
            break head;
        }
    };
    let text = String::from_utf8_lossy(&answer[..head]).to_ascii_lowercase();
    let body = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let whole = head + 4 + body.ok_or("no length")?.parse::<usize>()?;
    let rest = whole.saturating_sub(answer.len());
    stream.read_exact(&mut vec![0; rest]).await?;
    Ok(whole)
}
