//! Floor 4: files, environment and flags become settings.
