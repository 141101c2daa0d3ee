//! Pages for people: a refusal, the login page, the log-out page. They work without scripts and load nothing.

use askama::Template;
use countersign::reply::Reply;
use http::header::{CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use http::{HeaderMap, HeaderValue};

#[derive(Template)]
#[template(path = "refusal.html")]
struct Refusal<'a> {
    status: u16,
    title: &'a str,
    detail: &'a str,
    reference: &'a str,
}

/// The login page.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub(crate) struct SignIn<'a> {
    /// The site's realm.
    pub realm: &'a str,
    /// Does it take passwords?
    pub passwords: bool,
    /// The providers, each with its label and address.
    pub providers: &'a [(&'a str, String)],
    /// The form's token.
    pub csrf: &'a str,
    /// Where to return to.
    pub rd: &'a str,
    /// Why it is shown again, if it is.
    pub failure: Option<&'a str>,
    /// The reference of that.
    pub reference: Option<&'a str>,
}

/// The log-out page.
#[derive(Template)]
#[template(path = "sign_out.html")]
pub(crate) struct SignOut<'a> {
    /// The site's realm.
    pub realm: &'a str,
    /// The form's token.
    pub csrf: &'a str,
    /// Has it been done?
    pub done: bool,
    /// Where the provider's session ends, if it shall.
    pub onward: Option<&'a str>,
}

/// A login that came to nothing.
#[derive(Template)]
#[template(path = "login_failed.html")]
struct LoginFailed<'a> {
    title: &'a str,
    detail: &'a str,
    hint: Option<&'a str>,
    again: &'a str,
    reference: &'a str,
}

/// A login that came to nothing, as a page; `again` is where another try begins.
pub(crate) fn login_failed(reply: &Reply, reference: &str, again: &str, hint: Option<&str>) -> String {
    render(&LoginFailed { title: reply.outside.title(), detail: reply.outside.detail(), hint, again, reference })
}

/// A message that the browser posts to a provider. The script only presses the button.
#[derive(Template)]
#[template(path = "onward.html")]
pub(crate) struct Onward<'a> {
    /// Where to.
    pub action: &'a str,
    /// The field that holds the message.
    pub field: &'a str,
    /// The message.
    pub value: &'a str,
    /// What comes back with the answer.
    pub relay_state: Option<&'a str>,
}

/// Lets a page post its form to another site by its one script. What that site does with it is its own matter: it may send
/// the browser on, so that `form-action` cannot name it.
pub(crate) fn let_post_itself(headers: &mut HeaderMap) {
    const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; \
        script-src 'sha256-ePniVEkSivX/c7XWBGafqh8tSpiRrKiqYeqbG7N1TOE='; frame-ancestors 'none'; base-uri 'none'";
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
}

/// A refusal as a page.
pub(crate) fn refusal(reply: &Reply, reference: &str) -> String {
    let page = Refusal { status: reply.status.as_u16(), title: reply.outside.title(), detail: reply.outside.detail(), reference };
    render(&page)
}

/// A page's text. Writing one to memory does not fail.
pub(crate) fn render(page: &impl Template) -> String {
    page.render().unwrap_or_default()
}

/// The fields that keep a page from being framed, scripted, or told about.
pub(crate) fn protect(headers: &mut HeaderMap) {
    const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
    let fields: [(HeaderName, &str); 4] = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "same-origin"),
    ];
    for (name, value) in fields {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
