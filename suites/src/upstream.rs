//! The app behind the gateway. It records every head and body it gets, reads as leniently as the worst real app would,
//! and answers by path. It authenticates nobody.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// A request as the app saw it.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// The number of the connection it came on.
    pub connection: usize,
    /// The method.
    pub method: String,
    /// The target, byte for byte.
    pub target: String,
    /// The fields, byte for byte.
    pub headers: Vec<(String, String)>,
    /// The body without its framing.
    pub body: Vec<u8>,
    /// The fields after a chunked body.
    pub trailers: Vec<(String, String)>,
}

impl Recorded {
    /// All values of a field, under every name that an app could take for it.
    pub fn read_as(&self, name: &str) -> Vec<&str> {
        let fold = |name: &str| name.to_ascii_lowercase().replace(['_', '.'], "-").trim().to_owned();
        self.headers.iter().filter(|(key, _)| fold(key) == fold(name)).map(|(_, value)| value.as_str()).collect()
    }
}

#[derive(Default)]
struct State {
    requests: Mutex<Vec<Recorded>>,
    connections: AtomicUsize,
}

/// The app.
pub struct Upstream {
    /// Where it listens.
    pub address: SocketAddr,
    state: Arc<State>,
}

impl Upstream {
    /// Starts it.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = shared.clone();
                let number = state.connections.fetch_add(1, Ordering::Relaxed);
                std::thread::spawn(move || serve(stream, number, &state));
            }
        });
        Self { address, state }
    }

    /// Everything that came so far.
    pub fn requests(&self) -> Vec<Recorded> {
        self.state.requests.lock().unwrap().clone()
    }

    /// How many connections were opened so far.
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::Relaxed)
    }

    /// What came with this text in its target.
    pub fn saw(&self, target: &str) -> Vec<Recorded> {
        self.requests().into_iter().filter(|request| request.target.contains(target)).collect()
    }

    /// The one request with this text in its target.
    #[track_caller]
    pub fn the(&self, target: &str) -> Recorded {
        let mut saw = self.saw(target);
        assert_eq!(saw.len(), 1, "requests for {target} at the upstream: {saw:?}");
        saw.remove(0)
    }
}

fn serve(stream: TcpStream, connection: usize, state: &State) {
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut writer = stream;
    while let Some(mut request) = head(&mut reader) {
        request.connection = connection;
        let path = request.target.split('?').next().unwrap_or_default().to_owned();
        let ends = |word: &str| path.ends_with(word);
        // These answer before the body is here.
        if ends("/stream") {
            record(state, &request);
            stream_back(&mut reader, &mut writer);
            continue;
        }
        if ends("/early") {
            record(state, &request);
            let _ = writer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nearly");
            return;
        }
        if ends("/ws") && !request.read_as("upgrade").is_empty() {
            record(state, &request);
            return echo_upgraded(&request, &mut reader, &mut writer);
        }
        if !request.read_as("expect").is_empty() {
            let _ = writer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        if body(&mut reader, &mut request).is_none() {
            record(state, &request);
            return;
        }
        record(state, &request);
        if ends("/silent") {
            // Held open until the gateway gives up.
            let _ = reader.read(&mut [0; 1]);
            return;
        }
        if ends("/broken") {
            return;
        }
        let answer = answer(&path, &request);
        if writer.write_all(&answer).is_err() {
            return;
        }
    }
}

fn record(state: &State, request: &Recorded) {
    state.requests.lock().unwrap().push(request.clone());
}

fn answer(path: &str, request: &Recorded) -> Vec<u8> {
    let head_only = request.method == "HEAD";
    let plain = |status: &str, fields: &str, body: &[u8]| {
        let head = format!("HTTP/1.1 {status}\r\nContent-Type: text/plain\r\n{fields}Content-Length: {}\r\n\r\n", body.len());
        if head_only { head.into_bytes() } else { [head.as_bytes(), body].concat() }
    };
    if path.ends_with("/own-401") {
        return plain("401 Unauthorized", "WWW-Authenticate: Custom realm=\"the app\"\r\nX-Own: 1\r\n", b"the app says no");
    }
    if path.ends_with("/own-500") {
        return plain("500 Internal Server Error", "", b"the app failed");
    }
    if path.ends_with("/chunked") {
        return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n".to_vec();
    }
    if path.ends_with("/trailers") {
        return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n4\r\nbody\r\n0\r\nX-Sum: 42\r\n\r\n".to_vec();
    }
    if path.ends_with("/hop") {
        return plain(
            "200 OK",
            "Keep-Alive: timeout=9\r\nProxy-Authenticate: Basic realm=\"x\"\r\nConnection: X-Secret-Hop\r\nX-Secret-Hop: 1\r\n",
            b"hop",
        );
    }
    if path.ends_with("/echo") {
        return plain("200 OK", "", &request.body);
    }
    if path.ends_with("/large") {
        return plain("200 OK", "", &vec![b'x'; 1 << 20]);
    }
    plain("200 OK", "X-App: yes\r\n", format!("the app got {} {}", request.method, request.target).as_bytes())
}

fn head(reader: &mut impl BufRead) -> Option<Recorded> {
    let line = loop {
        let line = line(reader)?;
        if !line.is_empty() {
            break line;
        }
    };
    let mut words = line.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next().unwrap_or_default().to_owned());
    Some(Recorded { method, target, headers: fields(reader)?, ..Recorded::default() })
}

