//! Client certificates and TLS: failures of the tool, and pages that speak of certificates.

use super::refusal::Refusal;
use super::said::{Phrase, Said};
use crate::catalogue::Code::{self, Common, Foreign};
use crate::clue::{Clue, Quote, Side};
use crate::dossier::Dossier;
use countersign::{Cause, ForeignCause};

const NAME: &str = "tls";
const MISSING: Code = Common(Cause::CertificateMissing);
const UNTRUSTED: Code = Common(Cause::CertificateUntrusted);
const EXPIRED: Code = Common(Cause::CertificateExpired);
const TLS: Code = Foreign(ForeignCause::TlsMisconfigured);

const PHRASES: &[Phrase] = &[
    Phrase("no required ssl certificate was sent", 97, MISSING),
    Phrase("client certificate required", 95, MISSING),
    Phrase("client certificate is required", 95, MISSING),
    Phrase("client certificate not provided", 95, MISSING),
    Phrase("no client certificate", 93, MISSING),
    Phrase("missing client certificate", 94, MISSING),
    Phrase("client certificate missing", 94, MISSING),
    Phrase("certificate required", 90, MISSING),
    Phrase("requires a client certificate", 94, MISSING),
    Phrase("requires * client certificate", 88, MISSING),
    Phrase("peer did not return a certificate", 95, MISSING),
    Phrase("didn't provide a certificate", 94, MISSING),
    Phrase("present a client certificate", 88, MISSING),
    Phrase("403.7", 90, MISSING),
    Phrase("403.16", 92, UNTRUSTED),
    Phrase("403.17", 94, EXPIRED),
    Phrase("the ssl certificate error", 84, UNTRUSTED),
    Phrase("client certificate * not trusted", 93, UNTRUSTED),
    Phrase("client certificate * invalid", 84, UNTRUSTED),
    Phrase("invalid client certificate", 88, UNTRUSTED),
    Phrase("untrusted client certificate", 93, UNTRUSTED),
    Phrase("client certificate verification failed", 90, UNTRUSTED),
    Phrase("unknown ca", 90, UNTRUSTED),
    Phrase("tlsv1 alert unknown ca", 95, UNTRUSTED),
    Phrase("certificate thumbprint", 72, UNTRUSTED),
    Phrase("x509: certificate signed by unknown authority", 92, UNTRUSTED),
    Phrase("x509: certificate has expired", 95, EXPIRED),
    Phrase("certificate has expired or is not yet valid", 94, EXPIRED),
    Phrase("client certificate * expired", 95, EXPIRED),
    Phrase("certificate has expired", 88, EXPIRED),
    Phrase("certificate expired", 88, EXPIRED),
    Phrase("the plain http request was sent to https port", 97, TLS),
    Phrase("client sent an http request to an https server", 97, TLS),
    Phrase("speaking plain http to an ssl-enabled server port", 97, TLS),
    Phrase("wrong version number", 88, TLS),
    Phrase("http: server gave http response to https client", 95, TLS),
    Phrase("ssl required", 84, Common(Cause::TransportInsecure)),
    Phrase("ssl is required", 84, Common(Cause::TransportInsecure)),
    Phrase("https required", 90, Common(Cause::TransportInsecure)),
    Phrase("https is required", 90, Common(Cause::TransportInsecure)),
    Phrase("must use https", 90, Common(Cause::TransportInsecure)),
    Phrase("must be * over https", 88, Common(Cause::TransportInsecure)),
    Phrase("use https", 62, Common(Cause::TransportInsecure)),
    Phrase("403.4", 86, Common(Cause::TransportInsecure)),
    Phrase("insecure connection", 72, Common(Cause::TransportInsecure)),
];

/// Words of a failed handshake, as curl, OpenSSL, Go, Node and browsers report them.
const ALERTS: &[(&str, u8, Code, &str)] = &[
    ("certificate required", 95, MISSING, "The server's alert says that it wants a client certificate (RFC 8446 section 6.2)."),
    ("alert number 116", 95, MISSING, "Alert 116 is certificate_required (RFC 8446 section 6.2)."),
    (
        "bad certificate",
        72,
        UNTRUSTED,
        "The server's alert says that the client's certificate is bad; some servers answer so where none was sent.",
    ),
    ("alert number 42", 72, UNTRUSTED, "Alert 42 is bad_certificate (RFC 8446 section 6.2)."),
    ("unknown ca", 88, UNTRUSTED, "The server's alert says that it does not know the authority of the certificate (RFC 8446 section 6.2)."),
    ("alert number 48", 90, UNTRUSTED, "Alert 48 is unknown_ca (RFC 8446 section 6.2)."),
    ("certificate expired", 92, EXPIRED, "The server's alert says that the client's certificate has expired."),
    ("alert number 45", 94, EXPIRED, "Alert 45 is certificate_expired (RFC 8446 section 6.2)."),
    ("certificate unknown", 66, UNTRUSTED, "The alert says that a certificate was not accepted."),
    ("err_bad_ssl_client_auth_cert", 93, UNTRUSTED, "The browser reports that the server did not take its certificate."),
    ("err_ssl_client_auth", 90, MISSING, "The browser reports that client authentication failed."),
    ("self signed certificate", 88, TLS, "The client does not trust the server's certificate: it signs itself."),
    ("self-signed certificate", 88, TLS, "The client does not trust the server's certificate: it signs itself."),
    (
        "unable to get local issuer",
        90,
        TLS,
        "The client finds no way from the server's certificate to an authority that it trusts; often the server leaves out the intermediate.",
    ),
    ("unable to verify the first", 90, TLS, "The server leaves out the intermediate certificate."),
    ("err_cert", 88, TLS, "The browser does not take the server's certificate."),
    ("certificate has expired", 90, TLS, "The server's certificate has expired."),
    ("no alternative certificate subject name", 92, TLS, "The server's certificate is for another name."),
    ("certificate verify failed", 86, TLS, "The client does not trust the server's certificate."),
    (
        "handshake failure",
        60,
        MISSING,
        "The handshake failed; a server that wants a client certificate, or that shares no cipher, ends it so.",
    ),
    (
        "sslv3_alert_handshake_failure",
        60,
        MISSING,
        "The handshake failed; a server that wants a client certificate, or that shares no cipher, ends it so.",
    ),
    ("wrong version number", 86, TLS, "The other side does not speak TLS on this port."),
    ("ssl", 45, TLS, "The connection failed in TLS."),
    ("tls", 42, TLS, "The connection failed in TLS."),
];

