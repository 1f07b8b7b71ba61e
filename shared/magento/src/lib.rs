//! Adobe Commerce and Magento over REST.
//!
//! [`client`] makes calls and knows nothing of imports. [`bulk`] hands many calls over at once and asks later what became
//! of them. [`facts`] reads what a shop has. [`check`] says whether imports can work with it. [`target`] makes the shop a target of imports.
//!
//! What shops really do was recorded from a running one; `docs/MAGENTO.md` lists each fact with the test that minds it.

pub mod bulk;
pub mod check;
pub mod client;
pub mod facts;
pub mod target;
#[cfg(test)]
mod testing;
