//! What of a message stays the same from run to run.

/// Longer ids are cut, in characters.
const LENGTH: usize = 300;
/// Folders whose contents have made-up names.
const TEMPORARY: [&str; 5] = ["/tmp/", "/var/tmp/", "/var/folders/", "/private/var/folders/", "/private/tmp/"];
/// Units that make a number a duration, longest first.
const UNITS: [&str; 12] =
    ["milliseconds", "seconds", "minutes", "second", "minute", "secs", "sec", "mins", "ms", "µs", "ns", "s"];
/// Words after which a number says where or who, not what.
const COUNTERS: [&str; 8] = ["line", "column", "port", "pid", "thread", "process", "col", "goroutine"];

/// Takes what varies out of a message: durations, addresses, temporary paths, ids, times, places; blanks become one.
pub(super) fn normalise(message: &str) -> String {
    let text = message.trim();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        let rest = &text[at..];
        let before = out.chars().next_back();
        let boundary = !before.is_some_and(|c| c.is_alphanumeric() || c == '_');
        if letter.is_whitespace() {
            if before != Some(' ') {
                out.push(' ');
            }
            at += letter.len_utf8();
        } else if let Some(length) = boundary.then(|| varying(rest, &out)).flatten() {
            out.push('_');
            at += length;
        } else if boundary && letter.is_ascii_digit() {
            // A number that means something is copied whole, so that its tail is not taken for another.
            let length = digits(rest);
            out.push_str(&rest[..length]);
            at += length;
        } else if let Some(length) = place(rest, before) {
            at += length;
        } else {
            out.push(letter);
            at += letter.len_utf8();
        }
    }
    let out = out.trim_end();
    out.char_indices().nth(LENGTH).map_or_else(|| out.to_owned(), |(end, _)| format!("{}…", &out[..end]))
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// Returns the length of something at the start of `text` that differs between runs.
fn varying(text: &str, before: &str) -> Option<usize> {
    temporary_path(text)
        .or_else(|| address(text))
        .or_else(|| time(text))
        .or_else(|| hash(text))
        .or_else(|| number(text, before))
}

fn temporary_path(text: &str) -> Option<usize> {
    TEMPORARY.iter().any(|folder| text.starts_with(folder)).then(|| {
        text.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ')' | ']' | '>' | ',' | ':' | ';'))
            .unwrap_or(text.len())
    })
}

fn address(text: &str) -> Option<usize> {
    let length = text.strip_prefix("0x")?.bytes().take_while(u8::is_ascii_hexdigit).count();
    (length >= 4).then_some(length + 2)
}

/// A date, a clock time or both: `2026-11-20T11:39:08.24Z`, `11:39:08`.
fn time(text: &str) -> Option<usize> {
    let shape = |from: usize, pattern: &str| {
        let bytes = text.as_bytes().get(from..from + pattern.len())?;
        let fits = bytes.iter().zip(pattern.bytes()).all(|(b, p)| if p == b'0' { b.is_ascii_digit() } else { *b == p });
        fits.then_some(from + pattern.len())
    };
    let clock = |from: usize| {
        let mut end = shape(from, "00:00:00")?;
        if text[end..].starts_with(['.', ',']) {
            end += 1 + digits(&text[end + 1..]);
        }
        Some(if text[end..].starts_with('Z') { end + 1 } else { end })
    };
    let Some(date) = shape(0, "0000-00-00") else { return clock(0) };
    let joined = text[date..].starts_with(['T', ' ']);
    Some(joined.then(|| clock(date + 1)).flatten().unwrap_or(date))
}

/// A commit, a build hash, a UUID: long and hexadecimal, with letters and digits.
fn hash(text: &str) -> Option<usize> {
    let length = text.bytes().take_while(|byte| byte.is_ascii_hexdigit() || *byte == b'-').count();
    let word = text[..length].trim_end_matches('-');
    let hex = word.bytes().filter(u8::is_ascii_hexdigit).count();
    let mixed = word.bytes().any(|b| b.is_ascii_digit()) && word.bytes().any(|b| b.is_ascii_alphabetic());
    let ends = !text[word.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_');
    (hex >= 12 && mixed && ends).then_some(word.len())
}

fn number(text: &str, before: &str) -> Option<usize> {
    let whole = digits(text);
    if whole == 0 {
        return None;
    }
    let fraction = text[whole..].strip_prefix('.').map_or(0, digits);
    let end = if fraction > 0 { whole + 1 + fraction } else { whole };
    let rest = &text[end..];
    let spaced = rest.strip_prefix(' ').unwrap_or(rest);
    for unit in UNITS {
        let after = if unit == "s" { rest.strip_prefix(unit) } else { spaced.strip_prefix(unit) };
        if let Some(after) = after.filter(|after| !after.starts_with(|c: char| c.is_alphanumeric() || c == '_')) {
            return Some(text.len() - after.len());
        }
    }
    let word =
        before.trim_end_matches([' ', '=', ':', '#']).rsplit(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    let counter = COUNTERS.iter().any(|counter| counter.eq_ignore_ascii_case(word));
    // Five digits and more are process ids, ports, sizes and random numbers; error codes have letters before them.
    (counter || (whole >= 5 && fraction == 0)).then_some(end)
}

/// Returns the length of `:12`, `:12:5` or `(12,5)` after a name.
fn place(text: &str, before: Option<char>) -> Option<usize> {
    before.filter(|c| c.is_alphanumeric() || matches!(c, '_' | ')' | ']' | '"' | '\''))?;
    let rest = text.strip_prefix([':', '('])?;
    let line = digits(rest);
    if line == 0 {
        return None;
    }
    if text.starts_with(':') {
        let column = rest[line..].strip_prefix(':').map_or(0, digits);
        let end = 1 + line + if column > 0 { 1 + column } else { 0 };
        return (!text[end..].starts_with(char::is_alphabetic)).then_some(end);
    }
    let rest = rest[line..].strip_prefix(',')?;
    let column = digits(rest);
    (column > 0 && rest[column..].starts_with(')')).then_some(1 + line + 1 + column + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_varies_goes() {
        for (message, expected) in [
            ("object at 0x7fe16cf4e950 in /tmp/tmpf5f8b8ar", "object at _ in _"),
            ("took 12ms, then 0.05s, then 3 seconds", "took _, then _, then _"),
            ("no database on port 4012 (pid 77)", "no database on port _ (pid _)"),
            ("thread 1 of run 60da75de-92c7-4db5-ab66-72815081c767", "thread _ of run _"),
            ("at 2026-11-20T11:39:08.24Z and 11:39:08", "at _ and _"),
            ("deps/shop-d2503d320876bb89 failed", "deps/shop-_ failed"),
            ("in src/a.rs:12:5 and a.ts(3,4)", "in src/a.rs and a.ts"),
            ("http://localhost:4000/x", "http://localhost/x"),
            ("two   blanks\tand 1234567", "two blanks and _"),
        ] {
            assert_eq!(normalise(message), expected);
        }
    }

    #[test]
    fn what_means_something_stays() {
        for message in [
            "E302 expected 2 blank lines, found 0",
            "error TS2322: Type 'string' is not assignable to type 'number'.",
            "error[E0425]: cannot find function `missing` in this scope",
            "Argument 1 to \"f\" has incompatible type",
            "tests/test_cart.py::test_many[prices0-1]",
            "3 steps short",
        ] {
            assert_eq!(normalise(message), message);
        }
    }

    #[test]
    fn ids_are_bounded() {
        assert!(normalise(&"ü".repeat(5000)).chars().count() <= LENGTH + 1);
    }
}
