//! A control sequence (`ESC [ …`), taken apart into its parameters and the letter that says what it does.

/// A control sequence, taken apart.
pub(super) struct Csi<'a> {
    /// `?`, `>`, `=`, `<`, or nothing.
    pub(super) private: Option<u8>,
    /// What stands between the first byte and the last: numbers.
    pub(super) params: &'a [u8],
    /// What stands after the numbers.
    pub(super) between: &'a [u8],
    /// The byte that says what it does.
    pub(super) last: u8,
}

impl<'a> Csi<'a> {
    /// Takes a sequence apart; nothing: it is none of this kind.
    pub(super) fn of(sequence: &'a [u8]) -> Option<Self> {
        let (last, body) = sequence.strip_prefix(b"\x1b[")?.split_last()?;
        let (private, body) = match body.split_first() {
            Some((first @ b'<'..=b'?', rest)) => (Some(*first), rest),
            _ => (None, body),
        };
        let end = body.iter().position(|byte| (0x20..0x30).contains(byte)).unwrap_or(body.len());
        let (params, between) = body.split_at(end);
        Some(Self { private, params, between, last: *last })
    }

    /// Returns the parameters; one that is missing is 0.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u16> + 'a {
        self.params.split(|byte| *byte == b';').map(number)
    }

    /// Returns the first parameter.
    pub(super) fn first(&self) -> u16 {
        self.numbers().next().unwrap_or(0)
    }
}

/// Reads a number; what is larger than any screen stays so.
pub(super) fn number(digits: &[u8]) -> u16 {
    digits
        .iter()
        .take_while(|digit| digit.is_ascii_digit())
        .fold(0_u16, |number, digit| number.saturating_mul(10).saturating_add(u16::from(digit - b'0')))
}
