//! Orders from their arrival to their document, with the definitions that ship.

mod arrivals;
mod customers;
mod deaths;
mod flow;
mod overwritten;
mod rows;
mod sending;
pub(super) mod shop;
