//! A client that sends exactly the bytes it is given and reads what comes back. It follows no redirect, keeps no cookie
//! and mends nothing.

use socket2::{Domain, Socket, Type};
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

/// How long a read waits before the connection counts as silent.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long an attack waits for one more answer.
const ATTACK_PATIENCE: Duration = Duration::from_millis(800);

/// A response.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The fields as they came.
    pub headers: Vec<(String, String)>,
    /// The body, without its framing.
    pub body: Vec<u8>,
    /// The fields after a chunked body.
    pub trailers: Vec<(String, String)>,
}

impl Answer {
    /// The first field of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied()
    }

    /// All fields of this name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str()).collect()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|fault| panic!("not JSON ({fault}): {self:?}"))
    }

    /// The sealed reference.
    #[track_caller]
    pub fn reference(&self) -> String {
        self.header("countersign-ref").unwrap_or_else(|| panic!("no reference: {self:?}")).to_owned()
    }

    /// Name and value of the first cookie that it sets and does not remove.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let pairs = self.all("set-cookie").into_iter().filter_map(|line| line.split(';').next()?.split_once('='));
        pairs.filter(|(key, value)| *key == name && !value.is_empty()).map(|(_, value)| value.to_owned()).next()
    }
}

/// A connection.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Wire {
    /// Opens one.
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        Self::over(stream)
    }

    /// Opens one from a certain loopback address.
    pub fn connect_from(from: IpAddr, address: SocketAddr) -> Self {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::new(from, 0).into()).unwrap();
        socket.connect(&address.into()).unwrap();
        Self::over(socket.into())
    }

    fn over(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self { stream, buffer: Vec::new() }
    }

    /// Waits no longer than this for a byte.
    pub fn patience(&mut self, patience: Duration) {
        self.stream.set_read_timeout(Some(patience)).unwrap();
    }

    /// Waits no longer than this until the other side takes what is sent.
    pub fn hurry(&mut self, hurry: Duration) {
        self.stream.set_write_timeout(Some(hurry)).unwrap();
    }

    /// Sends bytes; false if the other side has closed.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).is_ok()
    }

    /// Says that nothing more will be sent.
    pub fn finish(&mut self) {
        let _ = self.stream.shutdown(std::net::Shutdown::Write);
    }

    /// The next final response; none if the connection ends or falls silent first.
    pub fn answer(&mut self, method: &str) -> Option<Answer> {
        loop {
            let answer = self.any_answer(method)?;
            if answer.status >= 200 || answer.status == 101 {
                return Some(answer);
            }
        }
    }

    /// The next response, an interim one too.
    pub fn any_answer(&mut self, method: &str) -> Option<Answer> {
        let (status, headers) = self.head()?;
        let mut answer = Answer { status, headers, ..Answer::default() };
        let bodiless = method == "HEAD" || status < 200 || status == 204 || status == 304;
        if bodiless {
        } else if answer.header("transfer-encoding").is_some() {
            while let Some(chunk) = self.chunk() {
                if chunk.is_empty() {
                    answer.trailers = self.fields()?;
                    break;
                }
                answer.body.extend_from_slice(&chunk);
            }
        } else if let Some(length) = answer.header("content-length").and_then(|length| length.parse().ok()) {
            answer.body = self.take(length)?;
        } else {
            while self.fill() {}
            answer.body = std::mem::take(&mut self.buffer);
        }
        Some(answer)
    }

    /// Status and fields of the next response, its body left unread.
    pub fn head(&mut self) -> Option<(u16, Vec<(String, String)>)> {
        let line = self.line()?;
        let status = line.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()?;
        Some((status, self.fields()?))
    }

    /// The next chunk of a chunked body; empty for the last one.
    pub fn chunk(&mut self) -> Option<Vec<u8>> {
        let size = self.line()?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        if size == 0 {
            return Some(Vec::new());
        }
        let chunk = self.take(size)?;
        self.line()?;
        Some(chunk)
    }

    /// This many bytes.
    pub fn take(&mut self, count: usize) -> Option<Vec<u8>> {
        while self.buffer.len() < count {
            if !self.fill() {
                return None;
            }
        }
        Some(self.buffer.drain(..count).collect())
    }

    /// Has the other side closed? Waits as long as [`patience`](Self::patience) has it.
    pub fn closed(&mut self) -> bool {
        let mut bytes = [0; 4096];
        loop {
            match self.stream.read(&mut bytes) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(fault) => return fault.kind() == std::io::ErrorKind::ConnectionReset,
            }
        }
    }

    fn fields(&mut self) -> Option<Vec<(String, String)>> {
        let mut fields = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Some(fields);
            }
            let (name, value) = line.split_once(':')?;
            fields.push((name.to_owned(), value.trim().to_owned()));
        }
    }

    fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\r\n") {
                let line: Vec<u8> = self.buffer.drain(..end + 2).collect();
                return Some(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            if !self.fill() {
                return None;
            }
        }
    }

    fn fill(&mut self) -> bool {
        let mut bytes = [0; 16 * 1024];
        match self.stream.read(&mut bytes) {
            Ok(0) | Err(_) => false,
            Ok(count) => {
                self.buffer.extend_from_slice(&bytes[..count]);
                true
            }
        }
    }
}

impl Read for Wire {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        self.stream.read(bytes)
    }
}

/// Sends bytes as they are, and reads every answer until the connection ends or falls silent.
pub fn attack(address: SocketAddr, bytes: impl AsRef<[u8]>) -> Vec<Answer> {
    let mut wire = Wire::connect(address);
    wire.patience(ATTACK_PATIENCE);
    wire.send(bytes);
    let mut answers = Vec::new();
    while let Some(answer) = wire.answer("GET") {
        answers.push(answer);
    }
    answers
}

/// Sends one well-formed request on a connection of its own.
#[track_caller]
pub fn request(address: SocketAddr, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    request_on(&mut Wire::connect(address), &address.to_string(), method, target, headers, body)
}

/// The same on a connection that is already open; `host` unless the headers name another.
#[track_caller]
pub fn request_on(wire: &mut Wire, host: &str, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let named = |name: &str| headers.iter().any(|(key, _)| key.eq_ignore_ascii_case(name));
    let mut head = format!("{method} {target} HTTP/1.1\r\n");
    if !named("host") {
        head.push_str(&format!("Host: {host}\r\n"));
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() || method == "POST" {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    wire.send([head.as_bytes(), body].concat());
    wire.answer(method).unwrap_or_else(|| panic!("no answer to {method} {target} with {headers:?}"))
}

/// A GET.
#[track_caller]
pub fn get(address: SocketAddr, target: &str, headers: &[(&str, &str)]) -> Answer {
    request(address, "GET", target, headers, b"")
}

/// A GET from a certain loopback address.
#[track_caller]
pub fn get_from(from: IpAddr, address: SocketAddr, target: &str, headers: &[(&str, &str)]) -> Answer {
    request_on(&mut Wire::connect_from(from, address), &address.to_string(), "GET", target, headers, b"")
}

/// The value of an `Authorization` header for Basic.
pub fn basic(name: &str, password: &str) -> String {
    use base64::Engine;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{name}:{password}")))
}
