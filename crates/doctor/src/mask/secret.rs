//! One secret, and what is left of it.

/// The first characters and the length: `eyJhbG… (842 characters)`. Of a short one nothing is left, and a placeholder stays.
pub(super) fn masked(secret: &str) -> String {
    if is_placeholder(secret) {
        return secret.to_owned();
    }
    let length = secret.chars().count();
    let kept = match length {
        0..8 => 0,
        8..16 => 2,
        16..24 => 4,
        _ => 6,
    };
    let begin: String = secret.chars().take(kept).collect();
    format!("{begin}… ({length} character{})", if length == 1 { "" } else { "s" })
}

/// Does it stand where a secret should, without being one? Then it is what went wrong.
pub(super) fn is_placeholder(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "",
        "null",
        "undefined",
        "none",
        "nil",
        "nan",
        "true",
        "false",
        "[object object]",
        "token",
        "your_token",
        "your_api_key",
        "your-api-key",
        "your-token",
        "api_key",
        "apikey",
        "access_token",
        "your_access_token",
        "changeme",
    ];
    let inner = text.trim_matches(['"', '\'', ' ']);
    let lower = inner.to_ascii_lowercase();
    if inner.len() > 80 {
        return false;
    }
    let name = |text: &str| !text.is_empty() && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-. :?$()".contains(letter));
    let wrapped = [("{{", "}}"), ("${", "}"), ("$(", ")"), ("<", ">"), ("%", "%"), ("{", "}"), ("[", "]")];
    let within = wrapped.iter().any(|(open, close)| inner.strip_prefix(open).and_then(|rest| rest.strip_suffix(close)).is_some_and(name));
    let variable =
        inner.strip_prefix('$').is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_uppercase()) && is_upper_name(rest));
    WORDS.contains(&lower.as_str())
        || within
        || variable
        || crate::mask::names::is_marked(inner)
        || (lower.starts_with("your") && lower.chars().all(|letter| letter.is_ascii_alphabetic() || "_- ".contains(letter)))
}

fn is_upper_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Does a word alone look like a secret, wherever it stands?
pub(super) fn is_secret(word: &str) -> bool {
    is_key(word) || is_random(word)
}

/// Is it a key of a well-known service, by its beginning?
pub(super) fn is_key(word: &str) -> bool {
    let rest = PREFIXES.iter().find_map(|prefix| word.strip_prefix(prefix));
    rest.is_some_and(|rest| rest.len() >= 8 && rest.bytes().any(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()))
}

/// Long runs of hexadecimal digits or of Base64. UUIDs are names rather than secrets.
pub(super) fn is_random(word: &str) -> bool {
    // A sealed reference says nothing to anybody without its key.
    if word.starts_with("cs1_") {
        return false;
    }
    let segment = word.split(['-', '_']).map(str::len).max().unwrap_or_default();
    if word.len() < 20 || segment < 16 {
        return false;
    }
    let count = |is: fn(&u8) -> bool| word.bytes().filter(is).count();
    let (digits, upper, lower) = (count(u8::is_ascii_digit), count(u8::is_ascii_uppercase), count(u8::is_ascii_lowercase));
    let hex = word.bytes().all(|byte| byte.is_ascii_hexdigit());
    match word.len() {
        24.. if hex => digits > 0 && upper + lower > 0,
        32.. => digits >= 3 && upper + lower > 0 || (upper > 3 && lower > 3 && is_mixed(word)),
        _ => digits >= 2 && upper >= 2 && lower >= 2,
    }
}

/// Do small and large letters follow each other as they do in no name?
fn is_mixed(word: &str) -> bool {
    let turns =
        word.as_bytes().windows(2).filter(|pair| matches!(pair, [a, b] if a.is_ascii_lowercase() != b.is_ascii_lowercase())).count();
    turns * 3 > word.len()
}

/// How keys of well-known services begin.
const PREFIXES: &[&str] = &[
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "gldt-",
    "glrt-",
    "gloas-",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "xoxs-",
    "xoxr-",
    "xoxe-",
    "xapp-",
    "sk-",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "rk_test_",
    "whsec_",
    "AKIA",
    "ASIA",
    "npm_",
    "pypi-",
    "AIza",
    "ya29",
    "hf_",
    "dop_v1_",
    "doo_v1_",
    "shpat_",
    "shpss_",
    "shpca_",
    "figd_",
    "lin_api_",
    "PMAK-",
    "NRAK-",
    "dckr_pat_",
    "dckr_oat_",
    "EAAC",
    "ATATT3",
    "ATCTT3",
    "sntrys_",
    "sntryu_",
    "glsa_",
    "glc_",
    "r8_",
    "gsk_",
    "xai-",
    "pk_live_",
];
