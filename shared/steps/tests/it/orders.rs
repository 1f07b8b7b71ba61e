//! Orders from their arrival to their document, with the definitions that ship.

mod arrivals;
mod flow;
mod shop;
