//! The target for rows of an entity, of those that a shop takes.

use std::any::Any;
use std::sync::Arc;

use catalog::target::Target;
use import::Entity;
use import::entity::attribute::Attributes;
use import::entity::attribute_set::AttributeSets;
use import::entity::category::Categories;
use import::entity::custom_option::CustomOptions;
use import::entity::customer::Customers;
use import::entity::customer_address::CustomerAddresses;
use import::entity::link::Links;
use import::entity::media::Media;
use import::entity::price::Prices;
use import::entity::product::Products;
use import::entity::source_item::SourceItems;
use import::entity::stock::Stock;
use import::entity::tier_price::TierPrices;
use import::entity::url_rewrite::UrlRewrites;
use import::entity::variant::Variants;
use magento::target::MagentoTarget;

/// A shop as the target for rows of an entity; nothing for an entity that somebody else has added.
///
/// Which entity it is shows only when the program runs: a step is made for whatever a list of entities has.
pub(crate) fn rows_into<E: Entity>(shop: &Arc<MagentoTarget>) -> Option<Arc<dyn Target<E>>> {
    let targets: [Box<dyn Any>; 15] = [
        of::<AttributeSets>(shop),
        of::<Attributes>(shop),
        of::<Categories>(shop),
        of::<CustomOptions>(shop),
        of::<CustomerAddresses>(shop),
        of::<Customers>(shop),
        of::<Links>(shop),
        of::<Media>(shop),
        of::<Prices>(shop),
        of::<Products>(shop),
        of::<SourceItems>(shop),
        of::<Stock>(shop),
        of::<TierPrices>(shop),
        of::<UrlRewrites>(shop),
        of::<Variants>(shop),
    ];
    targets.into_iter().find_map(|target| target.downcast::<Arc<dyn Target<E>>>().ok()).map(|target| *target)
}

fn of<E: Entity>(shop: &Arc<MagentoTarget>) -> Box<dyn Any>
where
    MagentoTarget: Target<E>,
{
    let target: Arc<dyn Target<E>> = shop.clone();
    Box::new(target)
}

#[cfg(test)]
mod tests {
    use import::entity::{Visitor, visit_all};
    use magento::client::{AddressForm, ShopAccess, ShopAddress, ShopClient, ShopLimits, ShopSecret, ShopSettings};

    use super::*;
    use crate::shop::ShopClients;

    struct Lacking {
        shop: Arc<MagentoTarget>,
        lacks: Vec<&'static str>,
    }

    impl Visitor for Lacking {
        fn visit<E: Entity>(&mut self) {
            if rows_into::<E>(&self.shop).is_none() {
                self.lacks.push(E::ABOUT.name);
            }
        }
    }

    #[test]
    fn a_shop_is_a_target_for_every_entity_that_ships() {
        let settings = ShopSettings {
            name: "magento".to_owned(),
            address: ShopAddress::parse("https://shop.example.com", AddressForm::Installed).unwrap(),
            access: ShopAccess::Integration(ShopSecret::new("hush")),
            limits: ShopLimits::default(),
            download_hosts: Vec::new(),
        };
        let wire = ShopClients::default().wire_for_tests();
        let client = Arc::new(ShopClient::new(settings, wire));
        let mut lacking = Lacking { shop: Arc::new(MagentoTarget::new(client)), lacks: Vec::new() };
        visit_all(&mut lacking);
        assert_eq!(lacking.lacks, Vec::<&str>::new());
    }
}
