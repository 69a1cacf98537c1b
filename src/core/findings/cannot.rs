//! Whether a check could not even start its program, and what mends that: this says nothing about the code.

use super::clean::Output;
use crate::model::check::Findings;

/// The exit codes with which a shell says that a command does not exist or cannot be executed (POSIX, 2.8.2).
const NOT_RUN: [i32; 2] = [126, 127];

/// What starts no program is said in few lines: so many bytes from the beginning and from the end are looked at.
const NEAR: usize = 32 * 1024;

/// Returns why the program of a check could not start and, after a semicolon, the command that mends it; nothing if it
/// did start. Only the exit code, and what shells, make and package managers print in one fixed form, are evidence: a
/// test may well print that something was not found.
pub fn cannot_run(output: &[u8], code: i32, findings: &Findings) -> Option<String> {
    let ends: Vec<u8> = if output.len() > 2 * NEAR {
        [&output[..NEAR], b"\n", &output[output.len() - NEAR..]].concat()
    } else {
        output.to_vec()
    };
    let output = Output::new(&ends, &[]);
    let lines = || output.lines().map(|(_, line)| line.trim());
    let missed = lines().rev().find_map(missed);
    if NOT_RUN.contains(&code) || lines().any(is_echo) {
        return missed.map(Missed::text).or_else(|| NOT_RUN.contains(&code).then(|| last_words(&output, code)));
    }
    if code == 0 || findings.tests.is_some_and(|tests| tests.failed > 0) {
        return None;
    }
    if let Some(why) = lines().find_map(said_by_a_tool) {
        return Some(why);
    }
    // A script that went on after the shell had said so: it counts if nothing else was said of what failed.
    let only = findings.failures.as_slice();
    let is_all = |missed: &Missed<'_>| matches!(only, [failure] if failure.id.ends_with(missed.said));
    missed.filter(is_all).map(Missed::text)
}

/// Whether make says that a command of a recipe was not run: `make: *** [Makefile:2: test] Error 127`.
fn is_echo(line: &str) -> bool {
    line.contains("*** [") && (line.ends_with("] Error 127") || line.ends_with("] Error 126"))
}

fn last_words(output: &Output, code: i32) -> String {
    let last = output.lines().map(|(_, line)| line.trim()).rfind(|line| !line.is_empty());
    last.map_or_else(
        || format!("exit code {code}: its program cannot be started"),
        |line| format!("exit {code}: {line}"),
    )
}

/// A program that a shell did not find, or was not allowed to run.
struct Missed<'a> {
    /// The words of it that do not change from run to run.
    said: &'a str,
    name: &'a str,
    is_forbidden: bool,
}

/// Returns the name of a program, without quotes.
fn bare(name: &str) -> Option<&str> {
    let name = name.trim_matches(['\'', '"', '‘', '’', '`']);
    (!name.is_empty() && !name.contains(char::is_whitespace)).then_some(name)
}

/// Reads what a shell, make or env prints: `sh: 1: pytest: not found`, `zsh:1: command not found: pytest`.
fn missed(line: &str) -> Option<Missed<'_>> {
    if let Some((who, name)) = line.split_once(": command not found: ") {
        return Some(Missed { said: &line[who.len()..], name: bare(name)?, is_forbidden: false });
    }
    let (before, said) = line.rsplit_once(": ")?;
    let (who, name) = before.rsplit_once(": ")?;
    let is_forbidden = said.eq_ignore_ascii_case("permission denied");
    let is_gone = matches!(said.to_ascii_lowercase().as_str(), "not found" | "command not found");
    let no_file = said == "No such file or directory";
    let speaker = who.split(':').next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    let is_shell = ["sh", "bash", "dash", "zsh", "ksh", "busybox", "env", "make", "gmake", "xargs", "time", "timeout"]
        .contains(&speaker)
        || speaker.rsplit_once('.').is_some_and(|(_, kind)| kind == "sh");
    let is_numbered =
        who.rsplit_once(": ").is_some_and(|(_, at)| at.trim_start_matches("line ").parse::<u32>().is_ok());
    (is_gone && (is_shell || is_numbered) || (is_forbidden || no_file) && is_shell)
        .then(|| Some(Missed { said: &line[who.len()..], name: bare(name)?, is_forbidden }))
        .flatten()
}

impl Missed<'_> {
    fn text(self) -> String {
        let name = self.name;
        match (self.is_forbidden, name.contains('/')) {
            (true, true) => format!("`{name}` may not be executed; `chmod +x {name}` mends it"),
            (true, false) => format!("`{name}` may not be executed"),
            (false, true) => format!("there is no `{name}`, or the program that its first line names is missing"),
            (false, false) => lacking(name),
        }
    }
}

