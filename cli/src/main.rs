//! `systole`.
fn main() {}
