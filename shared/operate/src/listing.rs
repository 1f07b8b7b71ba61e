//! What readers see of the own catalogue: products under something, one product, the tree of categories.

use catalog::own::listing::{self, Found, ListingQuery, ListingState, MendPlace, Mended, Sight};
use engine::Context;
use import::entity::category::Category;
use import::entity::product::{Product, ProductValue};
use import::name_key::name_key;
use serde::Serialize;

pub use catalog::own::listing::PAGE_LIMIT;

use crate::catalogue::of_catalogue;
use crate::error::Error;

/// Which products to list: all, or those under one thing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProductFilter {
    /// Path of a category; products of the categories below it are not among its own.
    pub category: Option<String>,
    /// Name of an attribute set.
    pub attribute_set: Option<String>,
    /// The part of an address that names a product.
    pub url_key: Option<String>,
    /// Code of the store view whose values are shown; those for everybody if there is none.
    pub store_view: Option<String>,
}

/// A product in a list, as a store view shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProductRow {
    /// Its sku.
    pub sku: String,
    /// Its name.
    pub name: Option<String>,
    /// What it is.
    pub product_type: String,
    /// Name of its attribute set.
    pub attribute_set: String,
    /// Its price.
    pub price: Option<String>,
    /// `1` for enabled, `2` for disabled.
    pub product_online: Option<String>,
    /// The part of its address that names it.
    pub url_key: Option<String>,
    /// What is there.
    pub qty: Option<String>,
}

/// Some of the products.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProductList {
    /// The products.
    pub products: Vec<ProductRow>,
    /// The cursor of the next page; none behind the last one.
    pub next: Option<String>,
    /// Whether an import holds listings back: they show what was there before it began.
    pub is_held_back: bool,
}

/// A category with those below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CategoryNode {
    /// Its path.
    pub path: String,
    /// Its name in the store view.
    pub name: String,
    /// The part of its address that names it.
    pub url_key: String,
    /// Whether the shop shows it.
    pub is_active: bool,
    /// Its place among those beside it.
    pub position: Option<u32>,
    /// Those below it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<CategoryNode>,
}

/// How the listings stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListingDetails {
    /// Whether readers see what was there before an import began.
    pub is_held_back: bool,
    /// The pipelines that hold listings back, those among them that have ended without letting go as well.
    pub held_back_by: Vec<String>,
    /// The pipelines that bring listings in order.
    pub indexed_by: Vec<String>,
}

/// Lists products, at most `limit` behind a cursor.
///
/// # Errors
/// The filter names more than one thing, what is stored cannot be read, or the store did not answer.
pub async fn products(
    context: &Context,
    filter: &ProductFilter,
    (limit, after): (usize, Option<&str>),
) -> Result<ProductList, Error> {
    let query = query_of(filter)?;
    let sight = listing::sight(&context.store).await.map_err(failed)?;
    let page = listing::products(context.store.table.as_ref(), sight, &query, (limit, after)).await.map_err(failed)?;
    let view = filter.store_view.as_deref();
    Ok(ProductList {
        products: page.products.iter().map(|Found { product, .. }| row(product, view)).collect(),
        next: page.next,
        is_held_back: sight != Sight::Current,
    })
}

fn query_of(filter: &ProductFilter) -> Result<ListingQuery, Error> {
    let ProductFilter { category, attribute_set, url_key, store_view } = filter;
    match (category, attribute_set, url_key) {
        (None, None, None) => Ok(ListingQuery::All),
        (Some(path), None, None) => {
            let path: import::category_path::CategoryPath =
                path.parse().map_err(|error| Error::BadCategory { path: path.clone(), error })?;
            Ok(ListingQuery::Category(path.key()))
        }
        (None, Some(set), None) => Ok(ListingQuery::AttributeSet(name_key(set))),
        (None, None, Some(url_key)) => {
            Ok(ListingQuery::UrlKey { store_view: store_view.clone(), url_key: url_key.clone() })
        }
        _ => Err(Error::SeveralFilters),
    }
}

