//! What a tool says of itself between the messages: connections, TLS, failures below HTTP. Not what a server says.

/// One remark.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Note<'a> {
    /// A connection is being made.
    Connecting,
    /// It stands, in the clear as far as is known.
    Connected,
    /// It speaks TLS.
    Tls,
    /// A redirect or a second attempt is about to be sent there.
    Next(&'a str),
    /// Something below HTTP failed.
    Failure(&'a str),
    /// The server refused, and no more than the status is told.
    Status(u16),
    /// A browser kept a response from a script.
    Cors { url: &'a str, origin: &'a str },
    /// Anything else.
    Other,
}

/// The remark in a line; none where it is no remark. `traced` says that curl's marks were seen, so that `* ` is one.
pub(super) fn of(line: &str, traced: bool) -> Option<Note<'_>> {
    if let Some(rest) = line.strip_prefix('*').filter(|rest| rest.starts_with([' ', '\t']) && (traced || is_curls(rest.trim()))) {
        return Some(marked(rest.trim()));
    }
    if line.starts_with("{ [") || line.starts_with("} [") || is_progress(line) {
        return Some(Note::Other);
    }
    reported(line)
}

/// Notes by which a trace is known even before its first message.
fn is_curls(note: &str) -> bool {
    let begins =
        ["Trying ", "Connected to", "Could not resolve", "Host ", "About to connect", "Rebuilt URL", "Uses proxy", "Added ", "IPv"];
    begins.iter().any(|begin| note.starts_with(begin)) || failure(note)
}

fn marked(note: &str) -> Note<'_> {
    if let Some(rest) = note.strip_prefix("Issue another request to this URL: ") {
        return Note::Next(rest.trim_matches(['\'', '"', ' ']));
    }
    if note.starts_with("Trying ") || note.starts_with("About to connect") {
        return Note::Connecting;
    }
    if note.starts_with("Connected to") {
        return if note.contains("port 443 ") || note.ends_with("port 443") { Note::Tls } else { Note::Connected };
    }
    let tls = ["SSL connection using", "TLSv1", "ALPN", "Server certificate", "SSL certificate verify", "schannel:", "[:scheme: https]"];
    match note {
        _ if failure(note) => Note::Failure(note),
        _ if tls.iter().any(|mark| note.contains(mark)) => Note::Tls,
        _ => Note::Other,
    }
}

/// What is printed without a mark: the last word of a tool that gave up.
fn reported(line: &str) -> Option<Note<'_>> {
    let line = line.trim();
    if line.is_empty() || line.len() > 4096 {
        return None;
    }
    if let Some(rest) = line.strip_prefix("curl: (") {
        let status = rest.split_once("returned error: ").and_then(|(_, rest)| super::start::code(rest.get(..3)?));
        return Some(status.map_or(Note::Failure(line), Note::Status));
    }
    if let Some((_, rest)) = line.split_once("Access to ").filter(|_| line.contains("blocked by CORS policy")) {
        let mut quoted = rest.split('\'').skip(1).step_by(2);
        return Some(Note::Cors { url: quoted.next().unwrap_or_default(), origin: quoted.next().unwrap_or_default() });
    }
    if line.starts_with("Cross-Origin Request Blocked") {
        let (_, rest) = line.split_once("resource at ")?;
        let url = rest.split(' ').next().unwrap_or_default().trim_end_matches('.');
        return Some(Note::Cors { url: url.trim_matches(['‘', '’', '\'', '"']), origin: "" });
    }
    let begins = REPORTS.iter().any(|begin| line.starts_with(begin));
    let named = EXCEPTIONS.iter().any(|name| line.contains(name));
    (begins || (named && failure(line))).then_some(Note::Failure(line))
}

const REPORTS: &[&str] = &[
    "http: error: SSLError",
    "http: error: ConnectionError",
    "http: error: ProxyError",
    "https: error: SSLError",
    "https: error: ConnectionError",
    "ERROR: cannot verify ",
    "ERROR: The certificate of ",
    "ERROR: no certificate subject alternative name matches",
    "OpenSSL: error:",
    "GnuTLS: ",
    "Unable to establish SSL connection",
    "wget: unable to resolve host address",
    "wget: server returned error",
    "Error: unable to verify the first certificate",
    "Error: self signed certificate",
    "Error: self-signed certificate",
    "Error: unable to get local issuer certificate",
    "Error: certificate has expired",
    "Error: connect ECONNREFUSED",
    "Error: getaddrinfo ENOTFOUND",
    "Error: Hostname/IP does not match certificate's altnames",
];

const EXCEPTIONS: &[&str] = &[
    "requests.exceptions.",
    "urllib3.exceptions.",
    "urllib.error.URLError",
    "ssl.SSL",
    "javax.net.ssl.",
    "java.net.",
    "sun.security.",
    "x509: ",
    "dial tcp",
    "net::ERR_",
    "System.Net.",
    "fatal: unable to access",
    "OpenSSL::SSL::SSLError",
    "httpx.ConnectError",
];

/// Does a remark tell of a failure? Alerts that merely close a connection do not.
fn failure(note: &str) -> bool {
    FAILURES.iter().any(|mark| note.contains(mark)) || (note.contains("TLS alert,") && !note.contains("close notify"))
}

const FAILURES: &[&str] = &[
    "SSL certificate problem",
    "certificate verify failed",
    "CERTIFICATE_VERIFY_FAILED",
    "certificate subject name",
    "certificate signed by unknown authority",
    "certificate has expired",
    "certificate is valid for",
    "certificate is not valid",
    "not trusted",
    "PKIX path",
    "SSLHandshakeException",
    "SSLPeerUnverifiedException",
    "does not match target host name",
    "does not match the",
    "Could not resolve",
    "Couldn't resolve",
    "no such host",
    "Name or service not known",
    "nodename nor servname",
    "UnknownHostException",
    "ERR_NAME_NOT_RESOLVED",
    "Connection refused",
    "connection refused",
    "actively refused",
    "ERR_CONNECTION_",
    "ERR_CERT_",
    "ERR_SSL_",
    "ERR_BAD_SSL_CLIENT_AUTH_CERT",
    "timed out",
    "i/o timeout",
    "Failed to connect",
    "Couldn't connect",
    "SSL_connect",
    "SSL_ERROR",
    "SSLError",
    "ssl_read:",
    "SSL_read:",
    "gnutls_handshake() failed",
    "handshake failure",
    "handshake_failure",
    "wrong version number",
    "unsupported protocol",
    "certificate required",
    "Recv failure",
    "Send failure",
    "Empty reply from server",
    "Connection reset by peer",
    "schannel: SNI or certificate check failed",
    "schannel: next InitializeSecurityContext failed",
    "unable to get local issuer",
    "self signed certificate",
    "self-signed certificate",
];

/// A line of curl's or wget's progress meter.
fn is_progress(line: &str) -> bool {
    let line = line.trim_start();
    if line.starts_with("% Total    % Received") || line.starts_with("Dload  Upload") {
        return true;
    }
    let mut words = line.split_ascii_whitespace();
    let numbers = words.by_ref().take(3).filter(|word| word.bytes().all(|byte| byte.is_ascii_digit() || b".kMG".contains(&byte))).count();
    numbers == 3 && line.contains("--:--:--")
}
