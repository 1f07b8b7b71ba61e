//! Orders of real shops and of reports, as they are read and what they cost.

#[cfg(test)]
mod csv_files;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod edifact;
#[cfg(test)]
mod money;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod templates;
