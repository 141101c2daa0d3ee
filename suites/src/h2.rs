//! HTTP/2 by hand (RFC 9113, RFC 7541): frames with any bytes in them, for what no library would send; and an app that
//! speaks HTTP/2 without TLS.

use crate::client::Wire;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Types of frames (RFC 9113 section 6).
pub const DATA: u8 = 0;
/// See [`DATA`].
pub const HEADERS: u8 = 1;
/// See [`DATA`].
pub const RST_STREAM: u8 = 3;
/// See [`DATA`].
pub const SETTINGS: u8 = 4;
/// See [`DATA`].
pub const PING: u8 = 6;
/// See [`DATA`].
pub const GOAWAY: u8 = 7;
/// See [`DATA`].
pub const WINDOW_UPDATE: u8 = 8;
/// See [`DATA`].
pub const CONTINUATION: u8 = 9;
/// A flag: nothing more comes on this stream.
pub const END_STREAM: u8 = 1;
/// A flag: the block of fields is whole.
pub const END_HEADERS: u8 = 4;
/// A flag of settings and pings: it is the answer to one.
pub const ACK: u8 = 1;

/// What became of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Answered with this status.
    Status(u16),
    /// Reset, or the whole connection was.
    Refused,
}

/// A connection with prior knowledge.
pub struct Connection {
    wire: Wire,
    next: u32,
}

impl Connection {
    /// Opens one.
    pub fn open(address: SocketAddr) -> Self {
        let mut wire = Wire::connect(address);
        wire.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        wire.send(frame(SETTINGS, 0, 0, b""));
        Self { wire, next: 1 }
    }

    /// Sends a request with exactly these fields, pseudo-fields included, and perhaps a body; gives what became of it.
    pub fn request(&mut self, fields: &[(&[u8], &[u8])], body: Option<&[u8]>) -> Outcome {
        let stream = self.stream();
        let block = block(fields);
        let end = if body.is_none() { END_STREAM } else { 0 };
        self.wire.send(frame(HEADERS, END_HEADERS | end, stream, &block));
        if let Some(body) = body {
            self.wire.send(frame(DATA, END_STREAM, stream, body));
        }
        self.outcome(stream)
    }

    /// The number of a stream that was not used yet.
    pub fn stream(&mut self) -> u32 {
        let stream = self.next;
        self.next += 2;
        stream
    }

    /// Sends bytes, of frames or not; false if the other side has closed, or takes nothing for a second.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.wire.hurry(Duration::from_secs(1));
        self.wire.send(bytes)
    }

    /// The next frame, settings being acknowledged on the way; none if the connection ended, or nothing came for so long.
    pub fn frame(&mut self, patience: Duration) -> Option<Frame> {
        self.wire.patience(patience);
        let head = self.wire.take(9)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let (kind, flags) = (head[3], head[4]);
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]) & 0x7fff_ffff;
        let payload = self.wire.take(length)?;
        if kind == SETTINGS && flags & ACK == 0 {
            self.wire.send(frame(SETTINGS, ACK, 0, b""));
        }
        Some(Frame { kind, flags, stream, payload })
    }

    fn outcome(&mut self, wanted: u32) -> Outcome {
        loop {
            let Some(frame) = self.frame(PATIENCE) else { return Outcome::Refused };
            match frame.kind {
                HEADERS if frame.stream == wanted => return Outcome::Status(status(&frame.payload)),
                RST_STREAM if frame.stream == wanted => return Outcome::Refused,
                GOAWAY => return Outcome::Refused,
                _ => {}
            }
        }
    }
}

/// A frame that came.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Its type.
    pub kind: u8,
    /// Its flags.
    pub flags: u8,
    /// Its stream; 0 is the connection.
    pub stream: u32,
    /// The rest.
    pub payload: Vec<u8>,
}

impl Frame {
    /// The status that it brings, if it is the head of a response.
    pub fn status(&self) -> Option<u16> {
        (self.kind == HEADERS).then(|| status(&self.payload))
    }
}

