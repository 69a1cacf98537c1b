//! What a linker misses.

use crate::core::findings::clean::Output;
use crate::core::findings::found::{Claims, Found, Report};
use crate::core::findings::place::Files;

/// Reads undefined and repeated symbols.
pub(in crate::core::findings) fn read(output: &Output, _: &Files<'_>, claims: &Claims) -> Report {
    let mut report = Report::default();
    for (index, line) in output.lines().filter(|(index, _)| !claims.has(*index)) {
        for phrase in ["undefined reference to ", "multiple definition of ", "undefined symbol: ", "cannot find -l"] {
            if let Some((_, symbol)) = line.split_once(phrase) {
                let symbol = symbol.split(';').next().unwrap_or(symbol);
                // Which object file misses it first varies with the order of the build.
                report.found.push(Found::new(format!("{phrase}{symbol}"), None, index..index + 1));
                break;
            }
        }
    }
    report
}
