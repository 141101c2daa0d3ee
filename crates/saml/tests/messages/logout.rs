//! Log-out: what is not signed by the provider, for us, and now, ends nobody's session.

use crate::stage::Stage;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::{Cause, Refusal};
use countersign_saml::{Arrival, LogoutMessage, NameId, OwnKey, Provider, Service, logout_request, logout_response};
use countersign_suites::saml::{Keys, field, metadata, random};

/// The provider as a service of its own: what it writes is what it would send.
struct Peer {
    stage: Stage,
    peer: Service,
    provider: Provider,
}

impl Peer {
    fn new() -> Self {
        let stage = Stage::new();
        let of = |keys: &Keys| OwnKey::from_pem(&keys.private_pem(), &keys.certificate_pem()).unwrap();
        let peer = Service {
            entity_id: crate::stage::PROVIDER.to_owned(),
            consumer: String::new(),
            sign_out: "https://idp.example/slo".to_owned(),
            key: Some(of(&stage.keys)),
            leeway: 30,
        };
        let provider =
            Provider::read(&metadata(crate::stage::ENTITY, "https://app.example/", "https://app.example/", &[&stage.own]), None, None, 0);
        Self { stage, peer, provider: provider.unwrap() }
    }

    fn name(&self) -> NameId {
        NameId { value: "ann".to_owned(), format: None, qualifier: None, service_qualifier: None }
    }

    fn request(&self, key: Option<&OwnKey>) -> String {
        let request = logout_request(&self.peer, &self.stage.service.sign_out, "_l1", &self.name(), Some("s1"), self.stage.now);
        let address = request.redirect(&self.stage.service.sign_out, Some("state"), key, &random()).unwrap();
        address.split_once('?').unwrap().1.to_owned()
    }

    fn judge(&self, arrival: Arrival<'_>) -> Result<LogoutMessage, Refusal> {
        LogoutMessage::judge(arrival, &self.stage.service, &self.stage.provider, self.stage.now)
    }

    #[track_caller]
    fn refused(&self, query: &str, cause: Cause) {
        assert_eq!(self.judge(Arrival::Redirect(query)).unwrap_err().cause, cause, "{query}");
    }
}

#[test]
fn a_request_is_read_in_both_bindings() {
    let peer = Peer::new();
    let LogoutMessage::Request(by_redirect) = peer.judge(Arrival::Redirect(&peer.request(peer.peer.key.as_ref()))).unwrap() else {
        panic!()
    };
    assert_eq!((by_redirect.name_id.value.as_str(), by_redirect.sessions.as_slice()), ("ann", ["s1".to_owned()].as_slice()));
    let request = logout_request(&peer.peer, &peer.stage.service.sign_out, "_l1", &peer.name(), Some("s1"), peer.stage.now);
    let form = request.post("", None, peer.peer.key.as_ref(), &random()).unwrap();
    let LogoutMessage::Request(by_post) = peer.judge(Arrival::Post(&form.value)).unwrap() else { panic!() };
    assert_eq!(by_post, by_redirect);
}

#[test]
fn an_answer_is_read_by_whoever_asked() {
    let peer = Peer::new();
    for done in [true, false] {
        let answer = logout_response(&peer.stage.service, &peer.peer.sign_out, "_l2", "_l1", done, peer.stage.now);
        let form = answer.post("", None, peer.stage.service.key.as_ref(), &random()).unwrap();
        let read = LogoutMessage::judge(Arrival::Post(&form.value), &peer.peer, &peer.provider, peer.stage.now).unwrap();
        assert!(matches!(read, LogoutMessage::Response { in_response_to: Some(id), done: was } if id == "_l1" && was == done));
    }
}

#[test]
fn t117_what_is_not_signed_ends_no_session() {
    let peer = Peer::new();
    let good = peer.request(peer.peer.key.as_ref());
    let stranger = Keys::new("stranger");
    let stranger = OwnKey::from_pem(&stranger.private_pem(), &stranger.certificate_pem()).unwrap();
    peer.refused(&peer.request(None), Cause::AssertionSignatureWrong);
    peer.refused(&peer.request(Some(&stranger)), Cause::AssertionSignatureWrong);
    peer.refused(&good.replace("RelayState=state", "RelayState=other"), Cause::AssertionSignatureWrong);
    peer.refused(&good.replace("&RelayState=state", ""), Cause::AssertionSignatureWrong);
    peer.refused(&good.replace("rsa-sha256", "hmac-sha256"), Cause::AssertionSignatureWrong);
    peer.refused(&good.replace("xmldsig-more%23rsa-sha256", "xmldsig-more%23rsa-sha512"), Cause::AssertionSignatureWrong);
    peer.refused(&good.replace("SAMLRequest=", "SAMLResponse="), Cause::AssertionSignatureWrong);
    peer.refused(&format!("{good}&SAMLRequest=AAAA"), Cause::AssertionMalformed);
    peer.refused(&format!("SigAlg=x&{good}"), Cause::AssertionMalformed);
    peer.refused("", Cause::AssertionMalformed);
    let unsigned = logout_request(&peer.peer, &peer.stage.service.sign_out, "_l1", &peer.name(), None, peer.stage.now);
    let form = unsigned.post("", None, None, &random()).unwrap();
    assert_eq!(peer.judge(Arrival::Post(&form.value)).unwrap_err().cause, Cause::AssertionSignatureWrong);
    let form = unsigned.post("", None, peer.peer.key.as_ref(), &random()).unwrap();
    let text = String::from_utf8(STANDARD.decode(&form.value).unwrap()).unwrap();
    assert_eq!(peer.judge(Arrival::Post(&field(&text.replace(">ann<", ">bob<")))).unwrap_err().cause, Cause::AssertionSignatureWrong);
}

#[test]
fn t117_what_is_for_others_or_too_late_ends_no_session() {
    let peer = Peer::new();
    let query = peer.request(peer.peer.key.as_ref());
    let late = LogoutMessage::judge(Arrival::Redirect(&query), &peer.stage.service, &peer.stage.provider, peer.stage.now + 331);
    assert_eq!(late.unwrap_err().cause, Cause::AssertionExpired);
    let early = LogoutMessage::judge(Arrival::Redirect(&query), &peer.stage.service, &peer.stage.provider, peer.stage.now - 31);
    assert_eq!(early.unwrap_err().cause, Cause::AssertionNotYetValid);
    let elsewhere = logout_request(&peer.peer, "https://other.example/slo", "_l1", &peer.name(), None, peer.stage.now);
    let address = elsewhere.redirect("x", None, peer.peer.key.as_ref(), &random()).unwrap();
    peer.refused(address.split_once('?').unwrap().1, Cause::AssertionRecipientMismatch);
}

#[test]
fn t113_a_bomb_by_redirect_is_left_at_the_limit() {
    let peer = Peer::new();
    // Signed by the provider itself, so that it is inflated at all.
    let (bomb, algorithm) = (countersign_suites::saml::bomb(64 << 20), "http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha256");
    let query = format!("SAMLRequest={bomb}&SigAlg={algorithm}");
    let signature = peer.stage.keys.sign(query.as_bytes()).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    peer.refused(&format!("{query}&Signature={signature}"), Cause::AssertionMalformed);
}
