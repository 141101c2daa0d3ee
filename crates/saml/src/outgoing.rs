//! A message of ours on its way: as an address (HTTP-Redirect, SAML bindings section 3.4) or as a form (HTTP-POST,
//! section 3.5), signed where there is a key.

use crate::algorithm::RSA_SHA256;
use crate::encoding::{deflate, to_base64};
use crate::keys::OwnKey;
use crate::signature;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SecureRandom;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What needs no escape in a query.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A message that was written and not yet sent.
#[derive(Debug)]
pub struct Outgoing {
    /// Its id, which the answer names.
    pub id: String,
    pub(crate) field: &'static str,
    /// Up to where a signature stands, and after it.
    pub(crate) head: String,
    pub(crate) tail: String,
}

/// A form that a browser posts to a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostForm {
    /// Where to.
    pub action: String,
    /// `SAMLRequest` or `SAMLResponse`.
    pub field: &'static str,
    /// The message in base64.
    pub value: String,
    /// What comes back with the answer.
    pub relay_state: Option<String>,
}

impl Outgoing {
    /// As an address that the browser is sent to. The signature is over the query, not in the message.
    ///
    /// # Errors
    /// [`Unspecified`] if the key cannot sign.
    pub fn redirect(
        &self,
        to: &str,
        relay_state: Option<&str>,
        key: Option<&OwnKey>,
        random: &dyn SecureRandom,
    ) -> Result<String, Unspecified> {
        let encoded = |text: &str| utf8_percent_encode(text, QUERY).to_string();
        let mut query = format!("{}={}", self.field, encoded(&to_base64(deflate(&format!("{}{}", self.head, self.tail)))));
        if let Some(state) = relay_state {
            query.push_str(&format!("&RelayState={}", encoded(state)));
        }
        if let Some(key) = key {
            query.push_str(&format!("&SigAlg={}", encoded(RSA_SHA256)));
            let signature = to_base64(key.sign(query.as_bytes(), random)?);
            query.push_str(&format!("&Signature={}", encoded(&signature)));
        }
        let joint = if to.contains('?') { '&' } else { '?' };
        Ok(format!("{to}{joint}{query}"))
    }

    /// As a form that the browser posts.
    ///
    /// # Errors
    /// [`Unspecified`] if the key cannot sign.
    pub fn post(
        &self,
        to: &str,
        relay_state: Option<&str>,
        key: Option<&OwnKey>,
        random: &dyn SecureRandom,
    ) -> Result<PostForm, Unspecified> {
        let text = match key {
            Some(key) => signature::sign(&self.head, &self.tail, &self.id, key, random)?,
            None => format!("{}{}", self.head, self.tail),
        };
        Ok(PostForm { action: to.to_owned(), field: self.field, value: to_base64(text), relay_state: relay_state.map(str::to_owned) })
    }
}
