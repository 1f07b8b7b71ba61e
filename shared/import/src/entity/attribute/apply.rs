//! What a change does to an attribute.
//!
//! **Invariant:** applying the same change a second time never changes anything.

use std::collections::HashMap;

use super::change::{AttributeChange, OptionChange};
use super::{Attribute, AttributeOption};
use crate::entity::{ChangeEffect, Removal, Stated};
use crate::finding::ChangeRefusal;
use crate::name_key::name_key;

/// Inputs whose values are kept alike, so that an attribute may go from one to another.
const LIKE_SELECT: [&str; 3] = ["select", "swatch_visual", "swatch_text"];

impl Attribute {
    pub(super) fn create(change: &AttributeChange) -> Result<Self, ChangeRefusal> {
        if let Some(view) = &change.store_view {
            let code = &change.code;
            let problem = format!("attribute `{code}` does not exist; a row for store view `{view}` cannot create it");
            return Err(ChangeRefusal::of_row(problem));
        }
        let mut attribute = Self {
            code: change.code.clone(),
            entity_type: change.entity_type,
            input: change.input.clone().unwrap_or_else(|| "text".to_owned()),
            // The shop's makers do not use imports.
            is_user_defined: true,
            ..Self::default()
        };
        // Whether an empty attribute becomes another one by this does not matter: it is new.
        let _ = attribute.apply(change)?;
        Ok(attribute)
    }

    pub(super) fn apply(&mut self, change: &AttributeChange) -> Result<ChangeEffect, ChangeRefusal> {
        let before = self.clone();
        match &change.store_view {
            None => self.apply_to_all(change)?,
            Some(view) => self.apply_to_view(view, change),
        }
        Ok(if *self == before { ChangeEffect::Unchanged } else { ChangeEffect::Changed })
    }

    /// Takes away what a store view shows.
    pub(super) fn remove_view(&mut self, view: &str) -> Removal {
        let mut had = self.store_labels.remove(view).is_some();
        for option in self.options.as_mut_vec() {
            had |= option.store_labels.remove(view).is_some();
            had |= option.store_swatches.remove(view).is_some();
        }
        if had { Removal::Part } else { Removal::Nothing }
    }

    fn apply_to_all(&mut self, change: &AttributeChange) -> Result<(), ChangeRefusal> {
        self.check_input(change.input.as_deref())?;
        Stated::replace(change.label.as_ref(), &mut self.label);
        Stated::replace(change.scope.as_ref(), &mut self.scope);
        self.is_required = change.is_required.unwrap_or(self.is_required);
        self.is_unique = change.is_unique.unwrap_or(self.is_unique);
        self.is_user_defined = change.is_user_defined.unwrap_or(self.is_user_defined);
        Stated::replace(change.apply_to.as_ref(), &mut self.apply_to);
        for place in &change.sets {
            let stored = self.sets.entry(name_key(&place.set)).or_default();
            stored.set.clone_from(&place.set);
            if !place.group.is_empty() {
                stored.group.clone_from(&place.group);
            }
            stored.sort_order = place.sort_order.or(stored.sort_order);
        }
        for (column, stated) in &change.settings {
            match stated {
                Stated::Set(text) => drop(self.settings.insert(column.clone(), text.clone())),
                Stated::Clear => drop(self.settings.remove(column)),
            }
        }
        match &change.options {
            Some(Stated::Set(options)) => self.list_options(options),
            Some(Stated::Clear) => (self.options, self.listed) = (Vec::new().into(), None),
            None => {}
        }
        Ok(())
    }

    /// Values that products have were read for the input that the attribute has.
    fn check_input(&self, input: Option<&str>) -> Result<(), ChangeRefusal> {
        let Some(input) = input.filter(|input| *input != self.input) else { return Ok(()) };
        if LIKE_SELECT.contains(&input) && LIKE_SELECT.contains(&self.input.as_str()) {
            return Ok(());
        }
        let problem = format!("attribute `{}` is entered as {} and cannot become {input}", self.code, self.input);
        Err(ChangeRefusal::of_row(problem))
    }

    /// Puts the options of a file in front, in the order of the file; rows of store views count on it. Options that the
    /// file does not name stay, for products may have them.
    fn list_options(&mut self, listed: &[OptionChange]) {
        let known = std::mem::take(self.options.as_mut_vec());
        let places: HashMap<String, usize> =
            known.iter().enumerate().map(|(place, option)| (name_key(&option.label), place)).collect();
        let mut others: Vec<Option<AttributeOption>> = known.into_iter().map(Some).collect();
        let mut options = Vec::with_capacity(others.len());
        for change in listed {
            let Some(label) = &change.label else { continue };
            let known = places.get(&name_key(label)).and_then(|place| others[*place].take());
            let mut option = known.unwrap_or_default();
            option.label.clone_from(label);
            option.sort_order = change.sort_order.or(option.sort_order);
            option.swatch = change.swatch.clone().or(option.swatch);
            options.push(option);
        }
        self.listed = others.iter().any(Option::is_some).then_some(options.len());
        options.extend(others.into_iter().flatten());
        self.options = options.into();
    }

    fn apply_to_view(&mut self, view: &str, change: &AttributeChange) {
        match &change.label {
            Some(Stated::Set(label)) => drop(self.store_labels.insert(view.to_owned(), label.clone())),
            Some(Stated::Clear) => drop(self.store_labels.remove(view)),
            None => {}
        }
        let listed = self.listed();
        match &change.options {
            Some(Stated::Set(options)) => {
                for (option, change) in self.options.as_mut_vec().iter_mut().take(listed).zip(options) {
                    option.apply_to_view(view, change);
                }
            }
            Some(Stated::Clear) => {
                for option in self.options.as_mut_vec() {
                    option.store_labels.remove(view);
                    option.store_swatches.remove(view);
                }
            }
            None => {}
        }
    }
}

impl AttributeOption {
    fn apply_to_view(&mut self, view: &str, change: &OptionChange) {
        if let Some(label) = &change.label {
            self.store_labels.insert(view.to_owned(), label.clone());
        }
        if let Some(swatch) = &change.swatch {
            self.store_swatches.insert(view.to_owned(), swatch.clone());
        }
    }
}
