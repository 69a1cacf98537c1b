//! What `make` and `just` would run for some targets, as far as their files say it in plain words.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use super::glob::fits;

/// A file of rules, taken apart.
#[derive(Debug, Default)]
struct Rules {
    all: Vec<Rule>,
    variables: BTreeMap<String, String>,
    /// What runs whenever the file is read.
    always: Vec<String>,
    /// How much has been put in the place of variables, in bytes: each may name others twice.
    filled: Cell<usize>,
}

/// The most that is put in the place of variables, in bytes.
const MOST: usize = 1024 * 1024;

#[derive(Debug, Default)]
struct Rule {
    targets: Vec<String>,
    needs: Vec<String>,
    lines: Vec<String>,
}

/// Which language a file of rules is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// A Makefile.
    Make,
    /// A justfile.
    Just,
}

/// Returns what these targets run, with all that they need; `given` are variables of the command line.
pub(super) fn scripts(
    dialect: Dialect,
    text: &str,
    targets: &[String],
    given: &BTreeMap<String, String>,
) -> Vec<String> {
    let mut rules = match dialect {
        Dialect::Make => make(text),
        Dialect::Just => just(text),
    };
    rules.variables.extend(given.iter().map(|(name, value)| (name.clone(), value.clone())));
    let mut found: Vec<String> = rules.always.iter().map(|text| rules.expanded(text, dialect, 0)).collect();
    let (mut done, mut open) = (BTreeSet::new(), targets.to_vec());
    while let Some(target) = open.pop() {
        if !done.insert(target.clone()) {
            continue;
        }
        for rule in rules.all.iter().filter(|rule| rule.targets.iter().any(|name| fits(&target, name))) {
            found.extend(rule.lines.iter().map(|line| rules.expanded(line, dialect, 0)));
            open.extend(rule.needs.iter().cloned());
        }
    }
    found.retain(|line| !line.trim().is_empty());
    found
}

impl Rules {
    /// Puts values in the place of variables; `…` stands for what is not worked out here.
    fn expanded(&self, text: &str, dialect: Dialect, depth: u32) -> String {
        let mut out = String::new();
        let mut rest = text;
        let (open, close) = match dialect {
            Dialect::Make => ("$", ""),
            Dialect::Just => ("{{", "}}"),
        };
        while let Some(at) = rest.find(open) {
            out.push_str(&rest[..at]);
            rest = &rest[at + open.len()..];
            let name = match dialect {
                Dialect::Just => {
                    let Some(end) = rest.find(close) else { break };
                    let name = rest[..end].trim();
                    rest = &rest[end + close.len()..];
                    name
                }
                Dialect::Make => match rest.chars().next() {
                    Some('$') => {
                        out.push('$');
                        rest = &rest[1..];
                        continue;
                    }
                    Some(bracket @ ('(' | '{')) => {
                        let Some(end) = closing(rest, bracket) else { break };
                        let name = &rest[1..end];
                        rest = &rest[end + 1..];
                        name
                    }
                    Some(letter) => {
                        let name = &rest[..letter.len_utf8()];
                        rest = &rest[letter.len_utf8()..];
                        name
                    }
                    None => break,
                },
            };
            let value = match (name.strip_prefix("shell "), self.variables.get(name)) {
                _ if depth > 8 || self.filled.get() > MOST => "…".to_owned(),
                (Some(command), _) if dialect == Dialect::Make => {
                    format!("$({})", self.expanded(command, dialect, depth + 1))
                }
                (_, Some(value)) => self.expanded(value, dialect, depth + 1),
                (_, None) if name == "MAKE" => "make".to_owned(),
                (Some(_) | None, None) => "…".to_owned(),
            };
            self.filled.set(self.filled.get() + value.len() + 1);
            out.push_str(&value);
        }
        out.push_str(rest);
        out
    }

    fn set(&mut self, name: &str, value: &str, appends: bool) {
        let value = match self.variables.get(name) {
            Some(before) if appends => format!("{before} {value}"),
            // Which of the two it is depends on more than is looked at here.
            Some(before) if before != value => "…".to_owned(),
            Some(_) | None => value.to_owned(),
        };
        self.variables.insert(name.to_owned(), value);
    }
}

