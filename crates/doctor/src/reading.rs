//! The readers: from bytes of any of the forms that people have to a dossier. Each form is one file that says whether it
//! recognises the input and reads it; none fails on hostile input, none takes more than its bounds.
//!
//! ```text
//!  bytes ─► text (UTF-8, UTF-16 with a mark; no archives) ─► the first of FORMS that recognises it ─► Dossier
//! ```

mod configuration;
mod curl;
mod discovery;
mod error_body;
mod exchange;
mod har;
mod http_file;
mod key_set;
mod redaction;
mod saml;
mod token;
mod url;

use crate::dossier::Dossier;
use std::borrow::Cow;
use thiserror::Error;

pub(crate) use redaction::is_redacted;

/// The most that is read of one input that is no log, in bytes.
pub const LIMIT: usize = 64 * 1024 * 1024;

/// Why there is nothing to explain in an input.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReadFault {
    /// No reader recognises it.
    #[error("this is nothing that the doctor reads")]
    Unrecognised,
    /// A form was recognised, and what there is does not suffice.
    #[error("this looks like {form}, but {why}")]
    Broken {
        /// The form: `a HAR`, `a curl command`, ….
        form: &'static str,
        /// What is wrong, with line and column where there are some.
        why: String,
    },
}

/// Reads one input; `name` is its file's name, or `-`.
///
/// # Errors
/// [`ReadFault`] where there is nothing to explain in it.
pub fn read(name: &str, bytes: &[u8]) -> Result<Dossier, ReadFault> {
    if bytes.len() > LIMIT {
        return Err(broken("a recording", format!("it has {} bytes, and {LIMIT} are read at most", bytes.len())));
    }
    if let Some((_, form, advice)) = ARCHIVES.iter().find(|(magic, ..)| bytes.starts_with(magic)) {
        return Err(broken(form, (*advice).to_owned()));
    }
    let text = text_of(bytes);
    for form in FORMS.iter().filter(|form| (form.recognise)(name, &text)) {
        match (form.read)(name, &text) {
            Err(ReadFault::Unrecognised) => {}
            read => return read.map(|dossier| from(name, dossier)),
        }
    }
    match text.contains('\0') {
        true => Err(broken("binary data", "the doctor reads text: a recording, a command, a token or a document".to_owned())),
        false => Err(ReadFault::Unrecognised),
    }
}

/// Notes where the exchanges were read.
fn from(name: &str, mut dossier: Dossier) -> Dossier {
    dossier.exchanges.iter_mut().for_each(|exchange| name.clone_into(&mut exchange.source));
    dossier
}

/// A form of input.
struct Form {
    /// Is the text, from a file of this name, of this form? A guess that is right for what people paste.
    recognise: fn(&str, &str) -> bool,
    /// Reads it; [`ReadFault::Unrecognised`] hands it to the next.
    read: fn(&str, &str) -> Result<Dossier, ReadFault>,
}

/// All forms, the most specific first: what has one possible reading stands before what any text could be.
const FORMS: &[Form] = &[
    Form { recognise: har::recognise, read: har::read },
    Form { recognise: url::recognise, read: url::read },
    Form { recognise: http_file::recognise, read: http_file::read },
    Form { recognise: exchange::recognise, read: exchange::read },
    Form { recognise: curl::recognise, read: curl::read },
    Form { recognise: key_set::recognise, read: key_set::read },
    Form { recognise: discovery::recognise, read: discovery::read },
    Form { recognise: saml::recognise, read: saml::read },
    Form { recognise: token::recognise, read: token::read },
    Form { recognise: configuration::recognise, read: configuration::read },
    Form { recognise: error_body::recognise, read: error_body::read },
];

/// What is no text, by how it begins, with what to do about it.
const ARCHIVES: &[(&[u8], &str, &str)] = &[
    (b"\x1f\x8b", "a gzip file", "the doctor reads text: unpack it first, with gunzip"),
    (b"PK\x03\x04", "a zip archive", "the doctor reads text: unpack it first, and give it the file inside"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file", "the doctor reads text: unpack it first, with unzstd"),
    (b"BZh", "a bzip2 file", "the doctor reads text: unpack it first, with bunzip2"),
    (b"\xfd7zXZ", "an xz file", "the doctor reads text: unpack it first, with unxz"),
    (b"\x89PNG", "a picture", "the doctor reads text: copy the text that it shows"),
    (b"\xff\xd8\xff", "a picture", "the doctor reads text: copy the text that it shows"),
    (b"%PDF-", "a PDF document", "the doctor reads text: copy the text that it shows"),
    (b"\xd4\xc3\xb2\xa1", "a packet capture", "the doctor reads text: follow the HTTP stream and save it as text"),
    (b"\xa1\xb2\xc3\xd4", "a packet capture", "the doctor reads text: follow the HTTP stream and save it as text"),
    (b"\x0a\x0d\x0d\x0a", "a packet capture", "the doctor reads text: follow the HTTP stream and save it as text"),
];

/// The bytes as text. PowerShell writes UTF-16 where one says `>`, so its marks are honoured.
fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    let wide = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = rest.as_chunks().0.iter().map(|&pair| unit(pair)).collect();
        Cow::Owned(String::from_utf16_lossy(&units))
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest),
        _ => String::from_utf8_lossy(bytes),
    }
}

/// A form that was recognised and cannot be read.
fn broken(form: &'static str, why: String) -> ReadFault {
    ReadFault::Broken { form, why }
}
