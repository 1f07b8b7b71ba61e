//! What the steps of an import write to, as the setting `catalog.target` says: the own catalogue, shops, or both.
//!
//! Rows are checked against what the first shop has, if there is one among the targets: the shop takes names that it does
//! not know and says nothing, while the own catalogue says what it does not take.

use std::sync::Arc;

use catalog::own::{self, OwnCatalogue};
use catalog::target::Target;
use engine::{ExecutorError, Work};
use import::Entity;
use import::shop::ShopFacts;
use magento::target::MagentoTarget;

use super::failures::of_own;
use crate::shop::settings::{OWN, targets_of};
use crate::shop::{ShopClients, rows_into};

/// The names of the targets of a step's pipeline, in the order in which they are written to.
pub(super) async fn target_names(work: &Work<'_>) -> Result<Vec<String>, ExecutorError> {
    Ok(targets_of(&*work.settings().await?, work.pipeline.name()))
}

/// Whether the own catalogue is among the targets.
pub(super) async fn writes_own(work: &Work<'_>) -> Result<bool, ExecutorError> {
    Ok(target_names(work).await?.iter().any(|name| name == OWN))
}

/// The shop of a name as a target, with what is known of it.
pub(super) async fn shop_target(
    work: &Work<'_>,
    shops: &ShopClients,
    name: &str,
) -> Result<Arc<MagentoTarget>, ExecutorError> {
    shops.target(work, name).await.map(Arc::new)
}

/// The target of a name for rows of an entity.
pub(super) async fn target_for<E: Entity>(
    work: &Work<'_>,
    shops: &ShopClients,
    name: &str,
) -> Result<Arc<dyn Target<E>>, ExecutorError> {
    let shop = shop_target(work, shops, name).await?;
    let nobody = || {
        ExecutorError::permanent(format!(
            "shop `{name}` takes no {}; set `catalog.target` to `{OWN}` for pipeline `{}`",
            E::ABOUT.name.replace('_', " "),
            work.pipeline.name()
        ))
    };
    rows_into::<E>(&shop).ok_or_else(nobody)
}

/// What rows are checked against: the first shop among the targets, or else the own catalogue.
#[derive(Clone)]
pub(super) enum CheckedAgainst {
    /// The own catalogue.
    Own,
    /// A shop.
    Shop(Arc<MagentoTarget>),
}

impl CheckedAgainst {
    /// Finds it; without clients of shops it is the own catalogue.
    pub(super) async fn of(work: &Work<'_>, shops: Option<&ShopClients>) -> Result<Self, ExecutorError> {
        let Some(shops) = shops else { return Ok(Self::Own) };
        let names = target_names(work).await?;
        match names.iter().find(|name| *name != OWN) {
            Some(name) => Ok(Self::Shop(shop_target(work, shops, name).await?)),
            None => Ok(Self::Own),
        }
    }

    /// What there is.
    pub(super) async fn facts(&self, work: &Work<'_>) -> Result<ShopFacts, ExecutorError> {
        match self {
            Self::Own => own::shop_facts(work.store.table.as_ref()).await.map_err(of_own),
            Self::Shop(shop) => shop.facts_of_shop().await.map_err(super::failures::of_target),
        }
    }

    /// The target for an entity.
    pub(super) fn target<E: Entity>(&self, work: &Work<'_>) -> Arc<dyn Target<E>> {
        let own = || Arc::new(OwnCatalogue::new(work.store.table.clone()));
        match self {
            Self::Own => own(),
            // What no shop takes, the own catalogue keeps.
            Self::Shop(shop) => rows_into::<E>(shop).unwrap_or_else(|| own()),
        }
    }
}
