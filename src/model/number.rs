//! How large numbers and shares are written for a person.

/// Writes a number with a comma between thousands.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns how much of a whole a part is, in percent, rounded; 100 only if it is all of it, and nothing of nothing.
pub fn percent(part: u64, whole: u64) -> Option<u64> {
    let rounded = (u128::from(part) * 100 + u128::from(whole / 2)).checked_div(u128::from(whole))?;
    let rounded = if part < whole { rounded.min(99) } else { rounded.max(100) };
    Some(u64::try_from(rounded).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_and_no_more_than_it_is() {
        for (part, whole, percents) in
            [(0, 3, 0), (596, 1000, 60), (594, 1000, 59), (1, 200, 1), (999, 1000, 99), (5, 5, 100), (815, 800, 102)]
        {
            assert_eq!(percent(part, whole), Some(percents), "{part} of {whole}");
        }
        assert_eq!((percent(1, 0), percent(u64::MAX, 1).is_some()), (None, true));
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(thousands(7), "7");
        assert_eq!(thousands(1204), "1,204");
        assert_eq!(thousands(1_000_000), "1,000,000");
    }
}
