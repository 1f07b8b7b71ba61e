//! What an attempt knows of the shop: as somebody has kept it, until something is named that it does not have.

use std::sync::Arc;

use catalog::target;
use import::shop::ShopFacts;
use tokio::sync::Mutex;

use super::MagentoTarget;
use super::problem::failed;
use crate::facts::{self, ShopKnowledge};

/// What is known, and how.
#[derive(Default)]
pub(super) struct Known {
    latest: Mutex<Option<Latest>>,
}

#[derive(Clone)]
struct Latest {
    knowledge: Arc<ShopKnowledge>,
    /// Whether this attempt has asked for it.
    is_fresh: bool,
}

impl Known {
    /// What somebody has kept.
    pub(super) fn kept(knowledge: ShopKnowledge) -> Self {
        let knowledge = Arc::new(knowledge);
        Self { latest: Mutex::new(Some(Latest { knowledge, is_fresh: false })) }
    }
}

impl MagentoTarget {
    /// Returns what the shop has, as far as this attempt knows; it is asked for if nobody has kept it. What this attempt
    /// made is in it, so whoever keeps it between steps keeps it from here.
    ///
    /// # Errors
    /// The shop cannot be asked.
    pub async fn knowledge(&self) -> Result<Arc<ShopKnowledge>, target::Error> {
        self.known().await
    }

    pub(super) async fn known(&self) -> Result<Arc<ShopKnowledge>, target::Error> {
        let mut latest = self.known.latest.lock().await;
        if let Some(known) = latest.as_ref() {
            return Ok(known.knowledge.clone());
        }
        let knowledge = Arc::new(facts::read(&self.client).await.map_err(failed)?);
        *latest = Some(Latest { knowledge: knowledge.clone(), is_fresh: true });
        Ok(knowledge)
    }

    /// Returns what rows may say.
    ///
    /// # Errors
    /// Nobody has kept it, and the shop cannot be asked.
    pub async fn facts_of_shop(&self) -> Result<ShopFacts, target::Error> {
        Ok(self.known().await?.facts.clone())
    }

    /// Asks the shop anew, unless this attempt did. Something was named that is not known.
    pub(super) async fn refreshed(&self) -> Result<Arc<ShopKnowledge>, target::Error> {
        let is_fresh = self.known.latest.lock().await.as_ref().is_some_and(|latest| latest.is_fresh);
        if !is_fresh {
            self.forget_known().await;
        }
        self.known().await
    }

    /// Forgets what is known, because it was changed: it is asked for again when it is needed.
    pub(super) async fn forget_known(&self) {
        *self.known.latest.lock().await = None;
    }

    /// Adds something that was made to what is known.
    pub(super) async fn learn(&self, learn: impl FnOnce(&mut ShopKnowledge)) {
        if let Some(latest) = self.known.latest.lock().await.as_mut() {
            learn(Arc::make_mut(&mut latest.knowledge));
        }
    }
}
