//! Agents: what is said to them and what they say.
