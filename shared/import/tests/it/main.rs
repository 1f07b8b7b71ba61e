//! Reads real files: those that other systems ship as samples, and our own demo catalogue.

#[cfg(test)]
mod demo;
#[cfg(test)]
mod every_file;
#[cfg(test)]
mod exports;
#[cfg(test)]
mod files;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod reports;
#[cfg(test)]
mod samples;
