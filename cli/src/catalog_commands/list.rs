//! What readers see of the catalogue: lists of products, the tree of categories, and how the listings stand.

use operate::listing::{self, CategoryNode, ListingDetails, ProductFilter, ProductList};

use crate::arguments::CatalogListArguments;
use crate::installation::Installation;
use crate::outcome::ExitReason;
use crate::output::{self, Output};

const HELD_BACK: &str = "an import holds listings back: they show what was there before it began";

pub(super) async fn products(
    installation: &Installation,
    options: &CatalogListArguments,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    let CatalogListArguments { category, attribute_set, url_key, store_view, limit, after } = options;
    let filter = ProductFilter {
        category: category.clone(),
        attribute_set: attribute_set.clone(),
        url_key: url_key.clone(),
        store_view: store_view.clone(),
    };
    let page = (usize::from(*limit), after.as_deref());
    let list = listing::products(&installation.context, &filter, page).await?;
    output.show(&list, in_words)?;
    Ok(ExitReason::Ok)
}

fn in_words(list: &ProductList) -> String {
    let cell = |text: &Option<String>| text.clone().unwrap_or_default();
    let rows = list.products.iter().map(|row| {
        let (name, price, online, qty) = (cell(&row.name), cell(&row.price), cell(&row.product_online), cell(&row.qty));
        let online = if online == "2" { "no" } else { "yes" }.to_owned();
        vec![row.sku.clone(), row.product_type.clone(), row.attribute_set.clone(), price, qty, online, name]
    });
    let mut parts =
        vec![output::table(&["sku", "type", "set", "price", "qty", "online", "name"], rows.collect::<Vec<_>>())];
    if let Some(next) = &list.next {
        parts.push(format!("there are more: --after \"{next}\""));
    }
    if list.is_held_back {
        parts.push(HELD_BACK.to_owned());
    }
    parts.join("\n")
}

pub(super) async fn categories(
    installation: &Installation,
    store_view: Option<&str>,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    let tree = listing::categories(&installation.context, store_view).await?;
    output.show(&tree, |tree| {
        let mut lines = Vec::new();
        tree.iter().for_each(|node| draw(node, 0, &mut lines));
        lines.join("\n")
    })?;
    Ok(ExitReason::Ok)
}

fn draw(node: &CategoryNode, depth: usize, lines: &mut Vec<String>) {
    let hidden = if node.is_active { "" } else { " (not shown)" };
    lines.push(format!("{}{} [{}]{hidden}", "  ".repeat(depth), node.name, node.url_key));
    // As deep as the path of a category can be.
    node.categories.iter().for_each(|below| draw(below, depth + 1, lines));
}

pub(super) async fn state(installation: &Installation, output: &Output) -> anyhow::Result<ExitReason> {
    let details = listing::listing(&installation.context).await?;
    output.show(&details, |details| {
        let ListingDetails { is_held_back, held_back_by, indexed_by } = details;
        let mut lines = vec![match is_held_back {
            true => format!("{HELD_BACK} (pipeline {})", held_back_by.join(", ")),
            false => "listings show the catalogue as it is".to_owned(),
        }];
        if !indexed_by.is_empty() {
            lines.push(format!("pipeline {} brings them in order", indexed_by.join(", ")));
        }
        lines.join("\n")
    })?;
    Ok(ExitReason::Ok)
}

pub(super) async fn reindex(installation: &Installation, output: &Output) -> anyhow::Result<ExitReason> {
    let mended = listing::reindex(&installation.context).await?;
    output.show(&mended, |mended| {
        format!(
            "{} products looked at; {} entries were missing and are there now, {} old views dropped",
            mended.things, mended.missing, mended.dropped
        )
    })?;
    Ok(ExitReason::Ok)
}
