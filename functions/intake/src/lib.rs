//! Lambda function: files that arrive.
