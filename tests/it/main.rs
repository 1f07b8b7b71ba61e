//! All tests that need more than one package.
#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute and not what it calls")]

mod aws;
mod aws_flows;
mod bootstraps;
mod bulk;
mod bunches;
mod cli;
mod commands;
mod conformance;
mod deploy;
mod docs;
mod embedded;
mod half_open;
mod hostile;
mod import_configuration;
mod kills;
mod lists;
mod looking;
mod malformed;
mod operators;
mod outside;
mod protocol;
mod questions;
mod report_samples;
mod results;
mod samples;
mod security;
mod shops;
mod stack;
mod stages;
mod systole;
mod tidy;
mod validate;
mod watch;
