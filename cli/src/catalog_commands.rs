//! `systole catalog …`.

use anyhow::bail;
use catalog::product::Product;
use catalog::table;

use crate::outcome::ExitReason;
use crate::output::{Output, Reader};
use crate::target::Target;

pub(crate) async fn show(target: &Target, sku: &str, output: &Output) -> anyhow::Result<ExitReason> {
    let key = Product::key(sku);
    let stored = table::products(target.context.store.table.as_ref(), std::slice::from_ref(&key)).await?;
    let Some(stored) = stored.get(&key) else { bail!("there is no product `{sku}`") };
    let pretty = serde_json::to_string_pretty(&stored.product)?;
    output.show(&stored.product, |_| pretty)?;
    Ok(ExitReason::Ok)
}

pub(crate) async fn export(target: &Target) -> anyhow::Result<ExitReason> {
    for product in table::all_products(target.context.store.table.as_ref()).await?.values() {
        if Output::line(&product.to_json())? == Reader::Gone {
            break;
        }
    }
    Ok(ExitReason::Ok)
}