pub(crate) fn see(dossier: &Dossier) -> Vec<Clue> {
    let said = Said::of(dossier);
    let Some(refusal) = Refusal::of(dossier) else { return said.clues(NAME, PHRASES) };
    if let Some(failure) = refusal.exchange.failure.as_deref() {
        let folded = failure.to_ascii_lowercase();
        let clue = ALERTS.iter().find(|(words, ..)| folded.contains(words)).map(|(_, weight, code, because)| {
            let clue =
                Clue::new(NAME, *code, *weight, *because).quote(Quote::text(refusal.index, "failure that the tool reported", 0, failure));
            if *code == TLS {
                clue
            } else {
                clue.fix(
                    Side::Caller,
                    "Present a certificate that the server's authorities signed.",
                    &["curl --cert client.pem --key client.key …"],
                )
            }
        });
        return clue.into_iter().collect();
    }
    let mut clues = said.clues(NAME, PHRASES);
    if matches!(refusal.status(), 495..=497) {
        let (code, because) = match refusal.status() {
            495 => (UNTRUSTED, "nginx's own status 495: the client's certificate did not stand the check."),
            496 => (MISSING, "nginx's own status 496: no client certificate came."),
            _ => (TLS, "nginx's own status 497: plain HTTP came to a port for HTTPS."),
        };
        clues.push(Clue::new(NAME, code, 96, because));
    }
    if may_use_certificate(&refusal) {
        let because = "Kubernetes takes a request without any credentials for an anonymous one and answers 403; a 401 to a request without Authorization means that a client certificate, which no recording shows, was not taken.";
        for (code, weight) in [(EXPIRED, 60), (UNTRUSTED, 42)] {
            let clue = Clue::new(NAME, code, weight, because);
            clues.push(clue.fix(Side::Caller, "Look at the dates of the certificate in the kubeconfig.", &["kubectl config view --raw -o jsonpath='{.users[0].user.client-certificate-data}' | base64 -d | openssl x509 -noout -dates -issuer"]));
        }
    }
    clues
}

/// A client of Kubernetes that shows no credentials and was not taken for anonymous.
pub(super) fn may_use_certificate(refusal: &Refusal<'_>) -> bool {
    let body = refusal.response().map(|response| response.body.as_str()).unwrap_or_default();
    let status = body.contains("\"kind\"") && body.contains("\"Status\"") && body.contains("\"Unauthorized\"");
    refusal.status() == 401
        && status
        && refusal.request().is_some()
        && refusal.asked("authorization").is_none()
        && refusal.asked("impersonate-user").is_none()
}

#[cfg(test)]
mod tests {
    use super::super::staged::{answered, check};
    use super::*;

    #[test]
    fn certificates() {
        check(
            see(&answered(400, "", "<html><head><title>400 No required SSL certificate was sent</title></head></html>")),
            Some("certificate-missing"),
            95,
        );
        check(see(&answered(400, "", "The plain HTTP request was sent to HTTPS port")), Some("tls-misconfigured"), 95);
        check(see(&answered(496, "", "")), Some("certificate-missing"), 95);
        check(see(&answered(401, "", "unauthorized")), None, 10);
        let mut failed = answered(0, "", "");
        for (failure, code) in [
            ("tlsv13 alert certificate required, SSL alert number 116", Some("certificate-missing")),
            ("tlsv1 alert unknown ca", Some("certificate-untrusted")),
            ("SSL certificate problem: unable to get local issuer certificate", Some("tls-misconfigured")),
            ("connection refused", None),
        ] {
            failed.exchanges.iter_mut().for_each(|exchange| exchange.failure = Some(failure.to_owned()));
            check(see(&failed), code, 80);
        }
    }
}
