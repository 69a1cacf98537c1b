//! Puts texts of others into Markdown so that they stay what they are: a name is no table, a summary no heading.

/// Returns a text as one line of prose; what could be read as Markdown or HTML is made plain.
pub(super) fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        for letter in word.chars().filter(|letter| !letter.is_control()) {
            if matches!(letter, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#') {
                out.push('\\');
            }
            out.push(letter);
        }
    }
    out
}

/// Returns a text as code for a cell of a table: in code, too, a stroke ends the cell unless it is escaped.
pub(super) fn code_cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// Returns a text as code, with as many backquotes around it as it needs.
pub(super) fn code(text: &str) -> String {
    let text: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let longest = text.split(|letter| letter != '`').map(str::len).max().unwrap_or_default();
    let sign = "`".repeat(longest + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{sign}{space}{text}{space}{sign}")
}

/// Returns a text as a quotation; its own Markdown stays inside.
pub(super) fn quote(text: &str) -> String {
    let clean = |line: &str| line.chars().filter(|letter| !letter.is_control() || *letter == '\t').collect::<String>();
    let lines = text.trim_end().lines().map(|line| format!("> {}", clean(line)).trim_end().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_others_stay_texts() {
        assert_eq!(line("a | b\n# c `d` <img>"), "a \\| b \\# c \\`d\\` \\<img\\>");
        assert_eq!(code("a`b``c"), "```a`b``c```");
        assert_eq!(code("`a"), "`` `a ``");
        assert_eq!(code_cell("a|b"), "`a\\|b`");
        assert_eq!(quote("# x\n\n---\u{1b}[2J\n"), "> # x\n>\n> ---[2J");
    }
}
