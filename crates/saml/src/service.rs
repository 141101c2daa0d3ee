//! Ourselves, the service provider: names, addresses, key; and the metadata that tells a provider of them.

use crate::encoding::to_base64;
use crate::keys::OwnKey;
use crate::names::{DS, MD, POST, REDIRECT, SAMLP};
use crate::xml::escape;

/// The service provider that a site is.
#[derive(Debug)]
pub struct Service {
    /// Its name, as providers know it.
    pub entity_id: String,
    /// Where responses are posted to (assertion consumer service).
    pub consumer: String,
    /// Where log-outs come to (single logout service).
    pub sign_out: String,
    /// Its key; without one nothing is signed, nothing can be opened, and there is no log-out across sites.
    pub key: Option<OwnKey>,
    /// How far two clocks may differ, in seconds.
    pub leeway: i64,
}

impl Service {
    /// Our metadata: one `EntityDescriptor`, not signed.
    pub fn metadata(&self) -> String {
        let signs = self.key.is_some();
        let (name, consumer, out) = (escape(&self.entity_id), escape(&self.consumer), escape(&self.sign_out));
        let key = self.key.as_ref().map(|key| {
            let certificate = to_base64(key.certificate());
            let descriptor = |purpose| {
                format!(
                    "<md:KeyDescriptor use=\"{purpose}\"><ds:KeyInfo xmlns:ds=\"{DS}\"><ds:X509Data><ds:X509Certificate>{certificate}\
                     </ds:X509Certificate></ds:X509Data></ds:KeyInfo>{}</md:KeyDescriptor>",
                    if purpose == "encryption" { ENCRYPTION_METHODS } else { "" }
                )
            };
            let sign_out = |binding| format!("<md:SingleLogoutService Binding=\"{binding}\" Location=\"{out}\"/>");
            (descriptor("signing") + &descriptor("encryption"), sign_out(REDIRECT) + &sign_out(POST))
        });
        let (descriptors, sign_out) = key.unwrap_or_default();
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<md:EntityDescriptor xmlns:md=\"{MD}\" entityID=\"{name}\">\
             <md:SPSSODescriptor AuthnRequestsSigned=\"{signs}\" WantAssertionsSigned=\"true\" protocolSupportEnumeration=\"{SAMLP}\">\
             {descriptors}{sign_out}<md:AssertionConsumerService Binding=\"{POST}\" Location=\"{consumer}\" index=\"0\" isDefault=\"true\"/>\
             </md:SPSSODescriptor></md:EntityDescriptor>\n"
        )
    }
}

const ENCRYPTION_METHODS: &str = "<md:EncryptionMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#aes256-gcm\"/>\
    <md:EncryptionMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#aes128-gcm\"/>\
    <md:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p\"/>";
