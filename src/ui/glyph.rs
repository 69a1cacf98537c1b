//! The signs that stand beside words, so that colour never carries meaning alone; also in ASCII.

/// One set of signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glyphs {
    /// Waits for a person.
    pub needs: &'static str,
    /// At work.
    pub busy: &'static str,
    /// Held.
    pub held: &'static str,
    /// Queued.
    pub queued: &'static str,
    /// Well.
    pub good: &'static str,
    /// Failed.
    pub bad: &'static str,
    /// Over by a person's wish, or nothing to say.
    pub quiet: &'static str,
    /// The bar before the selected row.
    pub cursor: &'static str,
    /// Something was cut here.
    pub more: &'static str,
    /// The heart.
    pub heart: &'static str,
    /// Between the stages of a workflow.
    pub dash: &'static str,
    /// The part of a border that says how far a pane is scrolled.
    pub thumb: &'static str,
    /// Good to know.
    pub note: &'static str,
    /// Before what has others below it, and these are shown.
    pub open: &'static str,
    /// The same, and these are folded away.
    pub folded: &'static str,
    /// Whether borders are drawn with lines, or with `+`, `-` and `|`.
    pub lines: bool,
}

/// The default set.
pub const UNICODE: Glyphs = Glyphs {
    needs: "?",
    busy: "●",
    held: "‖",
    queued: "◌",
    good: "✓",
    bad: "✗",
    quiet: "·",
    cursor: "▌",
    more: "…",
    heart: "♥",
    dash: "─",
    thumb: "┃",
    note: "•",
    open: "▾",
    folded: "▸",
    lines: true,
};

/// The set for terminals and fonts without these signs.
pub const ASCII: Glyphs = Glyphs {
    needs: "?",
    busy: "*",
    held: "=",
    queued: "o",
    good: "+",
    bad: "x",
    quiet: ".",
    cursor: ">",
    more: "~",
    heart: "H",
    dash: "-",
    thumb: "#",
    note: "-",
    open: "v",
    folded: ">",
    lines: false,
};
