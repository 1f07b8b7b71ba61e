//! Definitions, stored once per content and never changed.

use std::sync::Arc;

use pipeline::{Definition, DefinitionHash};
use serde_json::json;

use crate::error::{Error, Result};
use crate::items::{self, Fields, SCHEMA};
use crate::table::{Change, Condition, ITEM_LIMIT_BYTES, Write};
use crate::{Store, keys};

impl Store {
    pub(super) async fn keep_definition(&self, definition: &Arc<Definition>) -> Result<DefinitionHash> {
        let hash = definition.hash();
        if self.definitions.contains(&hash) {
            return Ok(hash);
        }
        let operation = || format!("store definition `{}`", definition.name);
        let stored = match serde_json::to_value(definition.as_ref()) {
            Ok(stored) => stored,
            Err(source) => return Err(Error::permanent(operation(), source)),
        };
        // Told here, where its author is known: DynamoDB would only say that an item is too large.
        let bytes = stored.to_string().len();
        if bytes > ITEM_LIMIT_BYTES {
            let why = format!("it takes {bytes} bytes stored; at most {ITEM_LIMIT_BYTES} are possible");
            return Err(Error::permanent(operation(), why));
        }
        let attributes = items::attributes([("schema", json!(SCHEMA)), ("definition", stored)]);
        let put = Change::Put { attributes, listing: None, expires_at: None };
        let write = Write { key: keys::definition(&hash), condition: Condition::Absent, change: put };
        // A conflict means that the same content is there already.
        self.table.write(write).await?;
        self.definitions.keep(hash.clone(), definition.clone());
        Ok(hash)
    }

    pub(super) async fn definition(&self, hash: DefinitionHash) -> Result<Arc<Definition>> {
        if let Some(definition) = self.definitions.get(&hash) {
            return Ok(definition);
        }
        let key = keys::definition(&hash);
        let Some(item) = self.table.get(&key).await? else {
            return Err(Error::permanent(format!("get item `{key}`"), "a pipeline refers to it, but it is not there"));
        };
        let fields = Fields::of(&item)?;
        let definition: Option<Definition> = fields.json("definition", "a definition")?;
        let definition = Arc::new(fields.required("definition", definition)?);
        self.definitions.keep(hash, definition.clone());
        Ok(definition)
    }
}
