//! Which errors a change swallows.

use super::source::{Language, closing, code};

/// Returns what a text swallows, each as the line that does it.
pub(super) fn lines(path: &str, text: &str) -> Vec<String> {
    let language = Language::of(path);
    let code = code(text, language);
    let raw: Vec<&str> = text.lines().collect();
    let lines: Vec<&str> = code.lines().collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        if swallows(language, &lines, index, line) {
            found.push(raw.get(index).copied().unwrap_or(line).trim().to_owned());
        }
    }
    if matches!(language, Language::Script | Language::Braces) {
        found.extend(silent_catches(&code, text));
    }
    found
}

fn swallows(language: Language, lines: &[&str], index: usize, line: &str) -> bool {
    let text = line.trim();
    let ends = ["sys.exit(0)", "os._exit(0)", "process.exit(0)", "process::exit(0)", "os.Exit(0)"];
    if ends.iter().any(|end| text.contains(end)) {
        return true;
    }
    match language {
        Language::Python => {
            text.contains("contextlib.suppress(")
                || text.contains("with suppress(")
                || (text.starts_with("except") && silent_except(lines, index))
        }
        Language::Rust => {
            let ignored =
                text.split_once("let _ = ").is_some_and(|(_, rest)| rest.contains('(') && !rest.starts_with("write"));
            ignored
                || (text.ends_with(".ok();") && !has_use(lines, index))
                || [
                    "Err(_) => {}",
                    "Err(_) => ()",
                    "Err(_) => return Ok(",
                    "Err(_) => Ok(",
                    "Err(_) => None",
                    "catch_unwind(",
                ]
                .iter()
                .any(|shape| text.contains(shape))
        }
        Language::Script => {
            text.contains(".catch(() =>") || text.contains(".catch(_ =>") || text.contains(".catch(function () {}")
        }
        Language::Go => text.contains("recover()"),
        Language::Ruby => {
            text.ends_with("rescue nil")
                || text.contains(" rescue nil ")
                || (text.starts_with("rescue") && next_is(lines, index, &["end", "nil"]))
        }
        Language::Braces => text.contains("@$"),
        Language::Other => text.ends_with("|| true") || text.ends_with("|| :") || text == "set +e",
    }
}

/// Whether the value of a statement that ends here goes somewhere; a chain of calls may start some lines above.
fn has_use(lines: &[&str], end: usize) -> bool {
    let start = (0..=end).rev().find(|at| !lines[*at].trim_start().starts_with('.')).unwrap_or(end);
    lines[start..=end].iter().any(|line| line.contains('=') || line.trim_start().starts_with("return"))
}

/// A broad `except` that does not raise again, or any `except` that only passes.
fn silent_except(lines: &[&str], index: usize) -> bool {
    let line = lines[index];
    let indent = line.len() - line.trim_start().len();
    let (head, inline) = line.trim().split_once(':').unwrap_or((line.trim(), ""));
    let mut body: Vec<&str> = lines[index + 1..]
        .iter()
        .take_while(|line| line.trim().is_empty() || line.len() - line.trim_start().len() > indent)
        .map(|line| line.trim())
        .filter(|line| !line.is_empty())
        .collect();
    if !inline.trim().is_empty() {
        body.insert(0, inline.trim());
    }
    let kinds = head.trim_start_matches("except").trim();
    let broad = kinds.is_empty()
        || kinds.contains("Exception")
            && !kinds.contains("Exceptions")
            && kinds.split([' ', ',', '(', ')']).any(|kind| kind == "Exception" || kind == "BaseException");
    let passes = body.iter().all(|line| matches!(*line, "pass" | "..." | "continue"));
    let raises = body.iter().any(|line| line.starts_with("raise") || line.contains("sys.exit("));
    passes || (broad && !raises)
}

fn next_is(lines: &[&str], index: usize, words: &[&str]) -> bool {
    lines[index + 1..]
        .iter()
        .map(|line| line.trim())
        .find(|line| !line.is_empty())
        .is_some_and(|line| words.contains(&line))
}

/// `catch (e) {}`, and `catch { return null; }`: a block that neither throws nor calls anything.
fn silent_catches(code: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("catch") {
        let rest = &code[at + "catch".len()..];
        let after = rest.trim_start();
        let Some(open) = rest.find('{') else { continue };
        let between = rest[..open].trim();
        let keyword = !code[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.'))
            && (after.starts_with('{') || (between.starts_with('(') && between.ends_with(')')));
        let open = at + "catch".len() + open;
        let Some(end) = closing(code, open).filter(|_| keyword) else { continue };
        let body = code[open + 1..end - 1].trim();
        if !body.contains("throw") && !body.contains('(') && !body.contains('=') {
            let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
            let line = text[start..].lines().next().unwrap_or_default();
            found.push(line.trim().to_owned());
        }
    }
    found
}

/// Whether a change of lines throws away an error that was passed on: `?` became a default.
pub(super) fn drops_error(path: &str, old: &[&str], new: &[&str]) -> Option<String> {
    match Language::of(path) {
        Language::Rust => {
            let defaults = ["unwrap_or_default()", ".unwrap_or(", ".unwrap_or_else(|_|", ".ok()"];
            let passed_on = old.iter().any(|line| line.contains('?'));
            let line =
                new.iter().find(|line| defaults.iter().any(|word| line.contains(word)) && !line.contains('?'))?;
            let had = old.iter().any(|line| defaults.iter().any(|word| line.contains(word)));
            (passed_on && !had).then(|| line.trim().to_owned())
        }
        Language::Go => {
            let checked =
                old.iter().any(|line| line.contains("err :=") || line.contains("err =") || line.contains("err != nil"));
            let line = new.iter().find(|line| {
                line.contains(", _ :=") || line.contains(", _ =") || line.trim_start().starts_with("_ = ")
            })?;
            checked.then(|| line.trim().to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn swallowed_errors_are_found_and_handled_ones_are_not() {
        for (path, text) in [
            ("a.py", "try:\n    f()\nexcept:\n    pass\n"),
            ("a.py", "try:\n    f()\nexcept Exception as e:\n    return None\n"),
            ("a.py", "try:\n    f()\nexcept ValueError: pass\n"),
            ("a.js", "try { f(); } catch (e) {\n  // nothing\n}\n"),
            ("a.ts", "f().catch(() => null);\n"),
            ("a.ts", "try { f(); } catch { return null; }\n"),
            ("a.rs", "fn f() { let _ = g(); }\n"),
            ("a.rs", "g().ok();\n"),
            ("a.rb", "x = f rescue nil\n"),
            ("run", "make test || true\n"),
            ("a.py", "import sys\nsys.exit(0)\n"),
        ] {
            assert_eq!(lines(path, text).len(), 1, "{text}");
        }
        for (path, text) in [
            ("a.py", "try:\n    f()\nexcept Exception as e:\n    log(e)\n    raise\n"),
            ("a.py", "try:\n    f()\nexcept KeyError as e:\n    raise Missing(e) from e\n"),
            ("a.py", "try:\n    f()\nexcept ValueError:\n    return default\n"),
            ("a.js", "try { f(); } catch (e) { report(e); }\n"),
            ("a.js", "try { f(); } catch (e) { throw new Error(`x`); }\n"),
            ("a.rs", "let _ = write!(text, \"a\");\n"),
            ("a.rs", "// let _ = g();\nlet x = g().ok();\nmatch x { Err(e) => return Err(e.into()), Ok(v) => v }\n"),
        ] {
            assert_eq!(lines(path, text), Vec::<String>::new(), "{text}");
        }
    }
}
