//! What `go test` says, as text and as `-json`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::core::findings::clean::Output;
use crate::core::findings::found::{BLOCK, Claims, Found, Report, Strength};
use crate::core::findings::place::{Files, tidy};
use crate::model::path::ProjectPath;

/// One line of `go test -json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    action: String,
    #[serde(default)]
    package: String,
    #[serde(default)]
    test: String,
    #[serde(default)]
    output: String,
}

/// Reads `go test`.
pub(in crate::core::findings) fn read(output: &Output, files: &Files<'_>, claims: &Claims) -> Report {
    let mut report = Report::default();
    text(&mut report, output, files, claims);
    json(&mut report, output, files);
    report
}

/// A failed test whose package is not known yet: go names it after its tests.
struct Failed {
    name: String,
    block: std::ops::Range<usize>,
}

fn text(report: &mut Report, output: &Output, files: &Files<'_>, claims: &Claims) {
    let mut failed: Vec<Failed> = Vec::new();
    let mut panicked: Option<usize> = None;
    let mut runs: BTreeMap<&str, usize> = BTreeMap::new();
    let mut results: Vec<(&str, &str)> = Vec::new();
    let mut verbose = false;
    let mut compiling = false;
    for (index, line) in output.lines().filter(|(index, _)| !claims.has(*index)) {
        let inner = line.trim_start();
        // Compiler errors have no word that says so; they stand below "# package".
        let error = compiling.then(|| files.leading(line.trim_start_matches("vet: "))).flatten();
        if let Some((place, message)) = error {
            let path = tidy(place.path);
            let at = files.resolve(&path).map(|file| (file, place.line));
            report.found.push(Found::new(format!("{path}{message}"), at, index..index + 1));
            continue;
        }
        compiling = line
            .strip_prefix("# ")
            .is_some_and(|package| package.split(" [").next().is_some_and(|name| !name.contains(' ')));
        if let Some(name) = line.strip_prefix("=== RUN   ") {
            verbose = true;
            runs.insert(name, index);
        } else if let Some((word, rest)) = inner.strip_prefix("--- ").and_then(|rest| rest.split_once(": ")) {
            let Some((name, _)) = rest.rsplit_once(" (").filter(|(_, time)| time.ends_with("s)")) else { continue };
            results.push((word, name));
            if word == "FAIL" {
                let depth = line.len() - inner.len();
                let mut end = index + 1;
                while end < output.len()
                    && end < index + BLOCK
                    && output.line(end).len() - output.line(end).trim_start().len() > depth
                {
                    end += 1;
                }
                let start = runs.get(name).copied().filter(|start| index - start < BLOCK).unwrap_or(index);
                failed.push(Failed { name: name.to_owned(), block: start..end });
            }
        } else if line.starts_with("panic: ") || line.starts_with("fatal error: ") {
            panicked = panicked.or(Some(index));
        } else if let Some((package, rest)) =
            line.strip_prefix("FAIL\t").map(|rest| rest.split_once(['\t', ' ']).unwrap_or((rest, "")))
        {
            if rest.contains("[build failed]") || rest.contains("[setup failed]") {
                report.found.push(Found::new(format!("{package} {rest}"), None, index..index + 1).with(Strength::Echo));
                continue;
            }
            package_done(report, output, files, package, std::mem::take(&mut failed), panicked.take(), index);
            runs.clear();
        } else if line.starts_with("ok  \t") {
            failed.clear();
            runs.clear();
        }
    }
    // A whole run without the package's last line: killed in the middle.
    if !failed.is_empty() {
        package_done(report, output, files, "", failed, panicked, output.len());
    }
    if verbose {
        count(report, &results);
    }
}

fn package_done(
    report: &mut Report,
    output: &Output,
    files: &Files<'_>,
    package: &str,
    failed: Vec<Failed>,
    panicked: Option<usize>,
    index: usize,
) {
    // A test fails with its subtests; only they say why.
    let parents: BTreeSet<String> = failed
        .iter()
        .filter_map(|test| test.name.rsplit_once('/').map(|(parent, _)| parent.to_owned()))
        .flat_map(|parent| {
            let ends: Vec<usize> = parent.match_indices('/').map(|(at, _)| at).chain([parent.len()]).collect();
            ends.into_iter().map(|end| parent[..end].to_owned()).collect::<Vec<_>>()
        })
        .collect();
    let count = failed.len();
    for (nth, mut test) in failed.into_iter().enumerate() {
        if parents.contains(&test.name) {
            report.claimed.push(test.block);
            continue;
        }
        let last = nth + 1 == count;
        if let Some(at) = panicked.filter(|at| last && *at >= test.block.start) {
            test.block.end = index.min(at + BLOCK);
        }
        let place = places(output, files, package, test.block.clone());
        report.found.push(Found::new(format!("{package} {}", test.name).trim(), place, test.block));
    }
    if let Some(at) = panicked.filter(|_| count == 0) {
        let place = files.first(output, at..index);
        report.found.push(Found::new(
            format!("{package} {}", output.line(at)).trim(),
            place,
            at..index.min(at + BLOCK),
        ));
    } else if count == 0 && !package.is_empty() {
        report.found.push(Found::new(format!("{package} failed"), None, index..index + 1).with(Strength::Message));
    }
    report.claimed.push(index..index + 1);
}

