//! The README lists the keys of the table of actions, and no others.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use orchestrator_tui::ui::action::TABLE;
use orchestrator_tui::ui::keymap::Keymap;

use super::is_update;

#[test]
fn the_readme_lists_every_key() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).expect("the README");
    let (before, rest) = readme.split_once("<!-- keys: ").expect("the start of the table of keys");
    let (comment, rest) = rest.split_once("-->\n").expect("the end of the comment");
    let (listed, after) = rest.split_once("<!-- end of keys -->").expect("the end of the table of keys");
    let table = table();
    if is_update() {
        fs::write(&path, format!("{before}<!-- keys: {comment}-->\n{table}<!-- end of keys -->{after}"))
            .expect("written");
    } else {
        assert_eq!(listed, table, "UPDATE_EXPECTED=1 writes it anew");
    }
}

/// Writes the table, as the default keymap has it.
fn table() -> String {
    let keymap = Keymap::default();
    let mut table = "\n| key | action | |\n| --- | --- | --- |\n".to_owned();
    for entry in TABLE {
        let keys: Vec<String> = keymap.keys_of(entry.action).iter().map(|keys| format!("`{keys}`")).collect();
        let _ = writeln!(table, "| {} | {} | `{}` |", keys.join(" "), entry.doc, entry.name);
    }
    table + "\n"
}
