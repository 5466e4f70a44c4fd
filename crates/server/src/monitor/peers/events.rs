//! A peer's stream, relayed event by event: what is there goes on, what is away is tried again.

use std::{convert::Infallible, mem, sync::Arc, time::Duration};

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, StreamExt, stream};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::json;
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{sleep, timeout},
};

use super::{LARGEST, Live, Peer, pause};
use crate::{extract::NoParameters, problem::Problem};

/// A peer says something each second; after so long without a byte it is taken for gone.
const SILENCE: Duration = Duration::from_secs(20);

/// `/monitor/peers/{name}/stream`.
pub(in crate::monitor) async fn stream(
    State(live): State<Arc<Live>>,
    Path(name): Path<String>,
    _: NoParameters,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let peer = live.peers().find(&name)?.clone();
    let Ok(permit) = peer.streams.clone().try_acquire_owned() else {
        let detail = "too many look at this server through this one";
        return Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "peer",
            detail,
        ));
    };
    let reader = Reader {
        live,
        peer,
        upstream: None,
        failures: 0,
        is_over: false,
        _permit: permit,
    };
    let events = stream::unfold(reader, |mut reader| async move {
        let event = reader.next().await?;
        Some((event, reader))
    });
    Ok(Sse::new(events.map(Ok)).keep_alive(KeepAlive::default()))
}

/// One who reads a peer's stream.
struct Reader {
    live: Arc<Live>,
    peer: Peer,
    upstream: Option<Upstream>,
    /// Tries that failed since the last snapshot.
    failures: u32,
    is_over: bool,
    _permit: OwnedSemaphorePermit,
}

impl Reader {
    /// Returns what is to be told next; nothing after the drain of the server that relays.
    async fn next(&mut self) -> Option<Event> {
        if self.is_over {
            return None;
        }
        let draining = self.live.draining().clone();
        let event = draining.run_until_cancelled(self.relayed()).await;
        Some(event.unwrap_or_else(|| {
            self.is_over = true;
            Event::default().event("drain").data("{}")
        }))
    }

    async fn relayed(&mut self) -> Event {
        loop {
            let heard = match &mut self.upstream {
                Some(upstream) => upstream.next().await,
                None => match self.connect().await {
                    Ok(()) => continue,
                    Err(message) => return self.unreachable(&message),
                },
            };
            match heard {
                Ok(Heard { name, data }) if name == "snapshot" => {
                    self.failures = 0;
                    return Event::default().event("snapshot").data(data);
                }
                Ok(Heard { name, .. }) if name == "drain" => {
                    return self.lost("it is going down");
                }
                // Nothing that this version knows.
                Ok(_) => {}
                Err(reason) => return self.lost(reason),
            }
        }
    }

    async fn connect(&mut self) -> Result<(), String> {
        if self.failures > 0 {
            sleep(pause(self.failures)).await;
        }
        match self.peer.ask("stream", "text/event-stream").await {
            Ok(body) => {
                self.upstream = Some(Upstream::new(body));
                Ok(())
            }
            Err(silent) => Err(silent.message),
        }
    }

    fn lost(&mut self, reason: &str) -> Event {
        let message = self.peer.silent(reason).message;
        self.unreachable(&message)
    }

    fn unreachable(&mut self, message: &str) -> Event {
        self.upstream = None;
        self.failures = self.failures.saturating_add(1);
        let data = json!({ "message": message }).to_string();
        Event::default().event("unreachable").data(data)
    }
}

/// An event of a peer.
#[derive(Debug, PartialEq)]
struct Heard {
    name: String,
    data: String,
}

/// A stream of server-sent events that is read.
struct Upstream {
    body: Incoming,
    lines: Lines,
}

impl Upstream {
    fn new(body: Incoming) -> Self {
        Self {
            body,
            lines: Lines::default(),
        }
    }

