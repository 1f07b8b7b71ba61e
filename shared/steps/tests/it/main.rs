//! What ships, run by the engine over the embedded store.
#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute and not what it calls")]

mod arguments;
mod categories;
mod checklist;
mod classes;
mod clean_up;
mod composite;
mod condition_arguments;
mod configuration;
mod definitions;
mod drafts;
mod drops;
mod dying_entities;
mod dying_files;
mod dying_imports;
mod entities;
mod fetch_data;
mod hostile_files;
mod imports;
mod meetings;
mod outside;
mod packed;
mod packing;
mod repetitions;
mod results;
mod samples;
mod shared_ok_files;
mod shop;
mod spawns;
mod strictness;
mod structure;
mod structure_samples;
mod targets;
mod waits;
mod whole_samples;
