//! `systole catalog …`.

use anyhow::bail;
use catalog::own;
use import::entity::Thing;
use import::entity::product::Product;

use crate::installation::Installation;
use crate::outcome::ExitReason;
use crate::output::{Output, Reader};

pub(crate) async fn show(installation: &Installation, sku: &str, output: &Output) -> anyhow::Result<ExitReason> {
    let key = Product::key(sku);
    let stored = own::things::<Product>(installation.context.store.table.as_ref(), std::slice::from_ref(&key)).await?;
    let Some(stored) = stored.get(&key) else { bail!("there is no product `{sku}`") };
    let pretty = serde_json::to_string_pretty(&stored.thing)?;
    output.show(&stored.thing, |_| pretty)?;
    Ok(ExitReason::Ok)
}

pub(crate) async fn export(installation: &Installation) -> anyhow::Result<ExitReason> {
    for product in own::all::<Product>(installation.context.store.table.as_ref()).await?.values() {
        if Output::line(&product.to_json())? == Reader::Gone {
            break;
        }
    }
    Ok(ExitReason::Ok)
}
