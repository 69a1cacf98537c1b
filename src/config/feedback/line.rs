//! What one line of a feedback file is, however a person writes it.

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Nothing, a rule, or a comment.
    Empty,
    /// `## text`, with the number of its signs.
    Heading(usize, String),
    /// `Rating: 4/5`, as written after the colon.
    Rating(String),
    /// `✅ text`, or `Good: text`.
    Good(String),
    /// `⚠️ text`, or `Improve: text`.
    Bad(String),
    /// `Action: text`; with nothing after the colon, items follow.
    Action(String),
    /// An item of a list.
    Item(String),
    /// Indented text, which goes on what was said before.
    More(String),
    /// Other text.
    Prose(String),
}

const GOOD: [&str; 8] = ["✅", "✔", "✓", "☑", "👍", "🎉", "[x]", "[X]"];
const BAD: [&str; 8] = ["⚠", "❌", "✗", "✘", "✖", "👎", "❗", "🚫"];
const GOOD_WORDS: [&str; 5] = ["good", "worked", "what worked", "strengths", "pro"];
const BAD_WORDS: [&str; 9] =
    ["bad", "improve", "missing", "problem", "issue", "to improve", "what did not work", "weaknesses", "con"];
const ACTION_WORDS: [&str; 6] = ["action", "actions", "action item", "action items", "todo", "next time"];
const RATING_WORDS: [&str; 4] = ["rating", "rated", "score", "stars"];

/// Reads a line.
pub(super) fn read(raw: &str) -> Line {
    let text = raw.trim();
    if text.is_empty() || is_rule(text) || (text.starts_with("<!--") && text.ends_with("-->")) {
        return Line::Empty;
    }
    if let Some(heading) = text.strip_prefix('#') {
        let level = 1 + heading.chars().take_while(|sign| *sign == '#').count();
        let title = heading.trim_start_matches('#');
        // `#12 is done` is a text, `##title` was meant as a heading.
        if title.starts_with(char::is_whitespace) || level > 1 {
            return Line::Heading(level, bare(title.trim().trim_end_matches('#')));
        }
    }
    let (item, is_item) = without_bullet(text);
    if let Some(line) = marked(item) {
        return line;
    }
    match (is_item, raw.starts_with([' ', '\t'])) {
        (true, _) => Line::Item(bare(item)),
        (false, true) => Line::More(bare(item)),
        (false, false) => Line::Prose(bare(item)),
    }
}

fn is_rule(text: &str) -> bool {
    text.len() >= 3 && ['-', '*', '_', '='].iter().any(|sign| text.chars().all(|c| c == *sign || c == ' '))
}

/// Takes `- `, `* `, `+ `, `1. ` or `1) ` off.
fn without_bullet(text: &str) -> (&str, bool) {
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let after =
        if digits > 0 { text[digits..].strip_prefix(['.', ')']) } else { text.strip_prefix(['-', '*', '+', '•']) };
    match after.filter(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace)) {
        Some(rest) => (rest.trim_start(), true),
        None => (text, false),
    }
}

/// Reads a line that starts with a sign, or with a word and a colon.
fn marked(text: &str) -> Option<Line> {
    let after = |marks: &[&str]| {
        let rest = marks.iter().find_map(|mark| text.strip_prefix(mark))?;
        // Signs can be followed by what asks for a colourful picture.
        Some(bare(rest.trim_start_matches(['\u{fe0f}', '\u{fe0e}']).trim_start_matches([' ', ':', '-'])))
    };
    if let Some(text) = after(&GOOD) {
        return Some(Line::Good(text));
    }
    if let Some(text) = after(&BAD) {
        return Some(Line::Bad(text));
    }
    // Emphasis may end before the colon or after it: `**Rating**: 4/5`, `**Rating:** 4/5`.
    let (word, rest) = text.split_once([':', '：'])?;
    let word = word.trim_matches(['*', '_', ' ']).to_lowercase();
    let rest = bare(rest.trim_start_matches(['*', '_']));
    let is = |words: &[&str]| words.contains(&word.as_str());
    if is(&RATING_WORDS) {
        Some(Line::Rating(rest))
    } else if is(&ACTION_WORDS) {
        Some(Line::Action(rest))
    } else if is(&GOOD_WORDS) {
        Some(Line::Good(rest))
    } else if is(&BAD_WORDS) {
        Some(Line::Bad(rest))
    } else {
        None
    }
}

