//! Lambda function: the scheduled beat.
