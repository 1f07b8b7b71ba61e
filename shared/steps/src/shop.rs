//! Shops that are written to over REST: their settings, the clients that speak to them, and what is known of them.
//!
//! A shop is a target of imports with a name. `settings.rs` is what people set of it, `secret.rs` what they keep elsewhere,
//! `clients.rs` keeps connections, `knowledge.rs` what a shop has, `rows.rs` finds the target for rows of an entity.
//!
//! **Invariant:** whatever speaks to one shop in one process shares its client, and with it the limits of the shop.

mod check;
mod clients;
mod knowledge;
mod media;
mod memory;
mod named;
mod pretending;
mod refresh_facts;
mod rows;
mod secret;
pub mod settings;

pub use check::CheckShop;
pub(crate) use clients::set_shop;
pub use clients::{Clock, Connect, ShopClients};
pub use knowledge::SHOPS_PREFIX;
pub(crate) use knowledge::{ShopAge, forget, known};
pub use media::MEDIA_PREFIX;
pub(crate) use named::{SHOP, set_shops};
pub(crate) use pretending::{Pretending, WouldSend};
pub use refresh_facts::RefreshShopFacts;
pub(crate) use rows::rows_into;

use engine::ExecutorError;

/// A failure of the client as one of a step: the whole sentence, and whether a later try can help.
pub(crate) fn of_shop(error: &magento::client::Error) -> ExecutorError {
    let message = error.told();
    if error.is_retryable() { ExecutorError::retryable(message) } else { ExecutorError::permanent(message) }
}