/// Says that a program is not there, and what brings it.
fn lacking(name: &str) -> String {
    match brings(name) {
        Some(command) => format!("`{name}` is not installed; `{command}` gets it"),
        None => format!("`{name}` is not installed, or not on the PATH of the supervisor"),
    }
}

/// Returns the command that brings a program, where there is one that everybody would use.
fn brings(name: &str) -> Option<String> {
    let system = |apt: &str, brew: &str| {
        if cfg!(target_os = "macos") { format!("brew install {brew}") } else { format!("sudo apt-get install {apt}") }
    };
    let command = match name {
        "cargo" | "rustc" | "rustup" => "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh".to_owned(),
        "cc" | "gcc" | "g++" | "clang" | "ld" | "make" if cfg!(target_os = "macos") => {
            "xcode-select --install".to_owned()
        }
        "cc" | "gcc" | "g++" | "ld" | "make" => "sudo apt-get install build-essential".to_owned(),
        "clang" | "cmake" | "git" | "shellcheck" => system(name, name),
        "python" if !cfg!(target_os = "macos") => "sudo apt-get install python-is-python3".to_owned(),
        "python" | "python3" => system("python3", "python3"),
        "pip" | "pip3" => system("python3-pip", "python3"),
        "pytest" | "ruff" | "mypy" | "black" | "flake8" | "pylint" | "tox" | "nox" | "coverage" => {
            format!("python3 -m pip install {name}")
        }
        "uv" => "curl -LsSf https://astral.sh/uv/install.sh | sh".to_owned(),
        "node" => system("nodejs", "node"),
        "npm" | "npx" => system("npm", "node"),
        "pnpm" | "yarn" => format!("corepack enable {name}"),
        "vitest" | "jest" | "mocha" | "tsc" | "eslint" | "prettier" | "biome" | "playwright" => {
            "npm install".to_owned()
        }
        "go" | "gofmt" => system("golang-go", "go"),
        "just" => "cargo install just --locked".to_owned(),
        "ruby" | "bundle" => system("ruby-full", "ruby"),
        "php" => system("php-cli", "php"),
        _ => return None,
    };
    Some(command)
}

/// Reads the fixed sentences with which a package manager says that it has not what it should run.
fn said_by_a_tool(line: &str) -> Option<String> {
    let quoted = |rest: &str| rest.split(['\'', '`', '"']).next().map(str::to_owned);
    let error = line.strip_prefix("error: ");
    if error.is_some_and(|said| said.starts_with("rustup could not choose a version of ")) {
        return Some("no Rust toolchain is chosen; `rustup default stable` mends it".to_owned());
    }
    let missing = error.and_then(|said| said.strip_prefix("override ").or(Some(said))?.strip_prefix("toolchain '"));
    if let Some(name) = missing.filter(|rest| rest.contains("' is not installed")).and_then(quoted) {
        return Some(format!("the Rust toolchain {name} is not installed; `rustup toolchain install {name}` gets it"));
    }
    if let Some(name) = error.and_then(|said| said.strip_prefix("no such command: `")).and_then(quoted) {
        return Some(format!("cargo has no command `{name}`; `cargo install cargo-{name} --locked` gets it"));
    }
    let part =
        error.and_then(|said| said.strip_prefix('\'')).filter(|rest| rest.contains("' is not installed for the"));
    if let Some(program) = part.and_then(quoted) {
        let name = if program == "cargo-fmt" { "rustfmt" } else { program.trim_start_matches("cargo-") };
        return Some(format!("`{program}` is not installed; `rustup component add {name}` gets it"));
    }
    let linker = error.and_then(|said| said.strip_prefix("linker `")).filter(|rest| rest.ends_with("` not found"));
    if let Some(name) = linker.and_then(quoted) {
        return Some(lacking(&name));
    }
    if let Some((python, module)) = line.split_once(": No module named ")
        && is_python(python)
        && !module.contains([' ', '.'])
    {
        let module = module.trim_matches('\'');
        return Some(format!("Python has no {module}; `{python} -m pip install {module}` gets it"));
    }
    let npm = ["npm error ", "npm ERR! "].iter().find_map(|head| line.strip_prefix(head));
    if npm.is_some_and(|said| said.starts_with("could not determine executable to run")) {
        return Some("npx has nothing of that name to run; `npm install` gets what package.json names".to_owned());
    }
    if let Some(name) = npm.and_then(|said| said.strip_prefix("Missing script: \"")).and_then(quoted) {
        return Some(format!("package.json has no script {name}; `npm run` lists those it has"));
    }
    if let Some(name) = line.strip_prefix("error Command \"").filter(|rest| rest.ends_with("\" not found.")) {
        let name = name.trim_end_matches("\" not found.");
        return Some(format!("yarn has no `{name}`; `yarn install` gets what package.json names"));
    }
    line.starts_with("xcrun: error: invalid active developer path")
        .then(|| "Apple's command line tools are missing; `xcode-select --install` gets them".to_owned())
}

