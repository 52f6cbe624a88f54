//! Logistic mixing of binary predictions, in integers.
