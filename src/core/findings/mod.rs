//! What the output of a check says: failures, counts, coverage.
