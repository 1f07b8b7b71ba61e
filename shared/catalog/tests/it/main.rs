//! Applies whole files to a catalogue, the demo catalogue and the samples of other systems, and asks the own catalogue
//! what an import may rely on.

#[cfg(test)]
mod demo;
#[cfg(test)]
mod own;
#[cfg(test)]
mod samples;
