//! Websites, store views, currency, customer groups and tax classes.

use std::collections::BTreeMap;

use import::name_key::name_key;
use import::shop::{StoreView, TaxClass, TaxClassKind, Website};
use serde::Deserialize;

use super::ShopKnowledge;
use super::rows::{listed, whole};
use crate::client::{Error, ShopCall, ShopClient};

/// The number of what only the shop's own people see.
const ADMIN: i64 = 0;

#[derive(Deserialize)]
struct WebsiteRow {
    id: i64,
    code: String,
    default_group_id: i64,
}

#[derive(Deserialize)]
struct GroupRow {
    id: i64,
    root_category_id: i64,
    default_store_id: i64,
}

#[derive(Deserialize)]
struct ViewRow {
    id: i64,
    code: String,
    website_id: i64,
}

#[derive(Deserialize)]
struct ConfigRow {
    code: String,
    base_currency_code: String,
}

#[derive(Deserialize)]
struct CustomerGroupRow {
    id: i64,
    code: String,
}

#[derive(Deserialize)]
struct TaxClassRow {
    class_id: i64,
    class_name: String,
    class_type: String,
}

pub(super) async fn read(client: &ShopClient, known: &mut ShopKnowledge) -> Result<(), Error> {
    let websites: Vec<WebsiteRow> = whole(client, &ShopCall::get(&["store", "websites"])).await?;
    let groups: Vec<GroupRow> = whole(client, &ShopCall::get(&["store", "storeGroups"])).await?;
    let views: Vec<ViewRow> = whole(client, &ShopCall::get(&["store", "storeViews"])).await?;
    let configs: Vec<ConfigRow> = whole(client, &ShopCall::get(&["store", "storeConfigs"])).await?;
    take_stores(known, websites, &groups, views);
    // The base currency may differ by website; files speak in that of the first one.
    let default_view = known.facts.basics.store_views.first().map(|view| view.code.clone());
    let config = configs.iter().find(|config| Some(&config.code) == default_view.as_ref());
    if let Some(config) = config.or(configs.first()) {
        known.facts.basics.currency.clone_from(&config.base_currency_code);
    }
    let mut groups: Vec<CustomerGroupRow> =
        listed(client, ShopCall::get(&["customerGroups", "search"]), "id,code").await?;
    groups.sort_by_key(|group| group.id);
    known.facts.basics.customer_groups = groups.iter().map(|group| group.code.clone()).collect();
    known.ids.customer_groups = groups.into_iter().map(|group| (group.code, group.id)).collect();
    let classes = listed(client, ShopCall::get(&["taxClasses", "search"]), "class_id,class_name,class_type").await?;
    take_tax_classes(known, classes);
    Ok(())
}

fn take_stores(known: &mut ShopKnowledge, mut websites: Vec<WebsiteRow>, groups: &[GroupRow], mut views: Vec<ViewRow>) {
    websites.retain(|website| website.id != ADMIN);
    views.retain(|view| view.id != ADMIN);
    // Nothing says which website is the default one; it is the first that was made.
    websites.sort_by_key(|website| website.id);
    let group_of = |website: &WebsiteRow| groups.iter().find(|group| group.id == website.default_group_id);
    let default_view = websites.first().and_then(group_of).map(|group| group.default_store_id);
    views.sort_by_key(|view| (Some(view.id) != default_view, view.id));
    let roots: BTreeMap<i64, String> = known
        .ids
        .categories
        .iter()
        .filter_map(|(key, id)| Some((*id, known.facts.categories.get(key)?.path.name().to_owned())))
        .collect();
    let codes: BTreeMap<i64, &str> = websites.iter().map(|website| (website.id, website.code.as_str())).collect();
    let basics = &mut known.facts.basics;
    basics.store_views = views
        .iter()
        .filter_map(|view| {
            Some(StoreView { code: view.code.clone(), website: (*codes.get(&view.website_id)?).to_owned() })
        })
        .collect();
    basics.websites = websites
        .iter()
        .map(|website| Website {
            code: website.code.clone(),
            root_category: group_of(website).and_then(|group| roots.get(&group.root_category_id).cloned()),
        })
        .collect();
    known.ids.store_views = views.into_iter().map(|view| (view.code, view.id)).collect();
    known.ids.websites = websites.into_iter().map(|website| (website.code, website.id)).collect();
}

fn take_tax_classes(known: &mut ShopKnowledge, classes: Vec<TaxClassRow>) {
    known.facts.basics.tax_classes.clear();
    for class in classes {
        let kind = match class.class_type.as_str() {
            "PRODUCT" => TaxClassKind::Product,
            _ => TaxClassKind::Customer,
        };
        if kind == TaxClassKind::Product {
            known.ids.product_tax_classes.insert(name_key(&class.class_name), class.class_id);
        }
        known.facts.basics.tax_classes.push(TaxClass { name: class.class_name, kind });
    }
}
