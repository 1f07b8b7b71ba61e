//! Lambda function: the API for operators.
