//! Every page of `docs/causes` says what the catalogue says. With `COUNTERSIGN_WRITE_INDEX=1` what is made
//! from tables is written anew: the index, and the pages of causes that are seen only from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use countersign::{Cause, ForeignCause};
use countersign_doctor::{Code, facts, finding_names, foreign_page, index, owner, page};
use std::path::PathBuf;

const SECTIONS: [&str; 6] =
    ["## From outside", "## Evidence", "## Who can mend it, and how", "## How a client reacts", "## Rehearsal", "## References"];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/causes")
}

#[track_caller]
fn check(cause: Cause) {
    let page = page(cause);
    let has = |text: &str| assert!(page.contains(text), "{cause}: the page lacks\n{text}");
    assert!(page.starts_with(&format!("# {cause}\n\n{}\n\n", cause.sentence())), "{cause}: the page begins otherwise");
    has(&format!("## From outside\n\n{}\n\n", facts(cause)));
    let mended_by = owner(cause.owner());
    let family = serde_json::to_value(cause.family()).unwrap();
    has(&format!("{} (family `{}`).", mended_by.replacen('w', "W", 1), family.as_str().unwrap()));
    let places: Vec<_> =
        SECTIONS.iter().map(|section| page.find(&format!("\n{section}\n")).unwrap_or_else(|| panic!("{cause}: no {section}"))).collect();
    assert!(places.is_sorted(), "{cause}: the sections stand in another order");
    assert_eq!(page.matches("\n## ").count(), SECTIONS.len(), "{cause}: a section too many");
    assert_eq!(page.matches("```").count() % 2, 0, "{cause}: an open fence");
}

#[test]
fn every_page_agrees_with_the_catalogue() {
    for &cause in Cause::ALL {
        check(cause);
    }
}

#[test]
fn links_lead_to_pages() {
    for &cause in Cause::ALL {
        for target in page(cause).split("](").skip(1).filter_map(|rest| rest.split_once(".md)").map(|(target, _)| target)) {
            assert!(Cause::from_code(target).is_some(), "{cause} links to {target}");
        }
    }
}

#[test]
fn the_index_is_the_catalogue() {
    let file = folder().join("README.md");
    if std::env::var_os("COUNTERSIGN_WRITE_INDEX").is_some() {
        std::fs::write(&file, index()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(file).unwrap(), index());
}

#[test]
fn pages_of_foreign_causes_are_the_tables() {
    for &cause in ForeignCause::ALL {
        let file = folder().join(format!("{cause}.md"));
        if std::env::var_os("COUNTERSIGN_WRITE_INDEX").is_some() {
            std::fs::write(&file, foreign_page(cause)).unwrap();
        }
        assert_eq!(std::fs::read_to_string(file).unwrap_or_default(), foreign_page(cause), "{cause}");
    }
}

#[test]
fn no_page_is_left_over() {
    for entry in std::fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let code = name.strip_suffix(".md").expect("only pages");
        assert!(code == "README" || Code::from_code(code).is_some(), "{name} has no cause");
    }
}

#[test]
fn every_finding_has_a_page() {
    let findings = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/findings");
    for name in finding_names() {
        let page = std::fs::read_to_string(findings.join(format!("{name}.md"))).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(page.contains(&format!("`{name}`")), "{name}: the page does not name it");
    }
}
