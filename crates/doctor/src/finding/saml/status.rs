//! The status codes of SAML 2.0 (core, section 3.2.2.2) in words. What a provider means by its own codes is not here.

/// A status code's last part, what it says, and what to do.
pub(super) const CODES: &[(&str, &str, &str)] = &[
    (
        "AuthnFailed",
        "the provider could not authenticate the person",
        "Look into the provider's sign-in log: a wrong password, a locked account, a policy, or a log-in that was cancelled.",
    ),
    (
        "InvalidAttrNameOrValue",
        "an attribute in the request is unknown to the provider or has an unexpected value",
        "Compare the requested attributes with those that the provider releases.",
    ),
    (
        "InvalidNameIDPolicy",
        "the provider cannot or will not give the name identifier that was asked for",
        "Ask for a `NameIDPolicy` format that the provider is configured for, or leave it unspecified.",
    ),
    (
        "NoAuthnContext",
        "the provider cannot authenticate in the way that was asked for",
        "Loosen or remove `RequestedAuthnContext` in the service provider, or log in by a method that meets it.",
    ),
    (
        "NoAvailableIDP",
        "none of the identity providers that were named can be reached",
        "Check the list of providers in the request or the discovery service.",
    ),
    (
        "NoPassive",
        "the person is not logged in at the provider, and the request forbade asking (`IsPassive`)",
        "Send a request without `IsPassive` when this answer comes.",
    ),
    (
        "NoSupportedIDP",
        "the intermediary supports none of the identity providers that were named",
        "Name a provider that the intermediary knows.",
    ),
    ("PartialLogout", "not every session could be ended", "Close the browser, or log out at the other applications."),
    (
        "ProxyCountExceeded",
        "the provider may not pass the request on to another provider",
        "Raise `ProxyCount` in the request's `Scoping`, or remove it.",
    ),
    (
        "RequestDenied",
        "the provider understood the request and refuses to answer it",
        "Ask the provider's administrator whether this person and this service provider are allowed.",
    ),
    (
        "RequestUnsupported",
        "the provider does not support this kind of request",
        "Compare the request's binding and features with the provider's metadata.",
    ),
    ("RequestVersionDeprecated", "the request's SAML version is no longer supported", "Use SAML 2.0."),
    ("RequestVersionTooHigh", "the request's SAML version is newer than the provider's", "Use SAML 2.0."),
    ("RequestVersionTooLow", "the request's SAML version is too old", "Use SAML 2.0."),
    (
        "ResourceNotRecognized",
        "the resource in the request is unknown to the provider",
        "Compare the identifiers in the request with the provider's configuration.",
    ),
    ("TooManyResponses", "the answer would have more elements than the provider can return", "Ask for less."),
    ("UnknownAttrProfile", "the attribute profile is unknown to the provider", "Use a profile that the provider's metadata names."),
    (
        "UnknownPrincipal",
        "the provider does not know the person in the request",
        "Check the `Subject` or name identifier, and whether the account exists at the provider.",
    ),
    ("UnsupportedBinding", "the provider cannot answer by the binding that was asked for", "Ask for HTTP-POST as `ProtocolBinding`."),
    (
        "Requester",
        "the provider finds the fault in the request: its signature, its issuer, its `AssertionConsumerServiceURL` or its form",
        "Compare entity id, ACS URL and signing of the service provider with what is registered at the provider; the provider's log names the difference.",
    ),
    ("Responder", "the provider failed by itself", "Look into the provider's log at the time of the response."),
    ("VersionMismatch", "the provider does not speak the request's SAML version", "Use SAML 2.0."),
];

/// What a code says, by its last part.
pub(super) fn find(code: &str) -> Option<&'static (&'static str, &'static str, &'static str)> {
    let last = code.rsplit(':').next().unwrap_or_default();
    CODES.iter().find(|(name, ..)| *name == last)
}
