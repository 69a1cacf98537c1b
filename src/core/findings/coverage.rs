//! How much of the code the tests covered, and whether a tool found that too little.

use super::clean::Output;
use super::found::{Claims, Found, Report};
use super::place::Files;

/// Reads a total coverage in hundredths of a percent: coverage.py, istanbul, cargo llvm-cov, go.
pub(super) fn read(output: &Output) -> Option<u32> {
    let total = output.lines().rev().find_map(|(_, line)| total(line));
    total.or_else(|| {
        // One package's coverage is the total; with several the total is not known.
        let mut packages = output.lines().filter_map(|(_, line)| go_package(line));
        let (first, second) = (packages.next(), packages.find(|text| text.starts_with("ok")));
        if second.is_some() { None } else { percent(first?.split("coverage: ").nth(1)?.split('%').next()?) }
    })
}

fn total(line: &str) -> Option<u32> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        // coverage.py: the last column; cargo llvm-cov: the third percentage is that of the lines.
        ["TOTAL", rest @ ..] => {
            let mut percents = rest.iter().filter_map(|word| percent(word.strip_suffix('%')?));
            let first = percents.next()?;
            let others: Vec<u32> = percents.collect();
            Some(others.get(1).copied().unwrap_or(first))
        }
        // istanbul: statements, branches, functions, lines.
        ["All", "files", "|", rest @ ..] => percent(rest.split(|word| *word == "|").nth(3)?.first()?),
        // go tool cover -func.
        ["total:", "(statements)", total] => percent(total.strip_suffix('%')?),
        _ => None,
    }
}

fn go_package(line: &str) -> Option<&str> {
    let rest = line.split("coverage: ").nth(1)?;
    rest.contains("% of statements").then_some(line)
}

fn percent(text: &str) -> Option<u32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let hundredths = format!("{fraction:0<2}");
    let value = whole.parse::<u32>().ok()?.checked_mul(100)? + hundredths.get(..2)?.parse::<u32>().ok()?;
    (value <= 10_000).then_some(value)
}

/// Reads complaints that the coverage is below what is asked for.
pub(super) fn thresholds(output: &Output, _: &Files<'_>, _: &Claims) -> Report {
    let mut report = Report::default();
    for (index, line) in output.lines() {
        let text = line.trim();
        // What it is now varies; what is asked for does not.
        let id = if let Some(rest) = text.strip_prefix("FAIL Required test coverage of ") {
            format!("Required test coverage of {} not reached", rest.split(' ').next().unwrap_or_default())
        } else if text.contains("coverage threshold for ") && text.contains(" not met") {
            text.split(" not met").next().unwrap_or_default().to_owned()
        } else if text.starts_with("ERROR: Coverage for ") && text.contains(" does not meet ") {
            let (what, asked) = text.split_once(" does not meet ").unwrap_or_default();
            format!("{} below {asked}", what.split(" (").next().unwrap_or_default())
        } else {
            continue;
        };
        report.found.push(Found::new(id, None, index..index + 1));
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_read_in_hundredths() {
        let read = |text: &str| read(&Output::new(text.as_bytes(), &[]));
        assert_eq!(read("TOTAL                     19      7    63%"), Some(6300));
        assert_eq!(read("TOTAL    19   7   4   1    63.25%"), Some(6325));
        assert_eq!(read("All files |   87.5 |   100 |    80 |   91.66 |"), Some(9166));
        assert_eq!(read("TOTAL   10 1 90.00%  4 1 75.00%  30 3 91.50%  0 0 -"), Some(9150));
        assert_eq!(read("ok  \tx/cart\t0.003s\tcoverage: 80.0% of statements"), Some(8000));
        assert_eq!(read("ok\ta\t1s\tcoverage: 80.0% of statements\nok\tb\t1s\tcoverage: 10.0% of statements"), None);
        assert_eq!(read("total:\t(statements)\t71.4%"), Some(7140));
        assert_eq!(read("nothing"), None);
    }
}
