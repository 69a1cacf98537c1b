//! What Python's unittest (and Django's runner) says.

use crate::core::findings::clean::Output;
use crate::core::findings::found::{BLOCK, Claims, Found, Report};
use crate::core::findings::place::{Files, number};

/// Reads unittest.
pub(in crate::core::findings) fn read(output: &Output, files: &Files<'_>, claims: &Claims) -> Report {
    let mut report = Report::default();
    let mut open: Option<(String, usize)> = None;
    let mut ran = None;
    for (index, line) in output.lines().filter(|(index, _)| !claims.has(*index)) {
        let header = line.strip_prefix("FAIL: ").or_else(|| line.strip_prefix("ERROR: "));
        let ruled = |at: Option<usize>| {
            at.is_some_and(|at| output.line(at).starts_with("=====") || output.line(at).starts_with("-----"))
        };
        if let Some(name) = header.filter(|_| ruled(index.checked_sub(1))) {
            close(&mut report, output, files, open.replace((test_id(name), index)), index - 1);
        } else if let Some(rest) = line.strip_prefix("Ran ").filter(|rest| rest.contains(" test")) {
            close(&mut report, output, files, open.take(), index.saturating_sub(1));
            ran = number(rest).map(|(count, _)| (count, index));
        } else if let Some((count, start)) =
            ran.filter(|_| line.starts_with("FAILED") || line.starts_with("OK") || line.starts_with("NO TESTS RAN"))
        {
            let of = |name: &str| {
                let mut rest = line;
                let mut sum = 0;
                while let Some((before, after)) = rest.split_once(name) {
                    // "failures=" is also the end of "expected failures=".
                    if before.ends_with(['(', ' ']) && !before.ends_with("expected ") {
                        sum += number(after).map_or(0, |(count, _)| count);
                    }
                    rest = after;
                }
                sum
            };
            let failed = of("failures=") + of("errors=") + of("unexpected successes=");
            let skipped = of("skipped=") + of("expected failures=");
            report.count(count.saturating_sub(failed + skipped), failed, skipped);
            report.claimed.push(start..index + 1);
            ran = None;
        }
    }
    close(&mut report, output, files, open, output.len());
    report
}

fn close(report: &mut Report, output: &Output, files: &Files<'_>, open: Option<(String, usize)>, end: usize) {
    let Some((id, start)) = open else { return };
    report.claimed.push(start..end);
    let block = start..end.min(start + BLOCK);
    let place = files.last(output, block.clone());
    report.found.push(Found::new(id, place, block));
}

/// Reads `test_add (shop.tests.Cart.test_add) (n=1)`, and the older `test_add (shop.tests.Cart)`.
fn test_id(header: &str) -> String {
    let Some((name, rest)) = header.split_once(" (") else { return header.to_owned() };
    let (class, subtest) = rest.split_once(')').unwrap_or((rest, ""));
    let class = class.strip_suffix(&format!(".{name}")).unwrap_or(class);
    if class.ends_with("_FailedTest") {
        return format!("{name}: cannot be loaded");
    }
    format!("{class}.{name}{subtest}")
}

#[cfg(test)]
mod tests {
    use super::test_id;

    #[test]
    fn old_and_new_headers_give_the_same_id() {
        assert_eq!(test_id("test_add (shop.Cart.test_add)"), "shop.Cart.test_add");
        assert_eq!(test_id("test_add (shop.Cart)"), "shop.Cart.test_add");
        assert_eq!(test_id("test_add (shop.Cart.test_add) (n=1)"), "shop.Cart.test_add (n=1)");
        assert_eq!(test_id("test_x (unittest.loader._FailedTest.test_x)"), "test_x: cannot be loaded");
    }
}
