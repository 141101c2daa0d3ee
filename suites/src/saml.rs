//! An identity provider that signs whatever a test makes of its answers: it asks nobody, and checks nothing.
//!
//! What it writes is in exclusive canonical form as it is written (namespaces where they are first used, attributes in
//! order, no empty tags), so that a digest is the hash of the very text: no canonicaliser of anybody takes part.

pub mod hostile;
pub mod site;

use crate::now;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeySize, OAEP_SHA1_MGF1SHA1, OaepPublicEncryptingKey, PublicEncryptingKey};
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io::Read;

const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const SAMLP: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const DS: &str = "http://www.w3.org/2000/09/xmldsig#";

/// What is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// The assertion.
    Assertion,
    /// The response around it.
    Response,
    /// Both, the assertion first.
    Both,
}

impl Style {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Assertion, Self::Response, Self::Both];
}

/// A pair of keys with a certificate made for it.
#[derive(Debug)]
pub struct Keys {
    pair: RsaKeyPair,
    certificate: Vec<u8>,
}

impl Keys {
    /// New ones.
    pub fn new(name: &str) -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let certificate = certificate(&pair, name);
        Self { pair, certificate }
    }

    /// The certificate in base64.
    pub fn certificate(&self) -> String {
        STANDARD.encode(&self.certificate)
    }

    /// The certificate in PEM.
    pub fn certificate_pem(&self) -> String {
        pem("CERTIFICATE", &self.certificate)
    }

    /// The private key in PEM (PKCS #8).
    pub fn private_pem(&self) -> String {
        let der: Pkcs8V1Der<'_> = self.pair.as_der().unwrap();
        pem("PRIVATE KEY", der.as_ref())
    }

    /// A signature with RSA and SHA-256, in base64.
    pub fn sign(&self, bytes: &[u8]) -> String {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), bytes, &mut signature).unwrap();
        STANDARD.encode(signature)
    }

    /// An enveloped signature for a canonical text, put behind the first issuer in it.
    pub fn envelop(&self, text: &str, id: &str) -> String {
        let signature = self.signature(text, id);
        text.replacen("</saml:Issuer>", &format!("</saml:Issuer>{signature}"), 1)
    }

    /// The signature alone.
    pub fn signature(&self, text: &str, id: &str) -> String {
        let digest = STANDARD.encode(digest(&SHA256, text.as_bytes()));
        self.signature_of(&signed_info(id, &digest))
    }

    /// A signature over a `SignedInfo` that the test wrote, in canonical form but for the namespace.
    pub fn signature_of(&self, info: &str) -> String {
        let canonical = info.replacen("<ds:SignedInfo>", &format!("<ds:SignedInfo xmlns:ds=\"{DS}\">"), 1);
        let value = self.sign(canonical.as_bytes());
        format!(
            "<ds:Signature xmlns:ds=\"{DS}\">{info}<ds:SignatureValue>{value}</ds:SignatureValue><ds:KeyInfo><ds:X509Data>\
             <ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>",
            self.certificate()
        )
    }
}

/// The `SignedInfo` that SAML asks for.
pub fn signed_info(id: &str, digest: &str) -> String {
    format!(
        "<ds:SignedInfo><ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:CanonicalizationMethod>\
         <ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"></ds:SignatureMethod>\
         <ds:Reference URI=\"#{id}\"><ds:Transforms>\
         <ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform>\
         <ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:Transform></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod>\
         <ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
    )
}

/// An answer, as a test wants it. What is `None` is left out.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names are SAML's")]
pub struct Answer {
    pub id: String,
    pub assertion_id: String,
    pub issuer: String,
    pub version: String,
    pub destination: Option<String>,
    pub in_response_to: Option<String>,
    pub status: String,
    pub issue_instant: String,
    pub name_id: String,
    pub method: String,
    pub recipient: Option<String>,
    pub subject_in_response_to: Option<String>,
    pub subject_until: Option<String>,
    pub not_before: Option<String>,
    pub not_on_or_after: Option<String>,
    pub audiences: Vec<String>,
    pub more_conditions: String,
    pub statement: Option<String>,
    pub attributes: Vec<(String, Vec<String>)>,
}