/// Finds the place in a block; go names test files by their last part, relative to the package.
fn places(
    output: &Output,
    files: &Files<'_>,
    package: &str,
    block: std::ops::Range<usize>,
) -> Option<(ProjectPath, u32)> {
    output.slice(block).find_map(|line| place(line, files, package))
}

fn place(line: &str, files: &Files<'_>, package: &str) -> Option<(ProjectPath, u32)> {
    let text = line.trim();
    let (place, _) = files.leading(text)?;
    if let Some(path) = files.resolve(place.path) {
        return Some((path, place.line));
    }
    if place.path.starts_with('/') {
        return None;
    }
    // The module's path before the package's folder is not known here: the longest folder that has such a file.
    let mut folder = package;
    while let Some((_, rest)) = folder.split_once('/') {
        folder = rest;
        if let Some(path) = files.resolve(&format!("{folder}/{}", place.path)) {
            return Some((path, place.line));
        }
    }
    None
}

fn json(report: &mut Report, output: &Output, files: &Files<'_>) {
    let mut blocks: BTreeMap<(String, String), std::ops::Range<usize>> = BTreeMap::new();
    let mut places: BTreeMap<(String, String), (ProjectPath, u32)> = BTreeMap::new();
    let mut ends: Vec<(String, String, String)> = Vec::new();
    for (index, line) in output.lines() {
        if !line.starts_with("{\"") || !line.contains("\"Action\":") {
            continue;
        }
        let Ok(event) = serde_json::from_str::<Event>(line) else { continue };
        report.claimed.push(index..index + 1);
        let key = (event.package, event.test);
        match event.action.as_str() {
            "output" => {
                let block = blocks.entry(key.clone()).or_insert(index..index);
                if index < block.start + BLOCK {
                    block.end = index + 1;
                }
                if let Some(place) = place(&event.output, files, &key.0) {
                    places.entry(key).or_insert(place);
                }
            }
            "pass" | "fail" | "skip" => ends.push((event.action.to_uppercase(), key.0, key.1)),
            _ => {}
        }
    }
    if ends.is_empty() {
        return;
    }
    let parents: BTreeSet<(String, String)> = ends
        .iter()
        .filter(|(word, ..)| word == "FAIL")
        .filter_map(|(_, package, test)| test.rsplit_once('/').map(|(parent, _)| (package.clone(), parent.to_owned())))
        .collect();
    let broken: BTreeSet<&String> = ends
        .iter()
        .filter(|(word, _, test)| word == "FAIL" && !test.is_empty())
        .map(|(_, package, _)| package)
        .collect();
    for (word, package, test) in &ends {
        let key = (package.clone(), test.clone());
        if word != "FAIL" || parents.contains(&key) || (test.is_empty() && broken.contains(package)) {
            continue;
        }
        let block = blocks.get(&key).cloned().unwrap_or(0..0);
        let name = if test.is_empty() { format!("{package} failed") } else { format!("{package} {test}") };
        let strength = if test.is_empty() { Strength::Message } else { Strength::Failure };
        report.found.push(Found::new(name, places.remove(&key), block).with(strength));
    }
    let results: Vec<(&str, &str)> = ends
        .iter()
        .filter(|(.., test)| !test.is_empty())
        .map(|(word, _, test)| (word.as_str(), test.as_str()))
        .collect();
    count(report, &results);
}

/// Counts the tests that have no subtests.
fn count(report: &mut Report, results: &[(&str, &str)]) {
    let parents: BTreeSet<&str> =
        results.iter().filter_map(|(_, name)| name.rsplit_once('/').map(|(parent, _)| parent)).collect();
    let of = |word: &str| {
        let count = results.iter().filter(|(result, name)| *result == word && !parents.contains(name)).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    };
    report.count(of("PASS"), of("FAIL"), of("SKIP"));
}
