//! What a file is to a check: a test, a recorded expectation, the configuration of a runner, or something else.

use std::sync::LazyLock;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Tests, by the names that runners look for.
const TESTS: [&str; 18] = [
    "**/test_*.py",
    "**/*_test.py",
    "**/tests.py",
    "**/tests/**",
    "**/test/**",
    "**/__tests__/**",
    "**/*.test.*",
    "**/*.spec.*",
    "**/*.cy.*",
    "**/*_test.go",
    "**/*_test.exs",
    "**/spec/**/*.rb",
    "**/*_test.rb",
    "**/*_test.dart",
    "**/*Test.php",
    "**/*Test.java",
    "**/*Test.kt",
    "**/*Tests.cs",
];

/// Recorded expectations, which a runner compares with.
const SNAPSHOTS: [&str; 9] = [
    "**/*.snap",
    "**/*.snap.new",
    "**/__snapshots__/**",
    "**/snapshots/*.txt",
    "**/*.golden",
    "**/golden/**",
    "**/testdata/**",
    "**/*.approved.*",
    "**/*.expected",
];

/// What decides which checks run, how strict they are, and what an agent may do and is told.
const CONFIGURATION: [&str; 75] = [
    "**/pytest.ini",
    "**/.pytest.ini",
    "**/tox.ini",
    "**/noxfile.py",
    "**/conftest.py",
    "**/.coveragerc",
    "**/mypy.ini",
    "**/.mypy.ini",
    "**/ruff.toml",
    "**/.ruff.toml",
    "**/.flake8",
    "**/.pylintrc",
    "**/pylintrc",
    "**/pyrightconfig.json",
    "**/sitecustomize.py",
    "**/usercustomize.py",
    "**/pytest.py",
    "**/jest.config.*",
    "**/jest.setup.*",
    "**/vitest.config.*",
    "**/vitest.setup.*",
    "**/vitest.workspace.*",
    "**/vite.config.*",
    "**/.mocharc*",
    "**/karma.conf.*",
    "**/playwright.config.*",
    "**/cypress.config.*",
    "**/.nycrc*",
    "**/.c8rc*",
    "**/tsconfig*.json",
    "**/jsconfig.json",
    "**/.eslintrc*",
    "**/eslint.config.*",
    "**/.eslintignore",
    "**/.prettierrc*",
    "**/.prettierignore",
    "**/biome.json*",
    "**/.oxlintrc*",
    "**/.stylelintrc*",
    "**/babel.config.*",
    "**/clippy.toml",
    "**/.clippy.toml",
    "**/rustfmt.toml",
    "**/.rustfmt.toml",
    "**/.cargo/config*",
    "**/.config/nextest.toml",
    "**/rust-toolchain*",
    "**/.golangci.*",
    "**/.rspec",
    "**/.rubocop*",
    "**/phpunit.xml*",
    "**/phpstan.neon*",
    "**/Makefile",
    "**/makefile",
    "**/GNUmakefile",
    "**/justfile",
    "**/Justfile",
    "**/.justfile",
    "**/Taskfile.y*ml",
    "**/Rakefile",
    "orchestrator.toml",
    "**/.pre-commit-config.y*ml",
    "**/lefthook.y*ml",
    "**/.husky/**",
    ".github/**",
    ".gitlab-ci.yml",
    ".circleci/**",
    ".ci/**",
    "azure-pipelines.yml",
    "Jenkinsfile",
    "**/.claude/**",
    "**/.mcp.json",
    "**/.envrc",
    "**/.gitattributes",
    "**/feedback/*.md",
];

/// What was installed, not written, here.
const INSTALLED: [&str; 5] =
    ["**/node_modules/**", "**/site-packages/**", "**/.venv/**", "**/venv/**", "**/.cargo/registry/**"];

/// Manifests that hold dependencies and the runners' configuration side by side; judged by section.
const MANIFESTS: [&str; 5] = ["Cargo.toml", "package.json", "pyproject.toml", "setup.cfg", "composer.json"];

/// What a file is to a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The settings say that nobody touches it without a yes.
    Protected,
    /// It holds dependencies, and perhaps a runner's configuration.
    Manifest,
    /// It configures a runner, a linter, the build steps or the agent.
    Configuration,
    /// It was installed.
    Installed,
    /// A runner compares with it.
    Snapshot,
    /// It holds tests.
    Test,
    /// Anything else.
    Source,
}

/// What is known for every project, compiled once.
static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let known = |globs: &[&str]| set(globs.iter().map(|glob| (*glob).to_owned()));
    Known {
        configuration: known(&CONFIGURATION),
        installed: known(&INSTALLED),
        snapshots: known(&SNAPSHOTS),
        tests: known(&TESTS),
    }
});

