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
}

impl Load {
    /// Opens `count` connections that will ask for `path`.
    pub(crate) async fn open(
        address: SocketAddr,
        path: &str,
        count: usize,
    ) -> Result<Self, Failure> {
        let mut connections = Vec::new();
        for _ in 0..count {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            connections.push(Arc::new(Mutex::new(stream)));
        }
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nX-Tenant-ID: acme\r\n\r\n");
        let request = Arc::from(request);
        Ok(Self {
            connections,
            request,
        })
    }

    /// Makes `requests` on every connection, all connections at once.
    pub(crate) fn window(
        &self,
        requests: usize,
    ) -> impl Future<Output = Result<(), Failure>> + use<> {
        let connections = self.connections.clone();
        let request = self.request.clone();
        async move {
            let mut tasks = JoinSet::new();
            for connection in connections {
                let request = request.clone();
                tasks.spawn(async move {
                    let mut stream = connection.lock().await;
                    for _ in 0..requests {
                        ask(&mut stream, &request).await?;
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

/// Sends a request and reads the whole answer, which must be a 200.
async fn ask(stream: &mut TcpStream, request: &str) -> Result<(), Failure> {
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::with_capacity(2_048);
    loop {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err("the server closed a connection".into());
        }
        let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let text = String::from_utf8_lossy(&answer[..head]).to_ascii_lowercase();
        if !text.starts_with("http/1.1 200") {
            return Err(format!("the server answered {text}").into());
        }
        let length = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.ok_or("no length")?.parse()?;
        if answer.len() >= head + 4 + length {
            return Ok(());
        }
    }
}
