//! The JSON schema of a report, derived from the types that write it.
//!
//! It says nothing that those types do not say, but for the order of an observation's facts.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::model::{Report, SCHEMA};
use super::sweep::{SWEEP_SCHEMA, SweepReport};

/// The schema (JSON Schema 2020-12) of what [`json`](super::json()) writes.
///
/// Readers must ignore fields that they do not know: the same version may gain some.
pub fn schema() -> Value {
    let mut schema = of::<Report>(SCHEMA);
    order_of_facts(&mut schema);
    schema
}

/// The schema (JSON Schema 2020-12) of what [`sweep_json`](super::sweep_json()) writes.
pub fn sweep_schema() -> Value {
    of::<SweepReport>(SWEEP_SCHEMA)
}

fn of<T: JsonSchema>(name: &str) -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = generator.into_root_schema_for::<T>();
    schema.insert("$id".to_owned(), json!(name));
    schema.insert("title".to_owned(), json!(name));
    let mut schema = schema.to_value();
    if let Some(stamp) = object_at(&mut schema, "/properties/schema") {
        stamp.insert("const".to_owned(), json!(name));
    }
    schema
}

/// The first fact is what was asked and all others are what was seen; serde reads them as one untagged list.
fn order_of_facts(schema: &mut Value) {
    if let Some(observation) = object_at(schema, "/$defs/Observation") {
        observation.insert("description".to_owned(), json!("One probe together with what it saw."));
    }
    if let Some(facts) = object_at(schema, "/$defs/Observation/properties/facts") {
        facts.insert("minItems".to_owned(), json!(1));
        facts.insert("prefixItems".to_owned(), json!([{"$ref": "#/$defs/Asked"}]));
        facts.insert("items".to_owned(), json!({"$ref": "#/$defs/Fact"}));
    }
    if let Some(definitions) = object_at(schema, "/$defs") {
        definitions.remove("RecordFact");
    }
}

fn object_at<'a>(schema: &'a mut Value, pointer: &str) -> Option<&'a mut Map<String, Value>> {
    schema.pointer_mut(pointer).and_then(Value::as_object_mut)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(pointer: &str) -> Value {
        schema().pointer(pointer).cloned().unwrap_or_else(|| panic!("{pointer} is missing"))
    }

    #[test]
    fn the_schema_carries_its_name() {
        assert_eq!((at("/$id"), at("/title")), (json!(SCHEMA), json!(SCHEMA)));
        assert_eq!(at("/properties/schema/const"), json!(SCHEMA));
    }

    #[test]
    fn addresses_and_prefixes_are_text() {
        assert_eq!(at("/$defs/Scope/properties/prefixes/items"), json!({"type": "string"}));
        assert_eq!(at("/$defs/Answer/properties/addresses/items"), json!({"type": "string", "format": "ip"}));
        assert_eq!(at("/$defs/Vantage/properties/resolvers/items"), json!({"type": "string"}));
    }

    #[test]
    fn what_is_documented_in_the_code_is_described_in_the_schema() {
        assert_eq!(at("/$defs/Hop/properties/ttl/description"), json!("The TTL that was set."));
        assert_eq!(at("/$defs/Asked/description"), json!("What was asked: always the first fact."));
    }

    #[test]
    fn an_observation_begins_with_what_was_asked() {
        assert_eq!(at("/$defs/Observation/properties/facts/prefixItems/0"), json!({"$ref": "#/$defs/Asked"}));
        assert_eq!(at("/$defs/Observation/properties/facts/items"), json!({"$ref": "#/$defs/Fact"}));
    }
}
