//! The table of keys as a JSON Schema, by which editors complete and check a configuration while it is written.

use super::keys::{Absent, KEYS, Key, Kind, SECTIONS, Section};
use serde_json::{Map, Value, json};

/// The schema (draft-07, which TOML editors know), as JSON text.
pub fn schema() -> String {
    let mut root = object("");
    if let Some(fields) = root.as_object_mut() {
        fields.insert("$schema".into(), json!("http://json-schema.org/draft-07/schema#"));
        fields.insert("title".into(), json!("Countersign's configuration"));
    }
    format!("{root:#}\n")
}

fn object(section: &str) -> Value {
    let keys = || KEYS.iter().filter(|key| key.section == section && key.kind != Kind::Secret);
    let mut properties: Map<String, Value> = keys().map(|key| (key.name.to_owned(), property(key))).collect();
    for below in SECTIONS.iter().filter(|below| below.parent().0 == section) {
        properties.insert(below.parent().1.to_owned(), sub_section(below));
    }
    let required: Vec<&str> = keys().filter(|key| key.absent == Absent::Required).map(|key| key.name).collect();
    let mut object = json!({ "type": "object", "additionalProperties": false, "properties": properties });
    if let Some(fields) = object.as_object_mut().filter(|_| !required.is_empty()) {
        fields.insert("required".into(), json!(required));
    }
    if let Some(fields) = object.as_object_mut().filter(|_| section == "site.rule") {
        fields.insert("oneOf".into(), json!([{ "required": ["access"] }, { "required": ["schemes"] }]));
    }
    object
}

fn sub_section(section: &Section) -> Value {
    let mut value = object(section.name);
    if section.repeated {
        value = json!({ "type": "array", "items": value });
    }
    if let Some(fields) = value.as_object_mut() {
        fields.insert("description".into(), json!(section.meaning));
    }
    value
}

fn property(key: &Key) -> Value {
    let mut value = match key.kind {
        Kind::Text | Kind::Address | Kind::Path | Kind::Secret => json!({ "type": "string" }),
        Kind::Duration(..) => json!({ "type": "string", "pattern": "^([0-9]+(ms|s|m|h|d))+$" }),
        Kind::Size(..) => json!({ "type": "string", "pattern": "^[0-9]+([KMG]i?)?B$" }),
        Kind::Number(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::OneOf(names) => json!({ "type": "string", "enum": names }),
        Kind::List(names) => list(names),
        Kind::Scopes => json!({ "oneOf": [list(&[]), { "type": "object", "additionalProperties": list(&[]) }] }),
    };
    let default = match key.absent {
        Absent::Is(text) => Some(match key.kind {
            Kind::Number(..) => json!(text.parse::<u64>().unwrap_or_default()),
            Kind::Flag => json!(text == "true"),
            Kind::List(_) => json!(text.split(',').filter(|member| !member.is_empty()).collect::<Vec<_>>()),
            _ => json!(text),
        }),
        Absent::Required | Absent::Means(_) => None,
    };
    if let Some(fields) = value.as_object_mut() {
        fields.insert("description".into(), json!(key.meaning));
        fields.extend(default.map(|default| ("default".to_owned(), default)));
    }
    value
}

fn list(names: &[&str]) -> Value {
    let member = if names.is_empty() { json!({ "type": "string" }) } else { json!({ "type": "string", "enum": names }) };
    json!({ "type": "array", "items": member })
}