/// Fields as a lenient app reads them: bare line feeds end lines, a colon may have blanks before it.
fn fields(reader: &mut impl BufRead) -> Option<Vec<(String, String)>> {
    let mut fields = Vec::new();
    loop {
        let line = line(reader)?;
        if line.is_empty() {
            return Some(fields);
        }
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        fields.push((name.to_owned(), value.trim().to_owned()));
    }
}

fn body(reader: &mut impl BufRead, request: &mut Recorded) -> Option<()> {
    if request.read_as("transfer-encoding").iter().any(|coding| coding.to_ascii_lowercase().contains("chunked")) {
        loop {
            let chunk = chunk(reader)?;
            if chunk.is_empty() {
                request.trailers = fields(reader)?;
                return Some(());
            }
            request.body.extend(chunk);
        }
    }
    let length = request.read_as("content-length").first().and_then(|length| length.parse().ok()).unwrap_or(0);
    request.body = vec![0; length];
    reader.read_exact(&mut request.body).ok()
}

fn chunk(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let size = line(reader)?;
    let mut chunk = vec![0; usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?];
    if !chunk.is_empty() {
        reader.read_exact(&mut chunk).ok()?;
        line(reader)?;
    }
    Some(chunk)
}

fn line(reader: &mut impl BufRead) -> Option<String> {
    let mut bytes = Vec::new();
    reader.read_until(b'\n', &mut bytes).ok().filter(|count| *count > 0)?;
    while matches!(bytes.last(), Some(b'\n' | b'\r')) {
        bytes.pop();
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Sends every chunk back as it comes, so that a proxy that collects bodies shows itself.
fn stream_back(reader: &mut impl BufRead, writer: &mut impl Write) {
    let _ = writer.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while let Some(chunk) = chunk(reader) {
        if chunk.is_empty() {
            let _ = fields(reader);
            let _ = writer.write_all(b"0\r\n\r\n");
            return;
        }
        let _ = writer.write_all(&[format!("{:x}\r\n", chunk.len()).as_bytes(), &chunk, b"\r\n"].concat());
    }
}

/// The WebSocket handshake (RFC 6455 section 4.2.2), then every byte back as it came.
fn echo_upgraded(request: &Recorded, reader: &mut impl Read, writer: &mut impl Write) {
    let key = request.read_as("sec-websocket-key").first().copied().unwrap_or_default().to_owned();
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11").as_bytes());
    let accept = base64::engine::general_purpose::STANDARD.encode(hash);
    let head =
        format!("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n");
    let _ = writer.write_all(head.as_bytes());
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = reader.read(&mut bytes) {
        let _ = writer.write_all(&bytes[..count]);
    }
}