impl Answer {
    /// A good answer of the provider to a request.
    pub fn to(request: &str, provider: &str, consumer: &str, audience: &str) -> Self {
        let (id, assertion_id) = (unique("_r"), unique("_a"));
        let soon = instant(now() + 300);
        Self {
            id,
            assertion_id,
            issuer: provider.to_owned(),
            version: "2.0".to_owned(),
            destination: Some(consumer.to_owned()),
            in_response_to: Some(request.to_owned()),
            status: "urn:oasis:names:tc:SAML:2.0:status:Success".to_owned(),
            issue_instant: instant(now()),
            name_id: "ann".to_owned(),
            method: "urn:oasis:names:tc:SAML:2.0:cm:bearer".to_owned(),
            recipient: Some(consumer.to_owned()),
            subject_in_response_to: Some(request.to_owned()),
            subject_until: Some(soon.clone()),
            not_before: Some(instant(now() - 60)),
            not_on_or_after: Some(soon),
            audiences: vec![audience.to_owned()],
            more_conditions: String::new(),
            statement: Some(format!(
                "<saml:AuthnStatement AuthnInstant=\"{}\" SessionIndex=\"s1\"><saml:AuthnContext><saml:AuthnContextClassRef>\
                 urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef></saml:AuthnContext>\
                 </saml:AuthnStatement>",
                instant(now())
            )),
            attributes: vec![("mail".to_owned(), vec!["ann@example.test".to_owned()])],
        }
    }

    /// The assertion in canonical form, not signed.
    pub fn assertion(&self) -> String {
        let attribute = |name: &str, value: &Option<String>| value.as_ref().map(|value| format!(" {name}=\"{value}\"")).unwrap_or_default();
        let audiences: String = self.audiences.iter().map(|name| format!("<saml:Audience>{name}</saml:Audience>")).collect();
        let restriction =
            if audiences.is_empty() { String::new() } else { format!("<saml:AudienceRestriction>{audiences}</saml:AudienceRestriction>") };
        let value = |value: &String| format!("<saml:AttributeValue>{value}</saml:AttributeValue>");
        let row = |(name, values): &(String, Vec<String>)| {
            format!("<saml:Attribute Name=\"{name}\">{}</saml:Attribute>", values.iter().map(value).collect::<String>())
        };
        let attributes: String = self.attributes.iter().map(row).collect();
        let attributes =
            if attributes.is_empty() { attributes } else { format!("<saml:AttributeStatement>{attributes}</saml:AttributeStatement>") };
        format!(
            "<saml:Assertion xmlns:saml=\"{SAML}\" ID=\"{}\" IssueInstant=\"{}\" Version=\"{}\"><saml:Issuer>{}</saml:Issuer><saml:Subject>\
             <saml:NameID>{}</saml:NameID><saml:SubjectConfirmation Method=\"{}\"><saml:SubjectConfirmationData{}{}{}>\
             </saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject><saml:Conditions{}{}>{restriction}{}</saml:Conditions>\
             {}{attributes}</saml:Assertion>",
            self.assertion_id,
            self.issue_instant,
            self.version,
            self.issuer,
            self.name_id,
            self.method,
            attribute("InResponseTo", &self.subject_in_response_to),
            attribute("NotOnOrAfter", &self.subject_until),
            attribute("Recipient", &self.recipient),
            attribute("NotBefore", &self.not_before),
            attribute("NotOnOrAfter", &self.not_on_or_after),
            self.more_conditions,
            self.statement.clone().unwrap_or_default(),
        )
    }

