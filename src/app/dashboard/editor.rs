//! Which command opens a file at a line in the user's editor.

use std::collections::BTreeMap;
use std::path::Path;

/// Returns the program and its arguments: `$VISUAL` or `$EDITOR`, told the line in its own way.
///
/// # Errors
/// If no editor is set, or its setting cannot be read as a command line.
pub(super) fn command(
    environment: &BTreeMap<String, String>,
    file: &Path,
    line: Option<u32>,
) -> Result<Vec<String>, String> {
    let set = ["VISUAL", "EDITOR"]
        .into_iter()
        .find_map(|name| environment.get(name).filter(|value| !value.trim().is_empty()));
    let set = set.ok_or("no editor is set; let $EDITOR name one, for example EDITOR=vim")?;
    let mut words =
        shlex::split(set).filter(|words| !words.is_empty()).ok_or_else(|| format!("$EDITOR cannot be read: {set}"))?;
    let program = Path::new(&words[0]).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let path = file.display().to_string();
    match (line, program.as_str()) {
        (Some(line), "code" | "code-insiders" | "codium" | "cursor") => {
            words.extend(["--goto".to_owned(), format!("{path}:{line}")]);
        }
        (Some(line), "hx" | "helix" | "subl" | "zed" | "micro") => words.push(format!("{path}:{line}")),
        (Some(line), "vi" | "vim" | "nvim" | "nano" | "emacs" | "emacsclient" | "kak" | "joe" | "jed" | "mg") => {
            words.extend([format!("+{line}"), path]);
        }
        // An editor that is not known here may take `+12` for a file.
        (Some(_) | None, _) => words.push(path),
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(editor: &str, line: Option<u32>) -> Result<Vec<String>, String> {
        let environment = [("EDITOR".to_owned(), editor.to_owned())].into();
        command(&environment, Path::new("a b.rs"), line)
    }

    #[test]
    fn each_editor_is_told_the_line_in_its_own_way() {
        assert_eq!(opened("nvim", Some(7)), Ok(vec!["nvim".to_owned(), "+7".to_owned(), "a b.rs".to_owned()]));
        assert_eq!(opened("/usr/bin/hx", Some(7)), Ok(vec!["/usr/bin/hx".to_owned(), "a b.rs:7".to_owned()]));
        let code = ["code", "--wait", "--goto", "a b.rs:7"].map(str::to_owned).to_vec();
        assert_eq!(opened("code --wait", Some(7)), Ok(code));
        assert_eq!(opened("ed", Some(7)), Ok(vec!["ed".to_owned(), "a b.rs".to_owned()]));
        assert!(opened(" ", None).is_err());
    }
}
