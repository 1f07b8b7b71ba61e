//! What only the AWS back end has to cope with: a network between it and what it keeps.

mod lost_replies;