    /// The response in canonical form around something, not signed.
    pub fn response(&self, inner: &str) -> String {
        let attribute = |name: &str, value: &Option<String>| value.as_ref().map(|value| format!(" {name}=\"{value}\"")).unwrap_or_default();
        format!(
            "<samlp:Response xmlns:samlp=\"{SAMLP}\"{} ID=\"{}\"{} IssueInstant=\"{}\" Version=\"{}\">\
             <saml:Issuer xmlns:saml=\"{SAML}\">{}</saml:Issuer><samlp:Status><samlp:StatusCode Value=\"{}\"></samlp:StatusCode></samlp:Status>\
             {inner}</samlp:Response>",
            attribute("Destination", &self.destination),
            self.id,
            attribute("InResponseTo", &self.in_response_to),
            self.issue_instant,
            self.version,
            self.issuer,
            self.status,
        )
    }

    /// All of it, signed.
    pub fn signed(&self, keys: &Keys, style: Style) -> String {
        let assertion = self.assertion();
        let inner = if style == Style::Response { assertion } else { keys.envelop(&assertion, &self.assertion_id) };
        self.around(&inner, keys, style)
    }

    /// The response around something, signed if the style says so.
    pub fn around(&self, inner: &str, keys: &Keys, style: Style) -> String {
        let response = self.response(inner);
        if style == Style::Assertion { response } else { keys.envelop(&response, &self.id) }
    }
}

/// How an assertion is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cipher {
    /// AES-256 in GCM.
    Gcm,
    /// AES-128 in CBC.
    Cbc,
}

/// An `EncryptedAssertion` for whoever has the certificate's key, in canonical form.
pub fn encrypt(assertion: &str, keys: &Keys, cipher: Cipher) -> String {
    let (uri, content, secret) = match cipher {
        Cipher::Gcm => {
            let (secret, nonce) = ([7; 32], [9; 12]);
            let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &secret).unwrap());
            let mut text = assertion.as_bytes().to_vec();
            key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut text).unwrap();
            ("http://www.w3.org/2009/xmlenc11#aes256-gcm", [nonce.to_vec(), text].concat(), secret.to_vec())
        }
        Cipher::Cbc => {
            let (secret, start) = ([7; 16], [9; 16]);
            let mut text = assertion.as_bytes().to_vec();
            let padding = 16 - text.len() % 16;
            text.extend(std::iter::repeat_n(0xAA, padding - 1));
            text.push(u8::try_from(padding).unwrap());
            let key = EncryptingKey::cbc(UnboundCipherKey::new(&AES_128, &secret).unwrap()).unwrap();
            key.less_safe_encrypt(&mut text, EncryptionContext::Iv128((&start).into())).unwrap();
            ("http://www.w3.org/2001/04/xmlenc#aes128-cbc", [start.to_vec(), text].concat(), secret.to_vec())
        }
    };
    let public = PublicEncryptingKey::from_der(keys.pair.public_key().as_der().unwrap().as_ref()).unwrap();
    let public = OaepPublicEncryptingKey::new(public).unwrap();
    let mut wrapped = vec![0; public.ciphertext_size()];
    let wrapped = public.encrypt(&OAEP_SHA1_MGF1SHA1, &secret, &mut wrapped, None).unwrap();
    format!(
        "<saml:EncryptedAssertion xmlns:saml=\"{SAML}\"><xenc:EncryptedData xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\" \
         Type=\"http://www.w3.org/2001/04/xmlenc#Element\"><xenc:EncryptionMethod Algorithm=\"{uri}\"></xenc:EncryptionMethod>\
         <ds:KeyInfo xmlns:ds=\"{DS}\"><xenc:EncryptedKey>\
         <xenc:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p\"></xenc:EncryptionMethod>\
         <xenc:CipherData><xenc:CipherValue>{}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo>\
         <xenc:CipherData><xenc:CipherValue>{}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData></saml:EncryptedAssertion>",
        STANDARD.encode(wrapped),
        STANDARD.encode(content)
    )
}

