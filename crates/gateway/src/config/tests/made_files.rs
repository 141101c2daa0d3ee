//! Files that are made from the table of keys are as the table says. `COUNTERSIGN_WRITE=1` writes them.

use super::{RULE, loaded, parse, root};
use crate::config::keys::{KEYS, SECTIONS};
use crate::config::reference::example;
use crate::config::{reference, schema};

#[track_caller]
fn check(path: &str, make: impl Fn(&str) -> String) {
    let path = root().join(path);
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let expect = make(&found);
    if std::env::var_os("COUNTERSIGN_WRITE").is_some() {
        std::fs::write(&path, expect).unwrap();
    } else {
        assert!(found == expect, "{} is not what the table of keys says: run with COUNTERSIGN_WRITE=1", path.display());
    }
}

#[test]
fn made_files_are_up_to_date() {
    check("crates/gateway/schema/countersign.schema.json", |_| schema());
    check("docs/configuration.md", |found| {
        let (by_hand, _) = found.split_once("-->\n").expect("the mark after the part that is written by hand");
        format!("{by_hand}-->\n\n{}", reference())
    });
}

/// What the documentation shows can be written so.
#[test]
fn every_documented_example_loads() {
    let mut text: String = SECTIONS.iter().map(example).collect();
    text = text.replace("listen = \"0.0.0.0:443\"", "listen = \"127.0.0.1:443\"");
    assert_eq!(loaded(&text).plan.sites.len(), 1);
    let page = std::fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    let smallest = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    loaded(smallest);
}

/// A key that is in the table and not read, or read under another type, would be silently ignored.
#[test]
fn every_key_is_read() {
    for key in KEYS {
        let section = SECTIONS.iter().find(|section| section.name == key.section).unwrap();
        let site =
            if key.section.starts_with("site") { "[[site]]\n".to_owned() } else { format!("[[site]]\nupstream = \"sample\"\n{RULE}") };
        let header = if key.section == "site" { String::new() } else { section.header() };
        // What stands in a list stands in the last of its members.
        let outer = match key.section {
            "provider.grant" => "[[provider]]\nname = \"p\"\nissuer = \"https://p\"\nclient_id = \"c\"\n",
            "issuer.introspection" => "[[issuer]]\nname = \"i\"\nissuer = \"https://i\"\naudiences = [\"a\"]\n",
            _ => "",
        };
        let text = format!("{site}{outer}{header}\n{} = 1979-05-27\n", key.name);
        let told = parse("test.toml", &text).unwrap_err();
        let about = format!("`{}` takes", key.name);
        assert!(told.iter().any(|fault| fault.message.starts_with(&about)), "{}.{}: {told}", key.section, key.name);
    }
}
