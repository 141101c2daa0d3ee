//! A service and a provider that know each other, at one moment. It has no tests of its own.

use countersign::Refusal;
use countersign_saml::{OwnKey, Pending, Provider, Response, Service, SignedIn};
use countersign_suites::saml::{Answer, Keys, field, metadata};

pub(crate) const PROVIDER: &str = "https://idp.example/metadata";
pub(crate) const ENTITY: &str = "https://app.example/saml2/metadata";
pub(crate) const CONSUMER: &str = "https://app.example/saml2/acs";
pub(crate) const REQUEST: &str = "_request1";

pub(crate) struct Stage {
    pub(crate) keys: Keys,
    pub(crate) own: Keys,
    pub(crate) provider: Provider,
    pub(crate) service: Service,
    pub(crate) now: i64,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let (keys, own) = (Keys::new("idp"), Keys::new("app"));
        let now = countersign_suites::now();
        let text = metadata(PROVIDER, "https://idp.example/sso", "https://idp.example/slo", &[&keys]);
        let provider = Provider::read(&text, None, None, now).unwrap();
        let service = Service {
            entity_id: ENTITY.to_owned(),
            consumer: CONSUMER.to_owned(),
            sign_out: "https://app.example/saml2/slo".to_owned(),
            key: Some(OwnKey::from_pem(&own.private_pem(), &own.certificate_pem()).unwrap()),
            leeway: 30,
        };
        Self { keys, own, provider, service, now }
    }

    pub(crate) fn answer(&self) -> Answer {
        Answer::to(REQUEST, PROVIDER, CONSUMER, ENTITY)
    }

    pub(crate) fn judge(&self, text: &str) -> Result<SignedIn, Refusal> {
        let pending = Pending { id: REQUEST.to_owned(), until: self.now + 600 };
        self.judge_at(text, Some(&pending), self.now)
    }

    pub(crate) fn judge_at(&self, text: &str, pending: Option<&Pending>, now: i64) -> Result<SignedIn, Refusal> {
        Response::read(&field(text))?.judge(&self.service, &self.provider, pending, now)
    }
}