/// A provider's metadata.
pub fn metadata(provider: &str, sign_in: &str, sign_out: &str, keys: &[&Keys]) -> String {
    let key = |keys: &&Keys| {
        format!(
            "<md:KeyDescriptor><ds:KeyInfo xmlns:ds=\"{DS}\"><ds:X509Data><ds:X509Certificate>\n{}\n</ds:X509Certificate></ds:X509Data>\
             </ds:KeyInfo></md:KeyDescriptor>",
            keys.certificate()
        )
    };
    let endpoint = |name: &str, binding: &str, to: &str| {
        format!("<md:{name} Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:{binding}\" Location=\"{to}\"/>")
    };
    format!(
        "<?xml version=\"1.0\"?>\n<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{provider}\">\
         <md:IDPSSODescriptor protocolSupportEnumeration=\"{SAMLP}\">{}{}{}{}{}</md:IDPSSODescriptor></md:EntityDescriptor>",
        keys.iter().map(key).collect::<String>(),
        endpoint("SingleLogoutService", "HTTP-Redirect", sign_out),
        endpoint("SingleLogoutService", "HTTP-POST", sign_out),
        endpoint("SingleSignOnService", "HTTP-Redirect", sign_in),
        endpoint("SingleSignOnService", "HTTP-POST", sign_in),
    )
}

/// As the form's field carries it.
pub fn field(text: &str) -> String {
    STANDARD.encode(text)
}

/// An instant as SAML writes it.
pub fn instant(at: i64) -> String {
    let output = std::process::Command::new("date").args(["-u", "-d", &format!("@{at}"), "+%Y-%m-%dT%H:%M:%SZ"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Randomness, for those who take it as an argument.
pub fn random() -> SystemRandom {
    SystemRandom::new()
}

/// An id that no other message has.
pub fn unique(prefix: &str) -> String {
    let mut bytes = [0; 12];
    aws_lc_rs::rand::fill(&mut bytes).unwrap();
    bytes.iter().fold(prefix.to_owned(), |id, byte| format!("{id}{byte:02x}"))
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// A certificate that its own key signed, in DER.
fn certificate(pair: &RsaKeyPair, name: &str) -> Vec<u8> {
    let sequence = |parts: &[Vec<u8>]| der(0x30, &parts.concat());
    let algorithm = sequence(&[der(0x06, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b]), der(0x05, &[])]);
    let common_name = sequence(&[der(0x06, &[0x55, 0x04, 0x03]), der(0x0c, name.as_bytes())]);
    let name = sequence(&[der(0x31, &common_name)]);
    let dates = sequence(&[der(0x17, b"200101000000Z"), der(0x17, b"491231235959Z")]);
    let body = sequence(&[
        der(0xa0, &der(0x02, &[2])),
        der(0x02, &[1]),
        algorithm.clone(),
        name.clone(),
        dates,
        name,
        pair.public_key().as_der().unwrap().as_ref().to_vec(),
    ]);
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &body, &mut signature).unwrap();
    sequence(&[body, algorithm, der(0x03, &[vec![0], signature].concat())])
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let head = match length {
        0..=0x7f => vec![tag, u8::try_from(length).unwrap()],
        0x80..=0xff => vec![tag, 0x81, u8::try_from(length).unwrap()],
        _ => [vec![tag, 0x82], u16::try_from(length).unwrap().to_be_bytes().to_vec()].concat(),
    };
    [head, content.to_vec()].concat()
}

/// A message of this many bytes as the redirect binding carries it, percent-encoded: a thousandth of its length.
pub fn bomb(length: usize) -> String {
    let mut deflated = Vec::new();
    let encoder = flate2::Compression::best();
    flate2::read::DeflateEncoder::new(std::io::repeat(b'a').take(length as u64), encoder).read_to_end(&mut deflated).unwrap();
    STANDARD.encode(deflated).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}
