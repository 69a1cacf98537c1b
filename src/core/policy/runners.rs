//! Test runners, linters, formatters and builds: what any agent may run, as the checks do.

use super::glob::fits;
use super::word::Word;

/// Their first words. They run the project's code, but so do the checks, and the agent may edit that code. Further
/// arguments only choose what is run and how it is shown. A `*` stands for any letters.
const RUNNERS: &[&str] = &[
    "cargo test",
    "cargo t",
    "cargo nextest run",
    "cargo nextest list",
    "cargo check",
    "cargo c",
    "cargo clippy",
    "cargo build",
    "cargo b",
    "cargo fmt",
    "cargo doc",
    "cargo tree",
    "cargo metadata",
    "cargo insta test",
    "rustfmt",
    "rustc --version",
    "pytest",
    "py.test",
    "python* -m pytest",
    "python* -m unittest",
    "python* -m doctest",
    "python* -m mypy",
    "python* -m ruff",
    "python* -m black",
    "python* -m flake8",
    "python* -m pylint",
    "python* -m compileall",
    "python* -m py_compile",
    "ruff",
    "black",
    "isort",
    "flake8",
    "mypy",
    "pyright",
    "pylint",
    "pyflakes",
    "bandit",
    "tox",
    "nox",
    "go test",
    "go vet",
    "go build",
    "go fmt",
    "go list",
    "gofmt",
    "gofumpt",
    "goimports",
    "golangci-lint run",
    "staticcheck",
    "npm test",
    "npm t",
    "npm run test*",
    "npm run lint*",
    "npm run check*",
    "npm run type*",
    "npm run tsc*",
    "npm run format*",
    "npm run build*",
    "npm run-script test*",
    "yarn test*",
    "yarn lint*",
    "yarn check*",
    "yarn type*",
    "yarn run test*",
    "yarn run lint*",
    "yarn build",
    "yarn run build",
    "pnpm test*",
    "pnpm lint*",
    "pnpm run test*",
    "pnpm run lint*",
    "pnpm typecheck",
    "pnpm run typecheck",
    "pnpm build",
    "pnpm run build",
    "bun test",
    "bun run test*",
    "bun run lint*",
    "deno test",
    "deno lint",
    "deno fmt",
    "deno check",
    "jest",
    "vitest",
    "mocha",
    "ava",
    "tap",
    "tape",
    "jasmine",
    "karma start",
    "playwright test",
    "cypress run",
    "node --test",
    "node --check",
    "tsc",
    "tsd",
    "eslint",
    "prettier",
    "biome check",
    "biome lint",
    "biome format",
    "biome ci",
    "oxlint",
    "stylelint",
    "standard",
    "xo",
    "vue-tsc",
    "svelte-check",
    "next lint",
    "ng test",
    "ng lint",
    "nx test",
    "nx lint",
    "turbo test",
    "turbo lint",
    "rspec",
    "rake routes",
    "rake test*",
    "rake spec*",
    "rails routes",
    "rails test*",
    "rails spec",
    "rubocop",
    "standardrb",
    "minitest",
    "cucumber",
    "ruby -c",
    "phpunit",
    "pest",
    "phpstan",
    "psalm",
    "phpcs",
    "phpcbf",
    "php-cs-fixer",
    "php -l",
    "composer test",
    "composer validate",
    "mvn clean",
    "mvn compile",
    "mvn test",
    "mvn verify",
    "mvnw clean",
    "mvnw compile",
    "mvnw test",
    "mvnw verify",
    "gradle clean",
    "gradle test",
    "gradle check",
    "gradle build",
    "gradlew clean",
    "gradlew test",
    "gradlew check",
    "gradlew build",
    "gradlew lint*",
    "sbt compile",
    "sbt test",
    "lein test",
    "mix test",
    "mix format",
    "mix credo",
    "mix compile",
    "dotnet test",
    "dotnet build",
    "dotnet format",
    "swift test",
    "swift build",
    "swiftlint",
    "zig build",
    "zig test",
    "zig fmt",
    "ctest",
    "meson test",
    "stack test",
    "cabal test",
    "hlint",
    "dart test",
    "dart analyze",
    "dart format",
    "flutter test",
    "flutter analyze",
    "elm-test",
    "make test*",
    "make check*",
    "make lint*",
    "make fmt",
    "just test*",
    "just check*",
    "just lint*",
    "shellcheck",
    "shfmt",
    "hadolint",
    "yamllint",
    "markdownlint*",
    "actionlint",
    "taplo",
    "clang-format",
    "clang-tidy",
    "cppcheck",
    "bats",
    "terraform validate",
    "terraform fmt",
    "tflint",
    "ansible-lint",
    "sqlfluff lint",
    "pre-commit run",
];

