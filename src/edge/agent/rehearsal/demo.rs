//! The project that `demo` shows: a small Rust crate with a real bug, and the script that mends it.

use crate::edge::agent::rehearsal::script::{BadScript, Script};

/// The files of the demo project, by their path in it. The manifest is kept under another name here, so that Cargo
/// does not take the folder for a package of ours.
const FILES: [(&str, &[u8]); 6] = [
    ("Cargo.toml", include_bytes!("../../../../assets/demo/Cargo.toml.in")),
    ("orchestrator.toml", include_bytes!("../../../../assets/demo/orchestrator.toml")),
    (".gitignore", include_bytes!("../../../../assets/demo/gitignore.in")),
    ("src/lib.rs", include_bytes!("../../../../assets/demo/src/lib.rs")),
    ("src/loan.rs", include_bytes!("../../../../assets/demo/src/loan.rs")),
    ("README.md", include_bytes!("../../../../assets/demo/README.md")),
];

/// Returns the files of the demo project.
pub fn demo_files() -> &'static [(&'static str, &'static [u8])] {
    &FILES
}

/// Returns what the rehearsal agent does in it.
///
/// # Errors
/// If the script that is built in does not fit its format.
pub fn script() -> Result<Script, BadScript> {
    Script::from_toml("demo", include_str!("../../../../assets/demo/rehearsal.toml"))
}
