//! Orders of real shops and of reports, as they are read and what they cost.

mod money;
mod recorded;
mod sample;