/// Takes emphasis and white space off the ends, and control characters out.
fn bare(text: &str) -> String {
    let text = text.trim();
    let inner = ["**", "__", "*", "_"]
        .iter()
        .find_map(|sign| text.strip_prefix(sign)?.strip_suffix(sign))
        .filter(|inner| !inner.contains(['*', '_']))
        .unwrap_or(text);
    inner.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Reads a rating of 1 to 5: `4/5`, `4 of 5`, `4`, `8/10`, `★★★★☆`; half a point counts as none.
pub(super) fn rating(text: &str) -> Option<u8> {
    let stars = |signs: &[char]| text.chars().filter(|c| signs.contains(c)).count();
    let full = stars(&['★', '⭐', '🌟']);
    if full > 0 {
        return u8::try_from(full).ok().filter(|stars| *stars <= 5);
    }
    let text = text.to_lowercase().replace("out of", "/").replace("of", "/").replace(',', ".");
    let (given, best) = match text.split_once('/') {
        Some((given, best)) => (number(given)?, number(best)?),
        None => (number(&text)?, 5.0),
    };
    let scaled = given * 5.0 / best;
    // Of five, whole points; of ten or a hundred, scaled.
    (1..=5).rev().find(|point| scaled >= f64::from(*point)).filter(|_| scaled <= 5.0 && best >= 1.0)
}

/// Reads the number that a text begins with; what follows is a remark.
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let length = text.chars().take_while(|c| c.is_ascii_digit() || *c == '.').count();
    let follows = text[length..].chars().next();
    let is_word = follows.is_some_and(char::is_alphabetic);
    text[..length].trim_end_matches('.').parse().ok().filter(|_| !is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_is_written_in_many_ways() {
        for text in
            ["Rating: 4/5", "**Rating**: 4/5", "- **Rating:** 4/5", "rating : 4/5", "Score: 4/5", "  Rating: 4/5"]
        {
            assert_eq!(read(text), Line::Rating("4/5".to_owned()), "{text}");
        }
        for text in [
            "✅ Good form",
            "- ✅ Good form",
            "✅Good form",
            "* ✅\u{fe0f}  Good form",
            "✔️ Good form",
            "- [x] Good form",
            "Good: Good form",
        ] {
            assert_eq!(read(text), Line::Good("Good form".to_owned()), "{text}");
        }
        for text in ["⚠️  No tests", "⚠ No tests", "- ❌ No tests", "Improve: No tests", "**Missing:** No tests"]
        {
            assert_eq!(read(text), Line::Bad("No tests".to_owned()), "{text}");
        }
        for text in ["Action: Do it", "- Action: Do it", "**Action:** Do it", "TODO: Do it", "3. Action: Do it"] {
            assert_eq!(read(text), Line::Action("Do it".to_owned()), "{text}");
        }
        for text in ["1. one", "2) one", "- one", "* one", "+ **one**"] {
            assert_eq!(read(text), Line::Item("one".to_owned()), "{text}");
        }
        for text in ["", "---", "* * *", "<!-- later -->"] {
            assert_eq!(read(text), Line::Empty, "{text}");
        }
        assert_eq!(read("##  task-001: A name ##"), Line::Heading(2, "task-001: A name".to_owned()));
        assert_eq!(read("#12 was late"), Line::Prose("#12 was late".to_owned()));
        assert_eq!(read("  and so on"), Line::More("and so on".to_owned()));
        assert_eq!(read("note: \u{1b}[2J"), Line::Prose("note:  [2J".to_owned()));
    }

    #[test]
    fn ratings_are_of_five() {
        for (text, points) in [
            ("4/5", Some(4)),
            ("4 / 5 (nearly)", Some(4)),
            ("4", Some(4)),
            ("5 of 5", Some(5)),
            ("4 out of 5", Some(4)),
            ("3.5/5", Some(3)),
            ("8/10", Some(4)),
            ("★★★★☆", Some(4)),
            ("⭐⭐", Some(2)),
            ("1/5", Some(1)),
            ("3,5", Some(3)),
            ("6/5", None),
            ("0/5", None),
            ("good", None),
            ("", None),
            ("4/0", None),
            ("-1", None),
            ("4x", None),
            ("★★★★★★", None),
        ] {
            assert_eq!(rating(text), points, "{text}");
        }
    }
}
