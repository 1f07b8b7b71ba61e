//! Applies whole files to a catalogue, the demo catalogue and the samples of other systems, and asks the own catalogue
//! what an import may rely on.

#[cfg(test)]
mod demo;
#[cfg(test)]
mod listing;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod own;
#[cfg(test)]
mod referee;
#[cfg(test)]
mod samples;

/// Rules for files whose shop nobody knows.
#[cfg(test)]
fn any_shop() -> import::entity::ReadingRules {
    let unknown_names = import::entity::UnknownNames::Taken;
    import::entity::ReadingRules { unknown_names, ..import::entity::ReadingRules::default() }
}