/// Runners of which every word is a goal of its own.
const GOALS: [&str; 8] = ["make", "gmake", "rake", "gradle", "gradlew", "mvn", "mvnw", "sbt"];

/// Options by which a runner is told to run something else, in words that nobody reads here.
const REFUSED: &[(&str, &[&str])] = &[
    ("rake", &["-e", "-E", "-p", "-f", "-r", "-R", "--execute", "--rakefile", "--require", "--rakelibdir"]),
    ("node", &["-e", "-p", "-r", "--eval", "--print", "--require", "--import", "--loader", "--experimental-loader"]),
    ("ruby", &["-e", "-r", "-n", "-p", "-x"]),
    ("php", &["-r", "-B", "-R", "-E", "-d"]),
    ("cargo", &["--config"]),
    ("go", &["-vettool", "-toolexec", "-exec", "-pkgdir"]),
    ("ctest", &["-S", "--build-and-test", "--test-command", "--script"]),
    ("meson", &["--wrapper", "--gdb-path"]),
    ("tox", &["-x", "--override"]),
];

/// Whether a command is a runner; its arguments may still name places outside.
pub(super) fn is_runner(program: &str, args: &[Word]) -> bool {
    // `go test -exec PROGRAM`, `terraform … -exec`: they run something else.
    let runs = |arg: &Word| ["-exec", "--exec", "-toolexec"].iter().any(|run| arg.text.starts_with(run));
    if args.iter().any(|arg| !arg.known || runs(arg)) {
        return false;
    }
    let refused = REFUSED.iter().find(|(name, _)| *name == program).map_or(&[][..], |(_, options)| options);
    // Behind `--` all is for what is run.
    let own = args.iter().take_while(|arg| !arg.is("--"));
    if own.clone().any(|arg| refused.iter().any(|option| is_given(&arg.text, option))) {
        return false;
    }
    let fits_runner = |args: &[&Word]| {
        RUNNERS.iter().any(|runner| {
            let mut words = runner.split(' ');
            let first = words.next().unwrap_or_default();
            let mut args = args.iter();
            fits(program, first) && words.all(|word| args.next().is_some_and(|arg| fits(&arg.text, word)))
        })
    };
    if GOALS.contains(&program) {
        let is_value =
            |at: usize| at > 0 && ["-x", "--tests", "-C", "--exclude-task"].iter().any(|it| args[at - 1].is(it));
        let is_goal = |at: usize, arg: &Word| {
            // `make test V=1`; `-j 4`
            let is_setting = arg.text.contains('=') || arg.text.chars().all(|letter| letter.is_ascii_digit());
            !arg.text.starts_with('-') && !is_setting && !is_value(at)
        };
        let goals: Vec<&Word> =
            args.iter().enumerate().filter(|(at, arg)| is_goal(*at, arg)).map(|(_, arg)| arg).collect();
        return !goals.is_empty() && goals.iter().all(|goal| fits_runner(&[*goal]));
    }
    fits_runner(&args.iter().collect::<Vec<_>>())
}

/// Whether an argument is this option, with or without a value: `-e`, `-eCODE`, `--eval=CODE`, `-vettool=x`.
fn is_given(arg: &str, option: &str) -> bool {
    let is_short = option.len() == 2;
    arg.strip_prefix(option)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('=') || (is_short && !arg.starts_with("--")))
}
