//! Row-order context mixing of log lines.
