//! Imports into a local shop that answers as a real one did, traps and faults included.

#[cfg(test)]
mod attributes;
#[cfg(test)]
mod catalogues;
#[cfg(test)]
mod categories;
#[cfg(test)]
mod checklist;
#[cfg(test)]
mod compared;
#[cfg(test)]
mod downloads;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod images;
#[cfg(test)]
mod importing;
#[cfg(test)]
mod kills;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod prices;
#[cfg(test)]
mod products;
#[cfg(test)]
mod relations;
#[cfg(test)]
mod stock;
#[cfg(test)]
mod unsupported;
#[cfg(test)]
mod variations;
