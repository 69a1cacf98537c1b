//! Whether a word fits a pattern in which `*` stands for any letters.

/// Whether a word fits a pattern with `*`.
pub(super) fn fits(word: &str, pattern: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return word == pattern };
    let Some(mut left) = word.strip_prefix(head) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let tail = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    left.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_stands_for_any_letters_and_nothing_else_does() {
        for (word, pattern) in
            [("a", "a"), ("abc", "a*"), ("abc", "*c"), ("abcbc", "a*bc"), ("", "*"), ("a.c", "a*.*c")]
        {
            assert!(fits(word, pattern), "{word} {pattern}");
        }
        for (word, pattern) in [("a", "b"), ("ab", "a"), ("abc", "*b"), ("a", "a*a"), ("ac", "a*b*c"), ("a", "?")] {
            assert!(!fits(word, pattern), "{word} {pattern}");
        }
    }
}
