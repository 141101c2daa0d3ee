//! Files of certificate authorities: looked at with the rest of the configuration, so that one that is of no use is a
//! fault of the configuration, and not an outage of whatever is behind it.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{Error, PemObject};
use std::path::Path;

/// What helps where a file is of no use.
pub(super) const MEND: &str = "each authority's certificate stands there as PEM, from `-----BEGIN CERTIFICATE-----`";

/// Reads the authorities of a PEM file; at least one.
///
/// # Errors
/// What is wrong, to be said after the file's name.
pub(crate) fn read(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, Error> = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    let found = found.map_err(|error| match error {
        Error::Io(error) => format!("cannot be read: {error}"),
        error => format!("is not PEM: {error}"),
    })?;
    if found.is_empty() {
        return Err("holds no certificate".into());
    }
    let mut store = RootCertStore::empty();
    for (number, certificate) in found.iter().enumerate() {
        let wrong = |error| format!("holds something else as certificate {}: {error}", number + 1);
        store.add(certificate.clone()).map_err(wrong)?;
    }
    Ok(found)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(content: &[u8], expect: &str) {
        let path = std::env::temp_dir().join(format!("countersign-authorities-{}.pem", std::process::id()));
        std::fs::write(&path, content).unwrap();
        let told = read(&path).unwrap_err();
        std::fs::remove_file(&path).unwrap();
        assert!(told.starts_with(expect), "{told}");
    }

    #[test]
    fn files_of_no_use() {
        check(b"", "holds no certificate");
        check(b"corp\n", "holds no certificate");
        check(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "holds no certificate");
        check(b"-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n", "is not PEM: ");
        check(b"-----BEGIN CERTIFICATE-----\nAAAA\n", "is not PEM: ");
        check(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "holds something else as certificate 1: ");
        assert!(read(Path::new("no/such.pem")).unwrap_err().starts_with("cannot be read: "));
    }
}