/// A block of fields, none of them indexed.
pub fn block(fields: &[(&[u8], &[u8])]) -> Vec<u8> {
    fields.iter().flat_map(|(name, value)| literal(name, value)).collect()
}

/// The four pseudo-fields of a GET.
pub fn get<'a>(authority: &'a str, path: &'a str) -> Vec<(&'a [u8], &'a [u8])> {
    vec![(b":method", b"GET"), (b":scheme", b"http"), (b":authority", authority.as_bytes()), (b":path", path.as_bytes())]
}

/// A frame as bytes.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A field that is not indexed and not Huffman-coded, so that any byte can stand in it.
fn literal(name: &[u8], value: &[u8]) -> Vec<u8> {
    [&[0][..], &length(name.len()), name, &length(value.len()), value].concat()
}

/// An integer with a prefix of seven bits (RFC 7541 section 5.1).
fn length(mut number: usize) -> Vec<u8> {
    if number < 127 {
        return vec![number as u8];
    }
    number -= 127;
    let mut bytes = vec![127];
    while number >= 128 {
        bytes.push((number % 128) as u8 | 128);
        number /= 128;
    }
    bytes.push(number as u8);
    bytes
}

/// The status at the head of a block: from the static table, or as a literal of digits.
fn status(block: &[u8]) -> u16 {
    match block.iter().find(|byte| **byte & 0xe0 != 0x20) {
        Some(indexed @ 0x88..=0x8e) => [200, 204, 206, 304, 400, 404, 500][usize::from(indexed - 0x88)],
        // A literal under the indexed name `:status` (48, 08, 18 in their forms), three digits plain or Huffman-coded.
        Some(_) => literal_status(block),
        None => 0,
    }
}

fn literal_status(block: &[u8]) -> u16 {
    let Some(at) = block.iter().position(|byte| matches!(byte, 0x48 | 0x08 | 0x18)) else { return 0 };
    let Some(length) = block.get(at + 1) else { return 0 };
    let Some(text) = block.get(at + 2..at + 2 + usize::from(length & 0x7f)) else { return 0 };
    if length & 0x80 == 0 {
        return std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    }
    huffman_digits(text)
}

/// Digits as the Huffman code has them (RFC 7541 appendix B): 0 to 2 in five bits, 3 to 9 in six.
fn huffman_digits(bytes: &[u8]) -> u16 {
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1)).collect();
    let mut number = 0;
    let mut rest = &bits[..];
    for _ in 0..3 {
        let value = |count: usize| rest.get(..count).map(|bits| bits.iter().fold(0_u16, |sum, bit| sum * 2 + u16::from(*bit)));
        let digit = match (value(5), value(6)) {
            (Some(short @ 0..=2), _) => {
                rest = &rest[5..];
                short
            }
            (_, Some(long @ 0x19..=0x1f)) => {
                rest = &rest[6..];
                long - 0x19 + 3
            }
            _ => return 0,
        };
        number = number * 10 + digit;
    }
    number
}

/// An app that speaks HTTP/2 without TLS and records the targets and header fields it gets.
pub struct H2Upstream {
    /// Where it listens.
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<http::request::Parts>>>,
}

impl H2Upstream {
    /// Starts it.
    pub fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let record = seen.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(serve(stream, record.clone()));
                }
            });
        });
        Self { address, seen }
    }

    /// The heads that it got.
    pub fn seen(&self) -> Vec<http::request::Parts> {
        self.seen.lock().unwrap().clone()
    }
}

async fn serve(stream: tokio::net::TcpStream, seen: Arc<Mutex<Vec<http::request::Parts>>>) {
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        let (parts, mut body) = request.into_parts();
        seen.lock().unwrap().push(parts);
        tokio::spawn(async move {
            let Ok(mut send) = respond.send_response(http::Response::new(()), false) else { return };
            let mut got = 0;
            while let Some(Ok(data)) = body.data().await {
                got += data.len();
                let _ = body.flow_control().release_capacity(data.len());
            }
            let _ = send.send_data(bytes::Bytes::from(format!("over HTTP/2: {got} bytes")), true);
        });
    }
}
