//! The addresses of a customer, and what rows make of them.

use super::address::{Address, AddressChange, NEEDED};
use super::thing::Customer;
use crate::entity::Stated;
use crate::finding::ChangeRefusal;

impl Customer {
    /// Changes the address that a row is about, or adds it.
    pub(in crate::entity) fn apply_address(&mut self, change: &AddressChange) -> Result<(), ChangeRefusal> {
        let found = self.addresses.iter().position(|address| change.is_about(address));
        let place = match found {
            Some(place) => place,
            None => {
                check_is_whole(change)?;
                self.addresses.push(Address::default());
                self.addresses.len() - 1
            }
        };
        if change.is_default_billing == Some(true) {
            self.addresses.iter_mut().for_each(|address| address.is_default_billing = false);
        }
        if change.is_default_shipping == Some(true) {
            self.addresses.iter_mut().for_each(|address| address.is_default_shipping = false);
        }
        self.addresses[place].apply(change);
        Ok(())
    }

    /// Takes away the address that a row is about; says whether there was one.
    pub(in crate::entity) fn remove_address(&mut self, change: &AddressChange) -> bool {
        let before = self.addresses.len();
        self.addresses.retain(|address| !change.is_about(address));
        self.addresses.len() < before
    }
}

fn check_is_whole(change: &AddressChange) -> Result<(), ChangeRefusal> {
    let has = |name: &&str| matches!(change.values.get(*name), Some(Stated::Set(_)));
    match NEEDED.iter().find(|name| !has(name)) {
        None => Ok(()),
        Some(name) => Err(ChangeRefusal::of_row(format!("the address is new and has no `{name}`"))),
    }
}
