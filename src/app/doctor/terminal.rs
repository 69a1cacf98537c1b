//! What the terminal is like, as information.

use std::io::IsTerminal as _;

use super::finding::Finding;
use super::order::Ground;

/// Looks at the terminal that standard output is.
pub(super) fn probe(ground: &Ground) -> Finding {
    if !std::io::stdout().is_terminal() {
        return Finding::info("terminal", "standard output is none");
    }
    let term = ground.variable("TERM").unwrap_or("not set");
    let colours = match ground.variable("COLORTERM") {
        _ if ground.variable("NO_COLOR").is_some() => "no colours (NO_COLOR)",
        _ if term == "dumb" || term == "not set" => "no colours",
        Some("truecolor" | "24bit") => "16 million colours",
        _ if term.contains("256color") || term.contains("direct") => "256 colours",
        _ => "16 colours",
    };
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| ground.variable(name)).unwrap_or_default();
    let plain = locale.to_ascii_lowercase().replace('-', "");
    let signs = if plain.contains("utf8") { "" } else { ", the locale is not UTF-8" };
    match crossterm::terminal::size() {
        Ok((columns, rows)) => {
            let small = if columns < 80 || rows < 24 { " (80×24 shows everything)" } else { "" };
            Finding::info("terminal", format!("{term}, {columns}×{rows}{small}, {colours}{signs}"))
        }
        Err(error) => Finding::info("terminal", format!("{term}, its size is not known ({error}), {colours}{signs}")),
    }
}
