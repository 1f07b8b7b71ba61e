//! `systole catalog …`.

mod list;

use catalog::own::{self, LastChange};
use import::entity::Thing;
use import::entity::product::{Product, ProductValue};
use operate::ProductDetails;

use crate::arguments::CatalogCommand;
use crate::installation::Installation;
use crate::outcome::ExitReason;
use crate::output::{self, Output, Reader};

pub(crate) async fn run(
    installation: &Installation,
    command: CatalogCommand,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    match command {
        CatalogCommand::List(options) => list::products(installation, &options, output).await,
        CatalogCommand::Show { sku, store_view: None } => show(installation, &sku, output).await,
        CatalogCommand::Show { sku, store_view: Some(view) } => show_in(installation, &sku, &view, output).await,
        CatalogCommand::Categories { store_view } => {
            list::categories(installation, store_view.as_deref(), output).await
        }
        CatalogCommand::Listing => list::state(installation, output).await,
        CatalogCommand::Reindex => list::reindex(installation, output).await,
        CatalogCommand::Export => export(installation).await,
    }
}

async fn show(installation: &Installation, sku: &str, output: &Output) -> anyhow::Result<ExitReason> {
    let details = operate::product(&installation.context, sku).await?;
    let pretty = serde_json::to_string_pretty(&details.product)?;
    let changed = changed_in_words(&details);
    output.show(&details, |_| format!("{changed}\n{pretty}"))?;
    Ok(ExitReason::Ok)
}

/// Shows what a store view shows: its own values, and those for everybody.
async fn show_in(
    installation: &Installation,
    sku: &str,
    store_view: &str,
    output: &Output,
) -> anyhow::Result<ExitReason> {
    let shown = operate::product(&installation.context, sku).await?.product.shown_in(store_view);
    output.show(&shown, |shown| {
        let text = |value: &ProductValue| match value {
            ProductValue::Text(text) => text.clone(),
            ProductValue::List(texts) => texts.join(" | "),
        };
        let rows: Vec<_> = shown.values.iter().map(|(code, value)| vec![code.clone(), text(value)]).collect();
        output::table(&["attribute", "value"], rows)
    })?;
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

async fn export(installation: &Installation) -> anyhow::Result<ExitReason> {
    for product in own::all::<Product>(installation.context.store.table.as_ref()).await?.values() {
        if Output::line(&product.to_json())? == Reader::Gone {
            break;
        }
    }
    Ok(ExitReason::Ok)
}
