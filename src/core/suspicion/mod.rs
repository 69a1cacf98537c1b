//! What a result does that a person should see before it lands.
