//! The little of MongoDB's wire format that the proxy has to know.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// Length, request id, answered id, operation: four little-endian words.
const HEADER: usize = 16;

/// The server's own limit is 48 MB; anything longer is no message.
const LONGEST: usize = 64 << 20;

/// One whole message with its header.
#[derive(Debug)]
pub(super) struct Message(Vec<u8>);

impl Message {
    /// Reads the next message; an end of the stream is an error too.
    pub(super) async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
        let mut bytes = vec![0; HEADER];
        from.read_exact(&mut bytes).await?;
        let length = word(&bytes, 0) as usize;
        if !(HEADER..=LONGEST).contains(&length) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        bytes.resize(length, 0);
        from.read_exact(&mut bytes[HEADER..]).await?;
        Ok(Self(bytes))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn request_id(&self) -> u32 {
        word(&self.0, 4)
    }

    pub(super) fn answers(&self) -> u32 {
        word(&self.0, 8)
    }

    pub(super) fn contains(&self, pattern: &[u8]) -> bool {
        !pattern.is_empty() && find(&self.0, pattern).is_some()
    }

    /// Gives the compressors that a client offers names that no server knows, so that everything stays readable.
    pub(super) fn offer_no_compression(&mut self) {
        let Some(start) = find(&self.0, b"\x04compression\0") else {
            return;
        };
        for name in [b"snappy\0".as_slice(), b"zlib\0", b"zstd\0"] {
            if let Some(at) = find(&self.0[start..], name) {
                self.0[start + at..start + at + name.len() - 1].fill(b'-');
            }
        }
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    let word = bytes.get(at..at + 4).and_then(|word| word.try_into().ok());
    u32::from_le_bytes(word.unwrap_or_default())
}

fn find(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    bytes
        .windows(pattern.len())
        .position(|window| window == pattern)
}

#[cfg(test)]
mod tests {
    use super::Message;

    #[tokio::test]
    async fn a_message_is_read_to_its_end_and_no_further() {
        let mut bytes: &[u8] = b"\x12\0\0\0\x07\0\0\0\x03\0\0\0\xdd\x07\0\0abNEXT";

        let message = Message::read(&mut bytes).await.unwrap();

        assert_eq!((message.request_id(), message.answers()), (7, 3));
        assert!(message.contains(b"ab") && !message.contains(b"NEXT"));
        assert_eq!(bytes, b"NEXT");
    }
}
