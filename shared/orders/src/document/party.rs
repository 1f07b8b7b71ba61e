//! Who buys, where it goes, and who sells.

use super::settings::DocumentSettings;
use super::{Group, Node, put};
use crate::order::{Address, Order};

/// Puts buyer, delivery and seller into a document. An order without goods to send has no delivery.
pub(super) fn put_parties(document: &mut Group, order: &Order, settings: &DocumentSettings) {
    // A guest has no number; the order's is the only one that both sides know.
    let buyer_id = order.customer.id.map_or_else(|| format!("order-{}", order.number), |id| id.to_string());
    let mut buyer = order.billing.as_ref().map(address).unwrap_or_default();
    put(&mut buyer, "email", Some(&order.customer.email));
    let vat_id = order.billing.as_ref().and_then(|address| address.vat_id.as_deref());
    put(&mut buyer, "vat_id", vat_id.or(order.customer.vat_id.as_deref()));
    if !buyer.contains_key("name") {
        put(&mut buyer, "name", order.customer.name.as_deref().or(Some(&order.customer.email)));
    }
    if let Some(shipping) = &order.shipping {
        let mut delivery = address(shipping);
        put(&mut delivery, "id", Some(format!("{buyer_id}-delivery")));
        document.insert("delivery", Node::Group(delivery));
    }
    put(&mut buyer, "id", Some(buyer_id));
    document.insert("buyer", Node::Group(buyer));
    let mut seller = Group::new();
    put(&mut seller, "id", Some(&settings.seller.id));
    put(&mut seller, "name", Some(&settings.seller.name));
    put(&mut seller, "vat_id", settings.seller.vat_id.as_deref());
    document.insert("seller", Node::Group(seller));
    let mut receiver = Group::new();
    put(&mut receiver, "id", Some(&settings.receiver));
    document.insert("receiver", Node::Group(receiver));
}

fn address(address: &Address) -> Group {
    let mut group = Group::new();
    let names = [&address.prefix, &address.first_name, &address.last_name];
    let person = names.into_iter().flatten().map(|name| &**name).collect::<Vec<_>>().join(" ");
    put(&mut group, "name", address.company.as_deref().or(Some(&person)));
    put(&mut group, "company", address.company.as_deref());
    put(&mut group, "person", Some(person.as_str()));
    put(&mut group, "first_name", address.first_name.as_deref());
    put(&mut group, "last_name", address.last_name.as_deref());
    let mut street = address.street.iter().map(|line| &**line);
    put(&mut group, "street", street.next());
    let more: Vec<&str> = street.collect();
    put(&mut group, "more_street", Some(more.join(", ")));
    // One line each, for formats that have a place for each.
    put(&mut group, "street_lines", Some(address.street.join("\n")));
    put(&mut group, "postcode", address.postcode.as_deref());
    put(&mut group, "city", address.city.as_deref());
    put(&mut group, "region", address.region.as_deref());
    put(&mut group, "country", address.country.as_deref());
    put(&mut group, "telephone", address.telephone.as_deref());
    put(&mut group, "vat_id", address.vat_id.as_deref());
    group
}
