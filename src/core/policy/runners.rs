//! Test runners, linters, formatters and builds: what any agent may run, as the checks do.

use super::word::Word;

/// Their first words. They run the project's code, but so do the checks, and the agent may edit that code. Further
/// arguments only choose what is run and how it is shown. A `*` stands for any letters.
const RUNNERS: &[&str] = &[
    "cargo test", "cargo t", "cargo nextest run", "cargo nextest list", "cargo check", "cargo c", "cargo clippy", "cargo build", "cargo b",
    "cargo fmt", "cargo doc", "cargo tree", "cargo metadata", "cargo insta test", "rustfmt", "rustc --version",
    "pytest", "py.test", "python* -m pytest", "python* -m unittest", "python* -m doctest", "python* -m mypy", "python* -m ruff",
    "python* -m black", "python* -m flake8", "python* -m pylint", "python* -m compileall", "python* -m py_compile",
    "ruff", "black", "isort", "flake8", "mypy", "pyright", "pylint", "pyflakes", "bandit", "tox", "nox",
    "go test", "go vet", "go build", "go fmt", "go list", "gofmt", "gofumpt", "goimports", "golangci-lint run", "staticcheck",
    "npm test", "npm t", "npm run test*", "npm run lint*", "npm run check*", "npm run type*", "npm run tsc*", "npm run format*",
    "npm run build*", "npm run-script test*",
    "yarn test*", "yarn lint*", "yarn check*", "yarn type*", "yarn run test*", "yarn run lint*", "yarn build", "yarn run build",
    "pnpm test*", "pnpm lint*", "pnpm run test*", "pnpm run lint*", "pnpm typecheck", "pnpm run typecheck", "pnpm build", "pnpm run build",
    "bun test", "bun run test*", "bun run lint*", "deno test", "deno lint", "deno fmt", "deno check",
    "jest", "vitest", "mocha", "ava", "tap", "tape", "jasmine", "karma start", "playwright test", "cypress run", "node --test",
    "node --check", "tsc", "tsd", "eslint", "prettier", "biome check", "biome lint", "biome format", "biome ci", "oxlint", "stylelint",
    "standard", "xo", "vue-tsc", "svelte-check", "next lint", "ng test", "ng lint", "nx test", "nx lint", "turbo test", "turbo lint",
    "rspec", "rake test*", "rake spec*", "rails test*", "rails spec", "rubocop", "standardrb", "minitest", "cucumber", "ruby -c",
    "phpunit", "pest", "phpstan", "psalm", "phpcs", "phpcbf", "php-cs-fixer", "php -l", "composer test", "composer validate",
    "mvn test", "mvnw test", "gradle test", "gradle check", "gradle build", "gradlew test", "gradlew check", "gradlew build",
    "gradlew lint*", "sbt test", "lein test", "mix test", "mix format", "mix credo", "mix compile", "dotnet test", "dotnet build",
    "dotnet format", "swift test", "swift build", "swiftlint", "zig build", "zig test", "zig fmt", "ctest", "meson test", "stack test",
    "cabal test", "hlint", "dart test", "dart analyze", "dart format", "flutter test", "flutter analyze", "elm-test",
    "make test*", "make check*", "make lint*", "make fmt", "just test*", "just check*", "just lint*", "task test*",
    "shellcheck", "shfmt", "hadolint", "yamllint", "markdownlint*", "actionlint", "taplo", "clang-format", "clang-tidy", "cppcheck",
    "bats", "terraform validate", "terraform fmt", "tflint", "ansible-lint", "sqlfluff lint", "pre-commit run",
];


/// Whether a command is a runner; its arguments may still name places outside.
pub(super) fn is_runner(program: &str, args: &[Word]) -> bool {
    // `go test -exec PROGRAM`, `terraform … -exec`: they run something else.
    if args.iter().any(|arg| !arg.known || ["-exec", "--exec", "-toolexec"].iter().any(|run| arg.text.starts_with(run))) {
        return false;
    }
    RUNNERS.iter().any(|runner| {
        let mut words = runner.split(' ');
        let first = words.next().unwrap_or_default();
        let mut args = args.iter();
        super::database::fits(program, first)
            && words.all(|word| args.next().is_some_and(|arg| super::database::fits(&arg.text, word)))
    })
}