/// Returns where the bracket at the beginning of a text is closed.
fn closing(text: &str, open: char) -> Option<usize> {
    let close = if open == '(' { ')' } else { '}' };
    let mut depth = 0_u32;
    for (at, letter) in text.char_indices() {
        depth += u32::from(letter == open);
        if letter == close {
            depth -= 1;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

/// Returns lines, where one that ends with a backslash goes on.
fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in text.lines() {
        match lines.last_mut().filter(|_| goes_on) {
            Some(last) => {
                last.push('\n');
                last.push_str(line.strip_prefix('\t').unwrap_or(line));
            }
            None => lines.push(line.to_owned()),
        }
        goes_on = line.ends_with('\\');
    }
    lines
}

/// Returns a line of a recipe without what only says how it is run.
fn command(line: &str) -> &str {
    line.trim_start().trim_start_matches(['@', '-', '+', ' ', '\t'])
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn make(text: &str) -> Rules {
    let mut rules = Rules::default();
    let mut takes_recipe = false;
    for line in lines(text) {
        if let Some(recipe) = line.strip_prefix('\t').filter(|_| takes_recipe) {
            rules.all.last_mut().into_iter().for_each(|rule| rule.lines.push(command(recipe).to_owned()));
            continue;
        }
        let line = line.replace("\\\n", " ");
        let plain = line.split('#').next().unwrap_or_default().trim();
        if plain.is_empty() {
            continue;
        }
        // What `$(shell …)` names outside of a recipe runs whatever is made.
        let shelled = line.match_indices("$(shell ").filter_map(|(at, _)| {
            let inside = &line[at + 1..];
            Some(inside[1..closing(inside, '(')?].trim_start_matches("shell ").to_owned())
        });
        rules.always.extend(shelled);
        let (equals, colon) = (line.find('='), line.find(':'));
        let is_rule = colon.is_some_and(|colon| {
            !line[colon..].trim_start_matches(':').starts_with('=') && equals.is_none_or(|equals| colon < equals)
        });
        let assignment = if is_rule { line.split_once(':').map_or("", |(_, rest)| rest) } else { line.as_str() };
        let appends = assignment.contains("+=");
        if let Some((name, value)) = assignment.split_once('=').filter(|_| !is_rule || !assignment.contains(';')) {
            if name.ends_with('!') {
                rules.always.push(value.trim().to_owned());
            }
            let name = name.trim_end_matches([':', '?', '+', '!']).trim();
            let name = name.split_whitespace().last().unwrap_or_default();
            let value = value.split(" #").next().unwrap_or_default().trim();
            if name == "SHELL" && !value.rsplit('/').next().is_some_and(|shell| ["sh", "bash"].contains(&shell)) {
                rules.always.push("… reads the recipes".to_owned());
            }
            rules.set(name, value, appends);
            takes_recipe = is_rule;
            continue;
        }
        if let Some((targets, rest)) = line.split_once(':').filter(|_| is_rule) {
            let (needs, first) = rest.split_once(';').map_or((rest, None), |(needs, first)| (needs, Some(first)));
            let needs =
                rules.expanded(needs.trim_start_matches(':').split('#').next().unwrap_or_default(), Dialect::Make, 0);
            let targets = words(&rules.expanded(targets, Dialect::Make, 0).replace('%', "*"));
            let lines = first.into_iter().map(|line| command(line).to_owned()).collect();
            rules.all.push(Rule { targets, needs: words(&needs), lines });
            takes_recipe = true;
        } else if ["include", "-include", "sinclude"].iter().any(|word| plain.starts_with(word)) {
            rules.always.push(format!("… {plain}"));
            takes_recipe = false;
        }
    }
    rules
}

fn just(text: &str) -> Rules {
    let mut rules = Rules::default();
    for line in lines(text) {
        if line.starts_with([' ', '\t']) {
            let Some(rule) = rules.all.last_mut() else { continue };
            match rule.lines.last_mut().filter(|first| first.starts_with("#!")) {
                // A recipe that begins like a script is one.
                Some(whole) => {
                    whole.push('\n');
                    whole.push_str(line.trim_start());
                }
                None => rule.lines.push(command(&line).to_owned()),
            }
            continue;
        }
        let plain = line.trim();
        if plain.is_empty() || plain.starts_with(['#', '[']) {
            continue;
        }
        if let Some((name, value)) = plain.split_once(":=") {
            let value = value.trim();
            if let Some(command) = value.split('`').nth(1) {
                rules.always.push(command.to_owned());
            }
            let name = name.trim().trim_start_matches("export ").trim_start_matches("alias ");
            if plain.starts_with("alias ") {
                rules.all.push(Rule { targets: words(name), needs: words(value), lines: Vec::new() });
            } else if plain.starts_with("set ") {
                rules.always.push(format!("… {plain}"));
            } else {
                let is_text = value.len() > 1
                    && ['"', '\''].iter().any(|quote| value.starts_with(*quote) && value.ends_with(*quote));
                rules.set(name, if is_text { &value[1..value.len() - 1] } else { "…" }, false);
            }
        } else if let Some((head, needs)) = plain.split_once(':') {
            let name = head.trim_start_matches('@').split_whitespace().next().unwrap_or_default();
            let needs = needs.replace(['(', ')', '&'], " ");
            rules.all.push(Rule { targets: words(name), needs: words(&needs), lines: Vec::new() });
        } else {
            // `import`, `mod`: more rules than are looked at here.
            rules.always.push(format!("… {plain}"));
        }
    }
    rules
}
