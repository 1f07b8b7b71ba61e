//! `systole catalog …`.

use catalog::own::{self, LastChange};
use import::entity::Thing;
use import::entity::product::Product;
use operate::ProductDetails;

use crate::installation::Installation;
use crate::outcome::ExitReason;
use crate::output::{self, Output, Reader};

pub(crate) async fn show(installation: &Installation, sku: &str, output: &Output) -> anyhow::Result<ExitReason> {
    let details = operate::product(&installation.context, sku).await?;
    let pretty = serde_json::to_string_pretty(&details.product)?;
    let changed = changed_in_words(&details);
    output.show(&details, |_| format!("{changed}\n{pretty}"))?;
    Ok(ExitReason::Ok)
}

fn changed_in_words(details: &ProductDetails) -> String {
    let sku = &details.product.sku;
    let Some(LastChange { at, pipeline, file, line }) = &details.last_change else {
        return format!("`{sku}` was changed last before it was noted by which file");
    };
    let at = output::time(*at);
    format!("`{sku}` was changed last at {at} UTC by {file}:{line} in pipeline {pipeline}")
}

pub(crate) async fn export(installation: &Installation) -> anyhow::Result<ExitReason> {
    for product in own::all::<Product>(installation.context.store.table.as_ref()).await?.values() {
        if Output::line(&product.to_json())? == Reader::Gone {
            break;
        }
    }
    Ok(ExitReason::Ok)
}
