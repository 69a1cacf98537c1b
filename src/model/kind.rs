//! What kinds of project there are, and which of their files hold the tests and the runner's configuration.

use serde::{Deserialize, Serialize};

/// A kind of project, by its language or build tool. A project may be of several kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProjectKind {
    /// Cargo.
    Rust,
    /// npm, yarn, pnpm, bun: whatever has a `package.json`.
    Node,
    /// pytest and its neighbours.
    Python,
    /// Go modules.
    Go,
    /// Bundler, rake, `RSpec`.
    Ruby,
    /// What any project may have; part of every project's kinds.
    Other,
}

impl ProjectKind {
    /// Returns globs of the files that say what is right: tests, fixtures, snapshots. A fix that changes one waits for
    /// a yes.
    pub fn test_globs(self) -> &'static [&'static str] {
        match self {
            Self::Rust => &["**/tests/**", "**/tests.rs", "**/*_test.rs", "**/*_tests.rs", "**/snapshots/**/*.snap"],
            Self::Node => &[
                "**/*.test.*",
                "**/*.spec.*",
                "**/*.test-d.ts",
                "**/__tests__/**",
                "**/__mocks__/**",
                "**/__snapshots__/**",
                "**/__fixtures__/**",
                "e2e/**",
                "cypress/**",
            ],
            Self::Python => {
                &["**/test_*.py", "**/*_test.py", "**/conftest.py", "**/tests/**", "**/*.ambr", "**/doctest_*.txt"]
            }
            Self::Go => &["**/*_test.go", "**/testdata/**"],
            Self::Ruby => &["**/*_spec.rb", "**/*_test.rb", "**/test_*.rb", "spec/**", "features/**"],
            Self::Other => &["test/**", "tests/**", "spec/**", "**/*.bats", "**/*.golden"],
        }
    }

    /// Returns globs of the files that say how checks are run. A fix that changes one waits for a yes.
    pub fn config_files(self) -> &'static [&'static str] {
        match self {
            Self::Rust => &[
                "**/Cargo.toml",
                "**/build.rs",
                "**/.cargo/**",
                "**/.config/nextest.toml",
                "**/clippy.toml",
                "**/.clippy.toml",
                "**/rustfmt.toml",
                "**/.rustfmt.toml",
                "rust-toolchain",
                "rust-toolchain.toml",
                "deny.toml",
            ],
            Self::Node => &[
                "**/package.json",
                "**/.npmrc",
                "**/jest.config.*",
                "**/jest.setup.*",
                "**/vitest.config.*",
                "**/vitest.workspace.*",
                "**/vite.config.*",
                "**/playwright.config.*",
                "**/karma.conf.*",
                "**/.mocharc*",
                "**/babel.config.*",
                "**/.babelrc*",
                "**/tsconfig*.json",
                "**/eslint.config.*",
                "**/.eslintrc*",
                "**/.eslintignore",
                "**/biome.json*",
                "**/.prettierrc*",
            ],
            Self::Python => &[
                "**/pyproject.toml",
                "**/pytest.ini",
                "**/.pytest.ini",
                "**/tox.ini",
                "**/setup.cfg",
                "**/setup.py",
                "**/noxfile.py",
                "**/mypy.ini",
                "**/.mypy.ini",
                "**/pyrightconfig.json",
                "**/ruff.toml",
                "**/.ruff.toml",
                "**/.flake8",
                "**/.pylintrc",
                "**/.coveragerc",
                "**/sitecustomize.py",
            ],
            Self::Go => &["**/go.mod", "go.work", "**/.golangci.*"],
            Self::Ruby => &["**/Gemfile", "**/*.gemspec", "**/Rakefile", "**/.rspec", "**/.rubocop*.yml"],
            Self::Other => {
                &["**/Makefile", "**/makefile", "**/GNUmakefile", "**/justfile", "**/Justfile", "**/.justfile"]
            }
        }
    }
}
