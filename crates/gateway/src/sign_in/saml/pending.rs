//! Requests that wait for their answer: one sealed cookie for each, so that several tabs do not disturb each other.

use crate::body::ResponseBody;
use crate::case::Case;
use crate::front::Front;
use crate::sign_in::cookies;
use crate::worker::random;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::{SecretHash, hex};
use countersign_saml::Pending;
use http::Response;
use http::request::Parts;

/// What the names of the cookies end in, before the request's own mark.
const SUFFIX: &str = "_saml_";
/// What the seal is for.
const PURPOSE: &str = "saml request";
/// How long a person may take at the provider, in seconds.
const LASTS: i64 = 600;
/// The most requests under way that a browser keeps.
const REQUESTS: usize = 4;

/// A request that was sent, and what is needed once it is answered.
pub(super) struct Waiting {
    pub(super) pending: Pending,
    pub(super) provider: String,
    pub(super) way_back: String,
}

impl Waiting {
    pub(super) fn new(id: &str, provider: &str, way_back: &str, now: i64) -> Self {
        Self { pending: Pending { id: id.to_owned(), until: now + LASTS }, provider: provider.to_owned(), way_back: way_back.to_owned() }
    }

    /// The cookie to set.
    pub(super) fn cookie(&self, case: &Case, front: &Front) -> String {
        // None of the four can have a line end in it: an id of ours, a number, a checked name, a canonical path.
        let text = format!("{}\n{}\n{}\n{}", self.pending.id, self.pending.until, self.provider, self.way_back);
        let mut nonce = [0; 12];
        random(&mut nonce);
        let sealed = case.worker.shared.login.seal(PURPOSE, text.as_bytes(), nonce);
        cookies::set_across_sites(front.secure, &suffix(&self.pending.id), &URL_SAFE_NO_PAD.encode(sealed), LASTS as u32)
    }

    /// What this browser keeps of the request with this id.
    pub(super) fn find(case: &Case, front: &Front, head: &Parts, id: &str) -> Option<Self> {
        let cookie = cookies::find(&head.headers, &cookies::name(front.secure, &suffix(id)))?;
        let opened = case.worker.shared.login.open(PURPOSE, &URL_SAFE_NO_PAD.decode(cookie).ok()?)?;
        let text = String::from_utf8(opened).ok()?;
        let mut lines = text.splitn(4, '\n');
        let (kept, until) = (lines.next()?, lines.next()?.parse().ok()?);
        let (provider, way_back) = (lines.next()?.to_owned(), lines.next()?.to_owned());
        (kept == id).then(|| Self { pending: Pending { id: id.to_owned(), until }, provider, way_back })
    }

    /// Takes the cookie away: it was the request's one answer.
    pub(super) fn over(&self, front: &Front) -> String {
        cookies::set_across_sites(front.secure, &suffix(&self.pending.id), "", 0)
    }
}

/// Takes the oldest cookies away beyond the limit; browsers send the oldest first.
pub(super) fn clear_surplus(front: &Front, head: &Parts, response: Response<ResponseBody>) -> Response<ResponseBody> {
    let prefix = cookies::name(front.secure, SUFFIX);
    let marks: Vec<&str> = cookies::all(&head.headers).filter_map(|(name, _)| name.strip_prefix(&prefix)).collect();
    let beyond = (marks.len() + 1).saturating_sub(REQUESTS);
    marks.into_iter().take(beyond).fold(response, |response, mark| {
        cookies::with(response, Some(cookies::set_across_sites(front.secure, &format!("{SUFFIX}{mark}"), "", 0)))
    })
}

fn suffix(id: &str) -> String {
    format!("{SUFFIX}{}", hex(SecretHash::of(id).0.first_chunk::<8>().unwrap_or(&[0; 8])))
}
