//! The structure of a log: templates of its lines.
