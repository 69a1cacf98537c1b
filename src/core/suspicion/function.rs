//! Which functions a source file has, and what their bodies are.

use std::ops::Range;

use super::source::{Language, closing, code};

/// A function: its name, where it starts, and its body.
#[derive(Clone, Debug)]
pub(super) struct Function {
    /// Its name.
    pub(super) name: String,
    /// From its first attribute or decorator to its end, in bytes.
    pub(super) whole: Range<usize>,
    /// What it does: between its braces, or below its colon, in bytes.
    pub(super) body: Range<usize>,
}

/// Finds the named functions of a file.
pub(super) fn functions(text: &str, language: Language) -> Vec<Function> {
    let code = code(text, language);
    let mut found = Vec::new();
    let mut start = 0;
    let mut attributes: Option<usize> = None;
    while start < code.len() {
        let end = code[start..].find('\n').map_or(code.len(), |end| start + end + 1);
        let line = &code[start..end];
        let trimmed = line.trim_start();
        let at = start + line.len() - trimmed.len();
        let is_attribute = match language {
            Language::Rust => trimmed.starts_with("#["),
            Language::Python | Language::Braces => trimmed.starts_with('@'),
            _ => false,
        };
        if is_attribute {
            let first = *attributes.get_or_insert(start);
            // An attribute may go over several lines: skip to where its bracket closes.
            let open = trimmed.find(['[', '(']).map(|open| at + open).filter(|open| *open < end);
            let close = open.and_then(|open| closing(&code, open)).unwrap_or(end);
            let inline = code[close.min(end)..end].trim_start();
            if close >= end || inline.is_empty() || language != Language::Rust {
                start = code[close.max(end) - 1..].find('\n').map_or(code.len(), |rest| close.max(end) - 1 + rest + 1);
                attributes = Some(first);
                continue;
            }
        }
        if let Some((name, body)) = signature(&code, text, start..end, language) {
            let whole = attributes.unwrap_or(start)..body.end;
            found.push(Function { name, whole, body });
        }
        // Comments between the attributes and the function are blank here.
        if !trimmed.trim().is_empty() {
            attributes = None;
        }
        start = end;
    }
    found
}

fn signature(code: &str, text: &str, line: Range<usize>, language: Language) -> Option<(String, Range<usize>)> {
    let trimmed = code[line.clone()].trim_start();
    let indent = line.len() - trimmed.len();
    let name_after = |keyword: &str| {
        let padded = format!(" {trimmed}");
        let at = padded.find(&format!(" {keyword} "))?;
        // Only modifiers may stand before the keyword.
        if padded[..at].contains(['=', '(', '{', ';'])
            && !padded[..at].contains("pub(")
            && !padded[..at].contains("extern")
        {
            return None;
        }
        let rest = padded[at + keyword.len() + 2..].trim_start();
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        (!name.is_empty()).then_some(name)
    };
    match language {
        Language::Python => {
            let name =
                name_after("def").filter(|_| trimmed.starts_with("def ") || trimmed.starts_with("async def "))?;
            let colon = colon_after_parameters(code, line.start + indent)?;
            Some((name, colon..indented_end(text, colon, indent)))
        }
        Language::Ruby => {
            let name = name_after("def").filter(|_| trimmed.starts_with("def "))?;
            Some((name, line.end..indented_end(text, line.end - 1, indent)))
        }
        Language::Rust => braces(code, line.start, name_after("fn")?),
        Language::Go => {
            let rest = trimmed.strip_prefix("func ")?;
            let rest = if rest.starts_with('(') { rest.split_once(") ")?.1 } else { rest };
            let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            braces(code, line.start, (!name.is_empty()).then_some(name)?)
        }
        Language::Script => {
            let name = name_after("function").or_else(|| assigned(trimmed)).or_else(|| method(trimmed))?;
            braces(code, line.start, name)
        }
        Language::Braces => {
            braces(code, line.start, name_after("function").or_else(|| name_after("fun")).or_else(|| method(trimmed))?)
        }
        Language::Other => None,
    }
}

