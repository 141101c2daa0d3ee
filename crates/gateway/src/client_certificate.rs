//! Client certificates: those of our own listener, and those that a trusted proxy passes on in a header. Here they are looked
//! at; what follows from that is judged with the rest of the request.
//!
//! The listener takes any certificate whose key the client holds, so that a wrong one becomes a refusal with a reference and
//! not a broken handshake. It is looked at by the authorities afterwards, and nobody is admitted on it before.

use crate::config::authorities;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use countersign::{ClientCertificate, Standing};
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme};
use std::cell::RefCell;
use std::fmt;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

/// For how many seconds a connection's certificate is taken as it was found, before it is looked at again.
const LOOK_AGAIN: u64 = 60;

/// The authorities that clients may be certified by.
#[derive(Clone, Debug)]
pub(crate) struct Clients(Arc<dyn ClientCertVerifier>);

impl Clients {
    /// Reads the authorities of a PEM file.
    ///
    /// # Errors
    /// What is wrong, to be said after the file's name.
    pub(crate) fn read(path: &Path, provider: Arc<rustls::crypto::CryptoProvider>) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(authorities::read(path)?);
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).allow_unauthenticated().build();
        verifier.map(Self).map_err(|error| error.to_string())
    }

    /// What the listener asks of handshakes.
    pub(crate) fn taking_all(&self) -> Arc<dyn ClientCertVerifier> {
        Arc::new(TakingAll(self.0.clone()))
    }

    fn look_at(&self, chain: &[CertificateDer<'_>], now: UnixTime) -> Option<ClientCertificate> {
        let (own, between) = chain.split_first()?;
        let standing = match self.0.verify_client_cert(own, between, now) {
            Ok(_) => Standing::Good,
            Err(Error::InvalidCertificate(CertificateError::Expired)) => Standing::Expired(None),
            Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
                Standing::Expired(i64::try_from(not_after.as_secs()).ok())
            }
            Err(error) => Standing::Untrusted(reason(&error)),
        };
        Some(ClientCertificate { thumbprint: thumbprint(own), standing })
    }
}

fn reason(error: &Error) -> String {
    let Error::InvalidCertificate(error) = error else { return error.to_string() };
    match error {
        CertificateError::UnknownIssuer => "it was signed by none of the authorities in `client_authorities`".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "its lifetime has not begun".to_owned(),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => "it is not for clients".to_owned(),
        CertificateError::BadSignature => "its signature is not that of its authority".to_owned(),
        other => other.to_string(),
    }
}

fn thumbprint(der: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, der))
}

/// Takes every certificate whose key the client holds; the handshake still proves that.
#[derive(Debug)]
struct TakingAll(Arc<dyn ClientCertVerifier>);

impl ClientCertVerifier for TakingAll {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.0.root_hint_subjects()
    }

    fn verify_client_cert(&self, _: &CertificateDer<'_>, _: &[CertificateDer<'_>], _: UnixTime) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// The certificates of one connection. A connection may outlive one, so they are looked at again now and then.
pub(crate) struct Offered {
    chain: Vec<CertificateDer<'static>>,
    clients: Clients,
    found: RefCell<(u64, Option<Rc<ClientCertificate>>)>,
}

impl Offered {
    /// What a client offered, looked at by these authorities; nothing if it offered nothing.
    pub(crate) fn new(chain: Option<&[CertificateDer<'_>]>, clients: &Clients) -> Option<Self> {
        let chain = chain?.iter().map(|certificate| certificate.clone().into_owned()).collect();
        Some(Self { chain, clients: clients.clone(), found: RefCell::new((0, None)) })
    }

    /// What it is now.
    pub(crate) fn now(&self) -> Option<Rc<ClientCertificate>> {
        let now = UnixTime::now();
        let mut found = self.found.borrow_mut();
        if found.1.is_none() || now.as_secs().abs_diff(found.0) >= LOOK_AGAIN {
            *found = (now.as_secs(), self.clients.look_at(&self.chain, now).map(Rc::new));
        }
        found.1.clone()
    }
}

impl fmt::Debug for Offered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Offered({} certificates)", self.chain.len())
    }
}

/// The certificate in a trusted proxy's header, which has looked at it: nothing if there is none.
pub(crate) fn from_proxy(headers: &HeaderMap, name: &HeaderName) -> Option<ClientCertificate> {
    let mut fields = headers.get_all(name).iter();
    let field = fields.next().filter(|field| !field.is_empty())?;
    let untrusted = |why: &str| ClientCertificate { thumbprint: String::new(), standing: Standing::Untrusted(why.to_owned()) };
    if fields.next().is_some() {
        return Some(untrusted("the proxy's header came twice"));
    }
    Some(match decode(field) {
        Some(der) => ClientCertificate { thumbprint: thumbprint(&der), standing: Standing::Good },
        None => untrusted("the proxy's header holds no certificate"),
    })
}

/// A certificate as `Client-Cert` has it (RFC 9440: base64 between colons), or as PEM with percent escapes (nginx), with or
/// without its first and last line.
fn decode(field: &HeaderValue) -> Option<Vec<u8>> {
    let text = field.to_str().ok()?;
    let der = if let Some(inner) = text.strip_prefix(':') {
        STANDARD.decode(inner.strip_suffix(':')?).ok()?
    } else {
        let text = percent_decode(text.as_bytes()).decode_utf8().ok()?;
        let text = text.trim();
        let text = match text.strip_prefix("-----BEGIN CERTIFICATE-----") {
            Some(inner) => inner.split_once("-----END CERTIFICATE-----").filter(|(_, after)| after.trim().is_empty())?.0,
            None => text,
        };
        let text: String = text.split_ascii_whitespace().collect();
        STANDARD.decode(text).ok()?
    };
    // A SEQUENCE, and nothing behind it.
    let [0x30, 0x82, high, low, rest @ ..] = der.as_slice() else { return None };
    (usize::from(*high) << 8 | usize::from(*low) == rest.len()).then_some(der)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(values: &[&'static str], expect: Option<(&str, &str)>) {
        let name = HeaderName::from_static("client-cert");
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(&name, HeaderValue::from_static(value));
        }
        let found = from_proxy(&headers, &name);
        let standing = |standing: &Standing| match standing {
            Standing::Good => "good".to_owned(),
            Standing::Expired(_) => "expired".to_owned(),
            Standing::Untrusted(why) => why.clone(),
        };
        let found = found.map(|found| (found.thumbprint, standing(&found.standing)));
        assert_eq!(found.as_ref().map(|(thumbprint, standing)| (thumbprint.as_str(), standing.as_str())), expect, "{values:?}");
    }

    /// Nothing looks into a proxy's certificate but for its frame: five bytes do.
    #[test]
    fn headers_of_proxies() {
        let real = thumbprint(&[0x30, 0x82, 0, 1, 5]);
        let good = Some((real.as_str(), "good"));
        check(&[":MIIAAQU=:"], good);
        check(&["MIIAAQU%3D"], good);
        check(&["-----BEGIN%20CERTIFICATE-----%0AMIIA%0AAQU%3D%0A-----END%20CERTIFICATE-----%0A"], good);
        check(&[], None);
        check(&[""], None);
        let none = Some(("", "the proxy's header holds no certificate"));
        for wrong in
            [":MIIAAQU=", "::", "MIIAAQUA", "MIIAAgU=", "no", "%ff", "-----BEGIN CERTIFICATE-----", "MIIAAQU= x -----END CERTIFICATE-----"]
        {
            check(&[wrong], none);
        }
        check(&[":MIIAAQU=:", ":MIIAAQU=:"], Some(("", "the proxy's header came twice")));
    }
}
