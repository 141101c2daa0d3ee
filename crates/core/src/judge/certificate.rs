//! Mutual TLS (RFC 8705 section 3): a token that is bound to a client certificate comes over a connection with that one.
//! Whoever made the connection has looked at the certificate, and the handshake proved its key.

use crate::cause::Cause;
use crate::evidence::{Evidence, Subject, Value};
use crate::parts::{RequestParts, Standing};
use crate::verdict::Stop;

pub(super) fn check(thumbprint: &str, parts: &RequestParts<'_>) -> Result<(), Stop> {
    let expected = || Value::text(thumbprint);
    let Some(certificate) = parts.certificate else {
        return Err(Stop::refuse(Cause::CertificateMissing, Evidence::none().expected(Subject::Certificate, expected())));
    };
    let presented = || Value::text(&certificate.thumbprint);
    let seen = || Evidence::none().presented(Subject::Certificate, presented());
    match &certificate.standing {
        Standing::Untrusted(why) => Err(Stop::refuse(
            Cause::CertificateUntrusted,
            Evidence::none().presented(Subject::Form, Value::text(why)).presented(Subject::Certificate, presented()),
        )),
        Standing::Expired(None) => Err(Stop::refuse(Cause::CertificateExpired, seen())),
        Standing::Expired(Some(at)) => {
            let evidence = Evidence::none().presented(Subject::Expiry, Value::Time(*at));
            Err(Stop::refuse(Cause::CertificateExpired, evidence.presented(Subject::Certificate, presented())))
        }
        Standing::Good if certificate.thumbprint != thumbprint => {
            Err(Stop::refuse(Cause::ProofWrong, Evidence::none().differs(Subject::Certificate, expected(), presented())))
        }
        Standing::Good => Ok(()),
    }
}
