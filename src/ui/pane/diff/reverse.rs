//! Turns a diff around: what taking it back changes.

use super::parse::DiffLine;

/// Returns the way back; files that `is_back` names are back already and left out.
pub(super) fn reversed(lines: Vec<DiffLine>, is_back: impl Fn(&str) -> bool) -> Vec<DiffLine> {
    let mut out: Vec<DiffLine> = Vec::new();
    // The lines that were removed come back after those that go.
    let mut coming: Vec<DiffLine> = Vec::new();
    let mut skips = false;
    for line in lines {
        if let DiffLine::File { name, .. } = &line {
            skips = is_back(name);
        }
        if skips {
            continue;
        }
        match line {
            DiffLine::Removed { old, text } => {
                start(&mut out, old);
                coming.push(DiffLine::Added { new: old, text });
                continue;
            }
            DiffLine::Added { new, text } => {
                out.push(DiffLine::Removed { old: new, text });
                continue;
            }
            _ => out.append(&mut coming),
        }
        let turned = match line {
            DiffLine::File { name, fate, added, removed } => {
                DiffLine::File { name, fate: back(fate), added: removed, removed: added }
            }
            DiffLine::Same { old, new, text } => {
                start(&mut out, old);
                DiffLine::Same { old: new, new: old, text }
            }
            same @ (DiffLine::Hunk { .. } | DiffLine::Other(_)) => same,
            DiffLine::Removed { old, text } => DiffLine::Added { new: old, text },
            DiffLine::Added { new, text } => DiffLine::Removed { old: new, text },
        };
        out.push(turned);
    }
    out.append(&mut coming);
    out
}

/// The hunk that has just begun begins in this line of what will be there.
fn start(out: &mut [DiffLine], at: u32) {
    if let Some(DiffLine::Hunk { line, .. }) = out.last_mut() {
        *line = at;
    }
}

/// Says what becomes of a file on the way back.
fn back(fate: String) -> String {
    match fate.as_str() {
        "new file" => "deleted again".to_owned(),
        "deleted" => "comes back".to_owned(),
        "renamed" => "renamed back".to_owned(),
        "mode changed" => "mode changed back".to_owned(),
        _ => fate,
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::*;

    #[test]
    fn the_way_back_is_the_diff_of_the_other_direction() {
        let there = "diff --git a/x b/x\n@@ -3,4 +3,4 @@\n a\n-b\n+B\n+C\n c\n-d\ndiff --git a/y b/y\nnew file mode 100644\n@@ -0,0 +1 @@\n+y\n";
        let back = "diff --git a/x b/x\n@@ -3,4 +3,4 @@\n a\n-B\n-C\n+b\n c\n+d\ndiff --git a/y b/y\ndeleted file mode 100644\n@@ -1 +0,0 @@\n-y\n";
        let mut expected = parse(back);
        let text = |text: &str| text.to_owned();
        expected[8] = DiffLine::File { name: text("y"), fate: text("deleted again"), added: 0, removed: 1 };
        let mut turned = reversed(parse(there), |_| false);
        // Where nothing stays, the place is that of what goes.
        if let Some(DiffLine::Hunk { line, .. }) = turned.get_mut(9) {
            *line = 0;
        }
        assert_eq!(turned, expected);
        assert_eq!(reversed(parse(there), |name| name == "x").len(), 3);
    }
}