fn row(product: &Product, store_view: Option<&str>) -> ProductRow {
    let value = |code: &str| match product.value(code, store_view) {
        Some(ProductValue::Text(text)) => Some(text.clone()),
        Some(ProductValue::List(texts)) => Some(texts.join(", ")),
        None => None,
    };
    ProductRow {
        sku: product.sku.clone(),
        name: value("name"),
        product_type: product.product_type.to_string(),
        attribute_set: product.attribute_set.clone(),
        price: value("price"),
        product_online: value("product_online"),
        url_key: value("url_key"),
        qty: product.stock.get("qty").cloned(),
    }
}

/// Returns the categories as a tree, as a store view shows them.
///
/// # Errors
/// What is stored cannot be read, or the store did not answer.
pub async fn categories(context: &Context, store_view: Option<&str>) -> Result<Vec<CategoryNode>, Error> {
    let sight = listing::sight(&context.store).await.map_err(failed)?;
    let all = listing::seen_categories(context.store.table.as_ref(), sight).await.map_err(failed)?;
    let mut tops = Vec::new();
    // A child comes behind what it is below, so from the last one on each is complete when its turn comes.
    let mut open: std::collections::BTreeMap<String, Vec<CategoryNode>> = std::collections::BTreeMap::new();
    for (key, category) in all.iter().rev() {
        let mut node = node(category, store_view);
        node.categories = open.remove(key).unwrap_or_default();
        in_order(&mut node.categories);
        match category.path.parent().map(|parent| parent.key()).filter(|parent| all.contains_key(parent)) {
            Some(parent) => open.entry(parent).or_default().push(node),
            None => tops.push(node),
        }
    }
    in_order(&mut tops);
    Ok(tops)
}

fn in_order(nodes: &mut [CategoryNode]) {
    nodes.sort_by(|one, other| (one.position, &one.path).cmp(&(other.position, &other.path)));
}

fn node(category: &Category, store_view: Option<&str>) -> CategoryNode {
    let of_view = store_view.and_then(|view| category.store_views.get(view));
    let value = |code: &str| of_view.and_then(|values| values.get(code)).or_else(|| category.values.get(code));
    CategoryNode {
        path: category.path.to_string(),
        name: value("name").map_or(category.path.name(), String::as_str).to_owned(),
        url_key: category.url_key(store_view),
        is_active: value("is_active").is_none_or(|flag| flag != "0"),
        position: value("position").and_then(|position| position.parse().ok()),
        categories: Vec::new(),
    }
}

/// Tells how the listings stand.
///
/// # Errors
/// The store did not answer.
pub async fn listing(context: &Context) -> Result<ListingDetails, Error> {
    let ListingState { holders, indexing, .. } = listing::state(context.store.table.as_ref()).await.map_err(failed)?;
    let sight = listing::sight(&context.store).await.map_err(failed)?;
    Ok(ListingDetails {
        is_held_back: sight != Sight::Current,
        held_back_by: holders.iter().map(ToString::to_string).collect(),
        indexed_by: indexing.iter().map(ToString::to_string).collect(),
    })
}

/// Brings the listings in order at once, without a pipeline: drops what nobody sees, puts what is missing.
///
/// # Errors
/// What is stored cannot be read, or the store did not answer.
pub async fn reindex(context: &Context) -> Result<Mended, Error> {
    let table = context.store.table.as_ref();
    let sight = listing::sight(&context.store).await.map_err(failed)?;
    let (mut tidied, mut rebuilt) = (MendPlace::default(), MendPlace::default());
    while listing::tidy(table, sight, &mut tidied).await.map_err(failed)? {}
    while listing::rebuild(table, &mut rebuilt).await.map_err(failed)? {}
    Ok(Mended { dropped: tidied.mended.dropped, ..rebuilt.mended })
}

fn failed(error: catalog::own::Error) -> Error {
    of_catalogue("the listings of the catalogue", error)
}
