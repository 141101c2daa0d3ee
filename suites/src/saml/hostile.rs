//! What attackers make of an answer that they hold: messages that must never sign in the victim.

use super::{Answer, Keys, Style, signed_info, unique};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Whom no message below may sign in.
pub const VICTIM: &str = "victim";

/// A message by name.
pub type Hostile = (&'static str, String);

/// Signature wrapping: what was signed is kept somewhere, and something else stands where it is looked for.
pub fn wrappings(answer: &Answer, keys: &Keys, style: Style, new_ids: bool) -> Vec<Hostile> {
    let mut evil = Answer { name_id: VICTIM.to_owned(), ..answer.clone() };
    if new_ids {
        (evil.id, evil.assertion_id) = (unique("_r"), unique("_a"));
    }
    let full = answer.signed(keys, style);
    let (start, end) = (full.find("<saml:Assertion").unwrap(), full.find("</saml:Assertion>").unwrap() + "</saml:Assertion>".len());
    let genuine = &full[start..end];
    let bare = answer.assertion();
    let signature = if style == Style::Response { String::new() } else { keys.signature(&bare, &answer.assertion_id) };
    let wrong = evil.assertion();
    let behind_issuer = |text: &str, piece: &str| text.replacen("</saml:Issuer>", &format!("</saml:Issuer>{piece}"), 1);
    let last_in = |text: &str, tag: &str, piece: &str| text.replacen(tag, &format!("{piece}{tag}"), 1);
    let with = |inner: String| full.replacen(genuine, &inner, 1);
    let object = |piece: &str| signature.replacen("</ds:Signature>", &format!("<ds:Object>{piece}</ds:Object></ds:Signature>"), 1);
    let extensions = |piece: &str| format!("<samlp:Extensions>{piece}</samlp:Extensions>");
    let advice = |piece: &str| format!("<saml:Advice>{piece}</saml:Advice>");

    // Of the whole response: an evil one around it, or beside it.
    let evil_response = evil.response(&wrong);
    let outer = if style == Style::Assertion {
        String::new()
    } else {
        let inner = if style == Style::Response { bare.clone() } else { keys.envelop(&bare, &answer.assertion_id) };
        keys.signature(&answer.response(&inner), &answer.id)
    };
    let outer_object = |piece: &str| {
        let signature =
            if outer.is_empty() { "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"></ds:Signature>" } else { &outer };
        signature.replacen("</ds:Signature>", &format!("<ds:Object>{piece}</ds:Object></ds:Signature>"), 1)
    };
    let unsigned_response = answer.response(&bare);
    vec![
        ("evil before the genuine one", with(format!("{wrong}{genuine}"))),
        ("evil behind the genuine one", with(format!("{genuine}{wrong}"))),
        ("evil around the genuine one", with(last_in(&wrong, "</saml:Assertion>", genuine))),
        ("evil with the signature, genuine behind", with(format!("{}{bare}", behind_issuer(&wrong, &signature)))),
        ("evil with the signature, genuine before", with(format!("{bare}{}", behind_issuer(&wrong, &signature)))),
        ("evil with the signature that holds the genuine one", with(behind_issuer(&wrong, &object(&bare)))),
        ("evil with the signature that holds the signed one", with(behind_issuer(&wrong, &object(genuine)))),
        ("genuine in extensions", with(format!("{}{wrong}", extensions(genuine)))),
        ("evil in extensions", with(format!("{}{genuine}", extensions(&wrong)))),
        ("genuine as advice in evil", with(last_in(&wrong, "</saml:Assertion>", &advice(genuine)))),
        ("evil as advice in genuine", with(last_in(genuine, "</saml:Assertion>", &advice(&wrong)))),
        ("genuine in evil's confirmation", with(last_in(&wrong, "</saml:SubjectConfirmationData>", genuine))),
        ("evil in genuine's attribute", with(last_in(genuine, "</saml:AttributeValue>", &wrong))),
        ("evil in place of the genuine one", with(wrong.clone())),
        ("evil with the signature", with(behind_issuer(&wrong, &signature))),
        (
            "genuine in the status",
            last_in(&with(wrong.clone()), "</samlp:Status>", &format!("<samlp:StatusDetail>{genuine}</samlp:StatusDetail>")),
        ),
        ("evil response whose signature holds the genuine one", behind_issuer(&evil_response, &outer_object(&unsigned_response))),
        ("evil response whose signature holds the signed one", behind_issuer(&evil_response, &outer_object(&full))),
        ("evil response with the genuine one before its status", behind_issuer(&evil_response, &format!("{outer}{unsigned_response}"))),
        ("evil response around the genuine one", last_in(&evil_response, "</samlp:Response>", &full)),
        ("evil response with the genuine one in extensions", behind_issuer(&evil_response, &extensions(&full))),
        ("another root around both", format!("<x>{full}{evil_response}</x>")),
        ("another name inside", full.replacen(&answer.name_id, VICTIM, 1)),
        ("a second name", last_in(&full, "</saml:Subject>", &format!("<saml:NameID>{VICTIM}</saml:NameID>"))),
        (
            "a second subject",
            last_in(&full, "</saml:Assertion>", &format!("<saml:Subject><saml:NameID>{VICTIM}</saml:NameID></saml:Subject>")),
        ),
    ]
}

/// Signatures that nobody who counts made.
pub fn unsigned(answer: &Answer, keys: &Keys, other: &Keys) -> Vec<Hostile> {
    let evil = Answer { name_id: VICTIM.to_owned(), ..answer.clone() };
    let assertion = evil.assertion();
    let digest = STANDARD.encode(digest(&SHA256, assertion.as_bytes()));
    let info = signed_info(&evil.assertion_id, &digest);
    let hmac = info.replace("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256");
    let keyed = |secret: &[u8]| {
        let canonical = hmac.replacen("<ds:SignedInfo>", "<ds:SignedInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">", 1);
        let tag = aws_lc_rs::hmac::sign(&aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret), canonical.as_bytes());
        format!(
            "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">{hmac}<ds:SignatureValue>{}</ds:SignatureValue></ds:Signature>",
            STANDARD.encode(tag)
        )
    };
    let put = |signature: &str| evil.response(&assertion.replacen("</saml:Issuer>", &format!("</saml:Issuer>{signature}"), 1));
    let der = STANDARD.decode(keys.certificate()).unwrap();
    let own = keys.signature_of(&info);
    let (from, to) = (own.find("<ds:SignatureValue>").unwrap(), own.find("</ds:SignatureValue>").unwrap());
    let cut = own.replacen(&own[from..to], "<ds:SignatureValue>", 1);
    vec![
        ("not signed", evil.response(&assertion)),
        ("signed by a stranger", evil.signed(other, Style::Both)),
        (
            "signed by a stranger who shows the right certificate",
            evil.signed(other, Style::Both).replace(&other.certificate(), &keys.certificate()),
        ),
        ("HMAC with the certificate as its key", put(&keyed(&der))),
        ("HMAC with the certificate in PEM as its key", put(&keyed(keys.certificate_pem().as_bytes()))),
        ("HMAC with nothing as its key", put(&keyed(b""))),
        ("no value", put(&cut)),
        ("SHA-1", put(&own.replace("2001/04/xmldsig-more#rsa-sha256", "2000/09/xmldsig#rsa-sha1"))),
        ("an empty signature", put("<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"></ds:Signature>")),
    ]
}

/// Readers that disagree about what was signed: comments and second copies in the signature.
pub fn differentials(answer: &Answer, keys: &Keys) -> Vec<Hostile> {
    let good = answer.signed(keys, Style::Assertion);
    let evil_assertion = Answer { name_id: VICTIM.to_owned(), ..answer.clone() }.assertion();
    let evil_digest = STANDARD.encode(digest(&SHA256, evil_assertion.as_bytes()));
    let genuine_digest = STANDARD.encode(digest(&SHA256, answer.assertion().as_bytes()));
    let evil = good.replacen(&answer.name_id, VICTIM, 1);
    let info = |digest: &str| signed_info(&answer.assertion_id, digest);
    vec![
        ("the evil digest in a comment", evil.replace(&genuine_digest, &format!("<!--{evil_digest}-->{genuine_digest}"))),
        ("the genuine digest in a comment", evil.replace(&genuine_digest, &format!("<!--{genuine_digest}-->{evil_digest}"))),
        ("both digests", evil.replace(&genuine_digest, &format!("{evil_digest}<!---->{genuine_digest}"))),
        ("a second digest", evil.replace("</ds:DigestValue>", &format!("</ds:DigestValue><ds:DigestValue>{evil_digest}</ds:DigestValue>"))),
        ("a first SignedInfo", evil.replacen("<ds:SignedInfo>", &format!("{}<ds:SignedInfo>", info(&evil_digest)), 1)),
        ("a second SignedInfo", evil.replacen("</ds:SignedInfo>", &format!("</ds:SignedInfo>{}", info(&evil_digest)), 1)),
        ("an instruction in the name", good.replacen(&answer.name_id, &format!("{VICTIM}<?x?>{}", answer.name_id), 1)),
        ("an element in the name", good.replacen(&answer.name_id, &format!("{VICTIM}<x></x>{}", answer.name_id), 1)),
    ]
}

/// Signatures that are really made, over what no signature of SAML says: other transforms, references, algorithms.
pub fn signed_oddly(answer: &Answer, keys: &Keys, trap: &str) -> Vec<Hostile> {
    let evil = Answer { name_id: VICTIM.to_owned(), ..answer.clone() };
    let assertion = evil.assertion();
    let digest = STANDARD.encode(digest(&SHA256, assertion.as_bytes()));
    let info = signed_info(&evil.assertion_id, &digest);
    let put = |info: &str| evil.response(&assertion.replacen("</saml:Issuer>", &format!("</saml:Issuer>{}", keys.signature_of(info)), 1));
    let transform = |uri: &str, inner: &str| format!("<ds:Transform Algorithm=\"{uri}\">{inner}</ds:Transform>");
    let first = transform("http://www.w3.org/2000/09/xmldsig#enveloped-signature", "");
    let second = transform("http://www.w3.org/2001/10/xml-exc-c14n#", "");
    let uri = format!("URI=\"#{}\"", evil.assertion_id);
    let reference = &info[info.find("<ds:Reference").unwrap()..info.find("</ds:SignedInfo>").unwrap()];
    let xslt = "<xsl:stylesheet xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\" version=\"1.0\"></xsl:stylesheet>";
    let xpath = "<ds:XPath>not(ancestor-or-self::ds:Signature)</ds:XPath>";
    let retrieval = format!("<ds:KeyInfo><ds:RetrievalMethod URI=\"{trap}\"></ds:RetrievalMethod></ds:KeyInfo>");
    vec![
        ("no transforms", put(&info.replace(&first, "").replace(&second, ""))),
        ("only one transform", put(&info.replace(&second, ""))),
        ("transforms in the wrong order", put(&info.replace(&format!("{first}{second}"), &format!("{second}{first}")))),
        ("XSLT", put(&info.replace(&second, &format!("{}{second}", transform("http://www.w3.org/TR/1999/REC-xslt-19991116", xslt))))),
        ("XPath", put(&info.replace(&first, &transform("http://www.w3.org/TR/1999/REC-xpath-19991116", xpath)))),
        ("base64", put(&info.replace(&second, &transform("http://www.w3.org/2000/09/xmldsig#base64", "")))),
        ("inclusive canonical form", put(&info.replace(&second, &transform("http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "")))),
        ("a thousand transforms", put(&info.replace(&second, &second.repeat(1000)))),
        ("a thousand prefixes", put(&info.replace(&second, &transform("http://www.w3.org/2001/10/xml-exc-c14n#", &format!("<ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"{}\"></ec:InclusiveNamespaces>", "a b ".repeat(500)))))),
        ("no reference", put(&info.replace(reference, ""))),
        ("two references", put(&info.replace(reference, &reference.repeat(2)))),
        ("a reference to the whole document", put(&info.replace(&uri, "URI=\"\""))),
        ("a reference without an address", put(&info.replace(&format!(" {uri}"), ""))),
        ("a reference to another element", put(&info.replace(&uri, &format!("URI=\"#{}\"", evil.id)))),
        ("a reference to the network", put(&info.replace(&uri, &format!("URI=\"{trap}\"")))),
        ("a reference to a file", put(&info.replace(&uri, "URI=\"file:///etc/passwd\""))),
        ("a reference by XPointer", put(&info.replace(&uri, &format!("URI=\"#xpointer(id('{}'))\"", evil.assertion_id)))),
        ("a digest with SHA-1", put(&info.replace("http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2000/09/xmldsig#sha1"))),
        ("a key to fetch", evil.response(&assertion.replacen("</saml:Issuer>", &format!("</saml:Issuer><ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">{info}<ds:SignatureValue>AAAA</ds:SignatureValue>{retrieval}</ds:Signature>"), 1))),
    ]
}

/// Documents with a DTD, in the forms that parsers fall for.
pub fn documents_with_dtd(answer: &Answer, keys: &Keys, trap: &str) -> Vec<Hostile> {
    let good = answer.signed(keys, Style::Both);
    let with = |dtd: &str, name: &str| format!("{dtd}{}", good.replacen(&answer.name_id, name, 1));
    let lol: String = (1..10).map(|n| format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10))).collect();
    vec![
        ("an empty DTD", with("<!DOCTYPE r>", "ann")),
        ("an entity", with("<!DOCTYPE r [<!ENTITY e \"victim\">]>", "&e;")),
        ("an entity for the name as it was", with("<!DOCTYPE r [<!ENTITY e \"ann\">]>", "&e;")),
        ("an external entity", with(&format!("<!DOCTYPE r [<!ENTITY e SYSTEM \"{trap}\">]>"), "&e;")),
        ("a file", with("<!DOCTYPE r [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>", "&e;")),
        ("an external DTD", with(&format!("<!DOCTYPE r SYSTEM \"{trap}\">"), "ann")),
        ("a parameter entity", with(&format!("<!DOCTYPE r [<!ENTITY % e SYSTEM \"{trap}\"> %e;]>"), "ann")),
        ("a billion laughs", with(&format!("<!DOCTYPE r [<!ENTITY l0 \"lol\">{lol}]>"), "&l9;")),
        ("a long entity many times", with(&format!("<!DOCTYPE r [<!ENTITY e \"{}\">]>", "a".repeat(50_000)), &"&e;".repeat(5000))),
        ("an attribute by default", with("<!DOCTYPE r [<!ATTLIST saml:Assertion ID CDATA \"x\">]>", "ann")),
        ("an entity that nobody declared", with("", "&e;")),
    ]
}

/// Documents that are too much of something.
pub fn floods(answer: &Answer, keys: &Keys) -> Vec<Hostile> {
    let good = answer.signed(keys, Style::Both);
    let inside = |piece: &str| good.replacen("<samlp:Status>", &format!("{piece}<samlp:Status>"), 1);
    let attributes: String = (0..50_000).map(|n| format!(" a{n}=\"\"")).collect();
    let namespaces: String = (0..10_000).map(|n| format!(" xmlns:a{n}=\"u\"")).collect();
    let few: String = (0..400).map(|n| format!(" xmlns:a{n}=\"u{n}\" a{n}:b=\"\"")).collect();
    vec![
        ("200 000 levels", format!("{}{}", "<a>".repeat(200_000), "</a>".repeat(200_000))),
        ("10 000 levels within the length", inside(&format!("{}{}", "<a>".repeat(10_000), "</a>".repeat(10_000)))),
        ("50 000 attributes", inside(&format!("<a{attributes}/>"))),
        ("10 000 namespaces", inside(&format!("<a{namespaces}/>"))),
        ("60 000 elements", inside(&"<a/>".repeat(60_000))),
        ("namespaces on every level", inside(&format!("{}{}", format!("<a{few}>").repeat(20), "</a>".repeat(20)))),
        (
            "290 namespaces for 9 000 elements",
            inside(&format!(
                "<a{}>{}</a>",
                (0..290).map(|n| format!(" xmlns:a{n}=\"u{n}\"")).collect::<String>(),
                "<a289:b/>".repeat(9_000)
            )),
        ),
        (
            "90 attributes for each of 200 elements",
            inside(&format!("<a{}/>", (0..90).map(|n| format!(" a{n}=\"\"")).collect::<String>()).repeat(200)),
        ),
        ("18 000 attributes", inside(&format!("<a{}/>", (0..18_000).map(|n| format!(" a{n}=\"\"")).collect::<String>()))),
        ("8 MiB of text", good.replacen(&answer.name_id, &"a".repeat(8 << 20), 1)),
        ("text to the limit", inside(&format!("<a>{}</a>", "&#65;".repeat(45_000)))),
        ("a comment without end", inside(&format!("<!--{}", "-".repeat(200_000)))),
        ("a tag without end", inside(&"<a ".repeat(60_000))),
    ]
}