/// `const total = (prices) => {`.
fn assigned(line: &str) -> Option<String> {
    let rest = line.trim_start_matches("export ").trim_start_matches("default ");
    let rest = ["const ", "let ", "var "].iter().find_map(|word| rest.strip_prefix(word))?;
    let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '$')).collect();
    (!name.is_empty() && rest.contains("=>") && rest.trim_end().ends_with('{')).then_some(name)
}

/// `static total(prices) {`, but not `if (…) {`.
fn method(line: &str) -> Option<String> {
    let (head, _) = line.split_once('(')?;
    let name = head.split_whitespace().last()?;
    let word = head.split_whitespace().next()?;
    let control = [
        "if", "for", "while", "switch", "catch", "return", "else", "do", "try", "new", "throw", "await", "}",
        "function",
    ];
    let plain = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '#'));
    let opens = line.trim_end().ends_with('{') || line.trim_end().ends_with('}');
    (plain && opens && !control.contains(&word) && !control.contains(&name) && !head.contains(['=', '.', ';']))
        .then(|| name.to_owned())
}

/// Finds the body in braces; none for a declaration without one.
fn braces(code: &str, start: usize, name: String) -> Option<(String, Range<usize>)> {
    let mut depth = 0i32;
    let open = code[start..].bytes().position(|byte| {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            _ => {}
        }
        depth == 0 && matches!(byte, b'{' | b';')
    })?;
    let open = start + open;
    if code.as_bytes()[open] == b';' {
        return None;
    }
    let end = closing(code, open)?;
    Some((name, open + 1..end - 1))
}

/// Returns the position after the colon that ends a Python signature.
fn colon_after_parameters(code: &str, start: usize) -> Option<usize> {
    let open = start + code[start..].find('(')?;
    let close = closing(code, open)?;
    Some(close + code[close..].find(':')? + 1)
}

/// Returns the end of the lines that are indented deeper than `indent`.
fn indented_end(text: &str, from: usize, indent: usize) -> usize {
    let mut end = text[from..].find('\n').map_or(text.len(), |end| from + end + 1);
    let mut last = end;
    while end < text.len() {
        let next = text[end..].find('\n').map_or(text.len(), |length| end + length + 1);
        let line = text[end..next].trim_end();
        if !line.is_empty() {
            if line.len() - line.trim_start().len() <= indent {
                break;
            }
            last = next;
        }
        end = next;
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str, language: Language) -> Vec<String> {
        functions(text, language).into_iter().map(|function| function.name).collect()
    }

    #[test]
    fn functions_are_found_with_their_attributes_and_bodies() {
        let rust = "#[test]\n#[should_panic(\n    expected = \"}\"\n)]\nfn a() { \"}\"; }\n\npub(crate) async fn b<T>(x: [u8; 3]) -> T\nwhere\n    T: X,\n{\n    1\n}\ntrait T { fn c(); }";
        let found = functions(rust, Language::Rust);
        assert_eq!(names(rust, Language::Rust), ["a", "b"]);
        assert!(rust[found[0].whole.clone()].starts_with("#[test]"));
        assert_eq!(rust[found[1].body.clone()].trim(), "1");
        let python = "@a(\n  1)\ndef f(x: int = g(1)) -> dict[str, int]:\n    return 1\n\n    # end\n\nclass C:\n    async def g(self): pass\n\n    def h(self):\n        if x:\n            y\n";
        let found = functions(python, Language::Python);
        assert_eq!(names(python, Language::Python), ["f", "g", "h"]);
        assert!(python[found[0].whole.clone()].starts_with("@a("));
        assert_eq!(python[found[2].body.clone()].split_whitespace().collect::<Vec<_>>(), ["if", "x:", "y"]);
        let script = "export async function f(a = {}) {\n}\nconst g = (a) => {\n};\nclass C {\n  static h(a) {\n    if (a) {\n    }\n  }\n}\n";
        assert_eq!(names(script, Language::Script), ["f", "g", "h"]);
        assert_eq!(names("func (c *Cart) Add(n int) error {\n}\nfunc New() {}", Language::Go), ["Add", "New"]);
    }
}