struct Known {
    configuration: GlobSet,
    installed: GlobSet,
    snapshots: GlobSet,
    tests: GlobSet,
}

/// Tells what files are.
pub(super) struct Kinds {
    protected: GlobSet,
    configuration: GlobSet,
    tests: GlobSet,
}

impl Kinds {
    /// Takes the project's own globs; those that are known for every project are added.
    pub(super) fn new(protected: &[String], test_globs: &[String], config_globs: &[String]) -> Self {
        let own = |globs: &[String]| set(globs.iter().map(|glob| anywhere(glob)));
        Self { protected: own(protected), configuration: own(config_globs), tests: own(test_globs) }
    }

    /// Tells what a file is; the strictest meaning wins.
    pub(super) fn of(&self, path: &str) -> Kind {
        let name = path.rsplit('/').next().unwrap_or_default();
        if self.protected.is_match(path) {
            Kind::Protected
        } else if KNOWN.installed.is_match(path) {
            Kind::Installed
        } else if MANIFESTS.contains(&name) {
            Kind::Manifest
        } else if self.configuration.is_match(path) || KNOWN.configuration.is_match(path) {
            Kind::Configuration
        } else if KNOWN.snapshots.is_match(path) {
            Kind::Snapshot
        } else if self.tests.is_match(path) || KNOWN.tests.is_match(path) {
            Kind::Test
        } else {
            Kind::Source
        }
    }
}

/// A glob without a folder means any folder, as in `.gitignore`.
fn anywhere(glob: &str) -> String {
    let glob = glob.trim_start_matches("./");
    match glob.trim_end_matches('/').find('/') {
        _ if glob.ends_with('/') => format!("{}**", glob.trim_start_matches('/')),
        None => format!("**/{glob}"),
        Some(0) => glob.trim_start_matches('/').to_owned(),
        Some(_) => glob.to_owned(),
    }
}

fn set(globs: impl Iterator<Item = String>) -> GlobSet {
    let mut builder = GlobSetBuilder::new();
    for glob in globs {
        // The configuration has refused bad globs with a place and a hint; here one can only match nothing.
        if let Ok(glob) = GlobBuilder::new(&glob).literal_separator(true).build() {
            builder.add(glob);
        }
    }
    builder.build().unwrap_or_default()
}

/// Lists what an agent must not touch, as globs for a prompt: the project's own first, then those of its kind; without repeats.
pub fn protected_paths(protected: &[String], test_globs: &[String], config_globs: &[String]) -> Vec<String> {
    /// What every project protects.
    const ALWAYS: [&str; 5] = ["orchestrator.toml", ".claude/**", ".mcp.json", ".github/**", "**/feedback/*.md"];
    let mut paths: Vec<String> = Vec::new();
    let own = protected.iter().chain(test_globs).chain(config_globs).cloned();
    for path in own.chain(ALWAYS.iter().map(|path| (*path).to_owned())) {
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_by_their_names() {
        let kinds = Kinds::new(&["secrets/".to_owned(), "keep.rs".to_owned()], &[], &["/run.sh".to_owned()]);
        for (path, kind) in [
            ("src/cart.py", Kind::Source),
            ("src/latest.py", Kind::Source),
            ("src/contest/mod.rs", Kind::Source),
            ("tests/test_cart.py", Kind::Test),
            ("a/b_test.go", Kind::Test),
            ("src/cart.test.ts", Kind::Test),
            ("tests/conftest.py", Kind::Configuration),
            ("conftest.py", Kind::Configuration),
            ("run.sh", Kind::Configuration),
            ("sub/run.sh", Kind::Source),
            ("Makefile", Kind::Configuration),
            (".claude/settings.json", Kind::Configuration),
            (".github/workflows/ci.yml", Kind::Configuration),
            ("feedback/2025-11-18.md", Kind::Configuration),
            ("src/feedback/form.ts", Kind::Source),
            ("crates/a/Cargo.toml", Kind::Manifest),
            ("tests/__snapshots__/a.snap", Kind::Snapshot),
            ("node_modules/x/index.js", Kind::Installed),
            ("secrets/a/b.txt", Kind::Protected),
            ("src/keep.rs", Kind::Protected),
            ("Cargo.lock", Kind::Source),
        ] {
            assert_eq!(kinds.of(path), kind, "{path}");
        }
        assert_eq!(protected_paths(&["a".to_owned()], &["a".to_owned()], &[]).len(), 6);
    }
}
