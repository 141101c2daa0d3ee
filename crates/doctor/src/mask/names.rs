//! Which names carry secrets: of header fields, of parameters, of members.

/// What a header field's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A scheme with credentials.
    Credentials,
    /// Cookies that are sent.
    Cookie,
    /// A cookie that is set.
    SetCookie,
    /// One secret.
    Secret,
    /// A number that people search their logs for.
    Identifier,
    /// Text.
    Other,
}

/// What the field with this name holds.
pub(super) fn kind(name: &str) -> Kind {
    let name = name.to_ascii_lowercase();
    let name = name.as_str();
    match name {
        "authorization" | "proxy-authorization" | "x-authorization" | "x-forwarded-authorization" | "x-original-authorization" => {
            Kind::Credentials
        }
        "cookie" | "cookie2" => Kind::Cookie,
        "set-cookie" | "set-cookie2" => Kind::SetCookie,
        "etag" | "traceparent" | "cf-ray" | "x-amz-id-2" | "x-cache-key" | "surrogate-key" | "countersign-ref" => Kind::Identifier,
        _ if name.starts_with("access-control-") || name.starts_with("sec-") => Kind::Other,
        _ if ["request-id", "requestid", "trace-id", "traceid", "correlation-id", "x-b3-"].iter().any(|id| name.contains(id)) => {
            Kind::Identifier
        }
        _ if is_secret(name) || is_secret_field(name) => Kind::Secret,
        _ => Kind::Other,
    }
}

fn is_secret_field(name: &str) -> bool {
    const ENDS: &[&str] =
        &["-key", "_key", "-auth", "-jwt", "-signature-256", "-data", "-access-token", "-session", "-credential", "-credentials"];
    const NAMES: &[&str] =
        &["dpop", "x-auth", "x-session", "x-ms-client-principal", "x-amzn-oidc-data", "x-jwt-assertion", "x-pass", "access_key"];
    let harmless =
        ["idempotency-key", "cache-key", "sort-key", "partition-key", "metadata", "-form-data"].iter().any(|end| name.ends_with(end));
    !harmless && (NAMES.contains(&name) || ENDS.iter().any(|end| name.ends_with(end) && (*end != "-data" || name.contains("oidc"))))
}

/// Does a parameter or member of this name hold a secret, however it is written?
pub(super) fn is_secret(name: &str) -> bool {
    with_plain(name, |plain| {
        const NAMES: &[&str] =
            &["sig", "otp", "pin", "samlresponse", "samlrequest", "logintoken", "jsessionid", "phpsessid", "credentials"];
        const ENDS: &[&str] = &[
            "token",
            "secret",
            "apikey",
            "authkey",
            "accesskey",
            "secretkey",
            "privatekey",
            "subscriptionkey",
            "signature",
            "sessionid",
            "jwt",
            "assertion",
            "codeverifier",
            "signaturevalue",
            "ciphervalue",
            "secretaccesskey",
            "functionskey",
        ];
        is_password(plain) || NAMES.contains(&plain) || ENDS.iter().any(|end| plain.ends_with(end))
    })
}

/// Names that are ordinary words, and hold secrets where they stand in a query or a form.
pub(super) fn is_secret_parameter(name: &str) -> bool {
    with_plain(name, |plain| {
        ["key", "code", "pass", "sid", "session", "auth", "ticket", "hash", "hmac", "mac", "devicecode", "usercode"].contains(&plain)
    })
}

/// Does it hold a password, of which not even a natural word may show?
pub(super) fn is_password(name: &str) -> bool {
    with_plain(name, |plain| ["password", "passwd", "pwd", "passphrase", "clientsecret", "passcode"].iter().any(|end| plain.ends_with(end)))
}

/// The name in small letters and without what joins its words; longer than any name that matters, it is nothing.
fn with_plain(name: &str, test: impl Fn(&str) -> bool) -> bool {
    if name.len() > 64 {
        return false;
    }
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
    test(&plain)
}

/// Was a value replaced by a mark such as `***` or `<redacted>`?
pub(super) fn is_marked(text: &str) -> bool {
    crate::reading::is_redacted(text)
}