    async fn next(&mut self) -> Result<Heard, &'static str> {
        loop {
            if let Some(heard) = self.lines.next()? {
                return Ok(heard);
            }
            match timeout(SILENCE, self.body.frame()).await {
                Ok(Some(Ok(frame))) => {
                    if let Some(bytes) = frame.data_ref() {
                        self.lines.push(bytes)?;
                    }
                }
                Ok(None) => return Err("its stream ended"),
                Ok(Some(Err(_))) => return Err("its stream broke"),
                Err(_) => return Err("its stream fell silent"),
            }
        }
    }
}

/// Bytes as they come, and the event that they begin.
#[derive(Default)]
struct Lines {
    bytes: Vec<u8>,
    /// Up to here there is no end of a line.
    looked: usize,
    name: String,
    data: String,
}

impl Lines {
    fn push(&mut self, bytes: &[u8]) -> Result<(), &'static str> {
        if self.bytes.len() + self.data.len() + bytes.len() > LARGEST {
            return Err("an event of it is larger than 8 MB");
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// Returns the next whole event, if there is one.
    fn next(&mut self) -> Result<Option<Heard>, &'static str> {
        while let Some(at) = self.bytes[self.looked..]
            .iter()
            .position(|byte| *byte == b'\n')
        {
            let rest = self.bytes.split_off(self.looked + at + 1);
            let line = mem::replace(&mut self.bytes, rest);
            self.looked = 0;
            let line = String::from_utf8(line).map_err(|_| "its stream is no text")?;
            if let Some(heard) = self.line(line.trim_end_matches(['\n', '\r'])) {
                return Ok(Some(heard));
            }
        }
        self.looked = self.bytes.len();
        Ok(None)
    }

    fn line(&mut self, line: &str) -> Option<Heard> {
        if line.is_empty() {
            let (name, data) = (mem::take(&mut self.name), mem::take(&mut self.data));
            // A carriage return would end a line of what is relayed.
            let is_whole = !data.is_empty() && !data.contains('\r');
            return is_whole.then_some(Heard { name, data });
        }
        match line.split_once(": ").or_else(|| line.split_once(':')) {
            Some(("event", name)) => self.name = name.into(),
            Some(("data", data)) => self.data.push_str(data),
            // A comment keeps the connection, and other fields are not used.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(chunks: &[&str]) -> Vec<(String, String)> {
        let mut lines = Lines::default();
        let mut all = Vec::new();
        for chunk in chunks {
            lines.push(chunk.as_bytes()).unwrap();
            while let Some(Heard { name, data }) = lines.next().unwrap() {
                all.push((name, data));
            }
        }
        all
    }

    #[test]
    fn events_are_read_whichever_way_they_are_cut() {
        let text = ": hello\n\nevent: snapshot\ndata: {\"a\":1}\n\nevent:drain\r\ndata:{}\r\n\r\n";
        let expected = [("snapshot", "{\"a\":1}"), ("drain", "{}")];
        let expected = expected.map(|(name, data)| (name.to_owned(), data.to_owned()));

        assert_eq!(heard(&[text]), expected);
        for at in 1..text.len() {
            assert_eq!(heard(&[&text[..at], &text[at..]]), expected, "{at}");
        }
    }

    #[test]
    fn what_would_end_a_line_early_or_is_too_large_is_not_passed_on() {
        assert_eq!(heard(&["event: snapshot\ndata: a\rdata: b\n\n"]), []);
        let mut lines = Lines::default();
        let chunk = vec![b'x'; LARGEST];
        lines.push(&chunk).unwrap();
        assert_eq!(lines.next(), Ok(None));
        assert!(lines.push(b"x").is_err());
    }

    #[test]
    fn pauses_grow_to_ten_seconds() {
        let pauses = [1, 2, 3, 4, 5, 99].map(|failures| pause(failures).as_secs());
        assert_eq!(pauses, [1, 2, 4, 8, 10, 10]);
    }
}
