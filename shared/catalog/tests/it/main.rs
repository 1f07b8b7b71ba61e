//! Applies whole files to a catalogue: the demo catalogue, and the samples of other systems.

#[cfg(test)]
mod demo;
#[cfg(test)]
mod samples;
