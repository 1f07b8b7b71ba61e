//! Lambda function: one message, one step.