/// Whether a text is the name of a Python interpreter, as it calls itself.
fn is_python(text: &str) -> bool {
    let name = text.rsplit('/').next().unwrap_or_default();
    let version = name.strip_prefix("python");
    !text.contains(char::is_whitespace)
        && version.is_some_and(|version| version.chars().all(|letter| letter.is_ascii_digit() || letter == '.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::findings::read;

    fn why(output: &str, code: i32) -> Option<String> {
        let findings = read(output.as_bytes(), Some(code), &|_| false, &[]);
        cannot_run(output.as_bytes(), code, &findings)
    }

    #[test]
    fn a_program_that_is_not_there_is_named_with_what_brings_it() {
        let cargo =
            "`cargo` is not installed; `curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh` gets it";
        let pytest = "`pytest` is not installed; `python3 -m pip install pytest` gets it";
        let vitest = "`vitest` is not installed; `npm install` gets it";
        for (said, code, expected) in [
            ("/bin/sh: 1: cargo: not found\n", 127, cargo),
            ("/bin/sh: line 1: cargo: command not found\n", 127, cargo),
            ("sh: cargo: not found\n", 127, cargo),
            ("zsh:1: command not found: cargo\n", 127, cargo),
            ("make: cargo: No such file or directory\nmake: *** [Makefile:2: test] Error 127\n", 2, cargo),
            ("pytest -q\nsh: 1: pytest: not found\nmake: *** [Makefile:5: test] Error 127\n", 2, pytest),
            ("./check.sh: line 3: pytest: command not found\n", 1, pytest),
            ("> web@1.0.0 test\n> vitest run\n\nsh: 1: vitest: not found\n", 127, vitest),
            (
                "error: rustup could not choose a version of cargo to run, because one wasn't specified explicitly, and no default is configured.\n",
                1,
                "no Rust toolchain is chosen; `rustup default stable` mends it",
            ),
            (
                "error: toolchain '1.80.0-x86_64-unknown-linux-gnu' is not installed\n",
                1,
                "the Rust toolchain 1.80.0-x86_64-unknown-linux-gnu is not installed; \
                 `rustup toolchain install 1.80.0-x86_64-unknown-linux-gnu` gets it",
            ),
            (
                "error: no such command: `nextest`\n\nhelp: view all installed commands with `cargo --list`\n",
                101,
                "cargo has no command `nextest`; `cargo install cargo-nextest --locked` gets it",
            ),
            (
                "error: 'cargo-clippy' is not installed for the toolchain 'stable-x86_64-unknown-linux-gnu'.\n",
                1,
                "`cargo-clippy` is not installed; `rustup component add clippy` gets it",
            ),
            (
                "/usr/bin/python3: No module named pytest\n",
                1,
                "Python has no pytest; `/usr/bin/python3 -m pip install pytest` gets it",
            ),
            (
                "/bin/sh: 1: ./run.sh: Permission denied\n",
                126,
                "`./run.sh` may not be executed; `chmod +x ./run.sh` mends it",
            ),
            ("/bin/sh: 1: frob: not found\n", 127, "`frob` is not installed, or not on the PATH of the supervisor"),
            ("it gave up\n", 127, "exit 127: it gave up"),
            (
                "npm error Missing script: \"test\"\n",
                1,
                "package.json has no script test; `npm run` lists those it has",
            ),
        ] {
            assert_eq!(why(said, code).as_deref(), Some(expected), "{said}");
        }
    }

    #[test]
    fn a_linker_that_is_not_there_is_no_failure_of_the_code() {
        let said = "   Compiling late-fees v0.1.0\nerror: linker `cc` not found\n  |\n  = note: No such file or directory (os error 2)\n\nerror: could not compile `late-fees` (lib test) due to 1 previous error\n";
        assert!(why(said, 101).is_some_and(|why| why.starts_with("`cc` is not installed; `")));
    }

    #[test]
    fn what_a_test_prints_is_no_evidence() {
        for said in [
            "AssertionError: user: not found\n",
            "test a ... FAILED\n\n---- a stdout ----\nsh: 1: cargo: not found\n\nfailures:\n    a\n\ntest result: FAILED. 0 passed; 1 failed; 0 ignored\n",
            "ModuleNotFoundError: No module named 'shop'\n",
            "src/main.rs:3: error: file: not found\n",
            "warning: sh: 1: cargo: not found\nsrc/a.c:3:4: error: expected ';'\n",
            "error: no such table: users\n",
        ] {
            assert_eq!(why(said, 1), None, "{said}");
        }
        assert_eq!(why("sh: 1: cargo: not found\n", 0), None);
    }
}
