//! Earlier addresses of a product.

use super::read::ProductReading;
use crate::cell;
use crate::entity::form::Form;
use crate::entity::stated::Stated;
use crate::finding::Severity;

impl ProductReading<'_, '_> {
    pub(super) fn read_old_url_keys(&mut self, column: &str, stated: Stated<&str>) {
        let Stated::Set(text) = stated else {
            self.change.old_url_keys = Some(Stated::Clear);
            return;
        };
        let dialect = self.cells.columns().dialect();
        let Some(keys) = self.cells.usable(column, text, cell::list(text, dialect)) else { return };
        let mut read = Vec::new();
        for key in keys {
            match Form::UrlKey.canonical(&key, dialect) {
                Ok(key) => read.push(key),
                Err(problem) => return self.cells.note(column, Some(&key), problem, Severity::Value),
            }
        }
        self.change.old_url_keys = Some(Stated::Set(read));
    }
}
