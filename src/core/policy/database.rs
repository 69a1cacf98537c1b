//! Which commands execute something against a database, and which only write migration files.

use super::glob::fits;
use super::word::Word;

/// A tool by the first words of its command lines: what executes something, and what only writes files.
struct Tool {
    programs: &'static [&'static str],
    executes: &'static [&'static str],
    writes: &'static [&'static str],
    /// Whether each of its words is a goal of its own; else the first that means something decides.
    goals: bool,
}

const fn tool(
    programs: &'static [&'static str],
    executes: &'static [&'static str],
    writes: &'static [&'static str],
) -> Tool {
    Tool { programs, executes, writes, goals: false }
}

const fn goals(
    programs: &'static [&'static str],
    executes: &'static [&'static str],
    writes: &'static [&'static str],
) -> Tool {
    Tool { programs, executes, writes, goals: true }
}

/// Migration tools and the like. A `*` at the end of a word stands for any rest of it.
const TOOLS: &[Tool] = &[
    tool(
        &["prisma"],
        &["migrate deploy", "migrate dev", "migrate reset", "migrate resolve", "db push", "db execute", "db seed"],
        &["generate", "format", "validate", "migrate diff"],
    ),
    goals(
        &["rails", "rake"],
        &["db:*", "dbconsole", "db", "runner", "r"],
        &["generate", "g", "db:migrate:status", "db:version"],
    ),
    tool(
        &["manage.py", "django-admin", "django"],
        &["migrate", "flush", "loaddata", "dbshell", "reset_db", "createsuperuser", "syncdb"],
        &["makemigrations", "test", "check", "showmigrations", "sqlmigrate", "startapp"],
    ),
    tool(
        &["alembic"],
        &["upgrade", "downgrade", "stamp"],
        &["revision", "merge", "history", "heads", "branches", "show", "init"],
    ),
    tool(&["flask", "quart"], &["db upgrade", "db downgrade", "db stamp"], &["db revision", "db history", "routes"]),
    tool(&["flyway"], &["migrate", "clean", "repair", "baseline", "undo"], &["validate", "info"]),
    tool(
        &["liquibase"],
        &[
            "update*",
            "rollback*",
            "drop-all",
            "dropAll",
            "changelog-sync*",
            "changelogSync*",
            "execute-sql",
            "executeSql",
            "tag",
        ],
        &["status", "validate", "history"],
    ),
    tool(
        &["sqlx", "cargo-sqlx"],
        &[
            "migrate run",
            "migrate revert",
            "database create",
            "database drop",
            "database reset",
            "database setup",
            "db *",
        ],
        &["migrate add", "migrate info", "prepare"],
    ),
    tool(
        &["diesel"],
        &[
            "migration run",
            "migration revert",
            "migration redo",
            "setup",
            "database setup",
            "database reset",
            "database drop",
        ],
        &["migration generate", "migration list", "print-schema"],
    ),
    tool(
        &["sea-orm-cli", "sea"],
        &["migrate up", "migrate down", "migrate fresh", "migrate refresh", "migrate reset"],
        &["migrate generate", "migrate init", "migrate status", "generate"],
    ),
    tool(&["refinery"], &["migrate"], &["setup"]),
    tool(
        &["knex"],
        &["migrate:latest", "migrate:up", "migrate:down", "migrate:rollback", "migrate:unlock", "seed:run"],
        &["migrate:make", "migrate:list", "migrate:status", "seed:make", "init"],
    ),
    tool(
        &["supabase"],
        &["db push", "db reset", "db remote *", "migration up", "migration down", "migration repair", "seed *"],
        &["migration new", "migration list", "db diff", "db lint", "gen"],
    ),
    tool(
        &["sequelize", "sequelize-cli"],
        &["db:*"],
        &["migration:generate", "migration:create", "seed:generate", "model:generate", "init"],
    ),
    tool(
        &["typeorm", "typeorm-ts-node-commonjs", "typeorm-ts-node-esm"],
        &[
            "migration:run",
            "migration:revert",
            "schema:sync",
            "schema:drop",
            "query",
            "migrations:run",
            "migrations:revert",
        ],
        &["migration:create", "migration:generate", "migration:show", "entity:create", "schema:log"],
    ),
    tool(&["drizzle-kit"], &["push*", "migrate", "drop"], &["generate*", "check*", "up*"]),
    tool(
        &["mikro-orm"],
        &[
            "migration:up",
            "migration:down",
            "migration:fresh",
            "schema:update",
            "schema:drop",
            "schema:fresh",
            "seeder:run",
            "database:*",
        ],
        &["migration:create", "migration:list", "migration:check"],
    ),
    tool(&["node-pg-migrate"], &["up", "down", "redo"], &["create"]),
    tool(&["db-migrate"], &["up", "down", "reset", "db:*"], &["create"]),
    tool(&["migrate-mongo"], &["up", "down"], &["create", "init", "status"]),
    tool(
        &["payload"],
        &["migrate", "migrate:up", "migrate:down", "migrate:fresh", "migrate:reset", "migrate:refresh"],
        &["migrate:create"],
    ),
    tool(&["dotnet"], &["ef database *"], &["ef migrations *", "test", "build", "format"]),
    tool(&["dotnet-ef"], &["database *"], &["migrations *"]),
    goals(
        &["mix"],
        &["ecto.migrate", "ecto.rollback", "ecto.reset", "ecto.drop", "ecto.create", "ecto.setup", "ecto.load"],
        &["ecto.gen.*"],
    ),
    tool(&["artisan"], &["migrate*", "db:*", "db"], &["make:*", "test", "migrate:status"]),
    tool(
        &["console", "doctrine", "doctrine-migrations"],
        &[
            "doctrine:migrations:migrate",
            "doctrine:migrations:execute",
            "doctrine:schema:*",
            "doctrine:database:*",
            "doctrine:fixtures:load",
            "doctrine:query:*",
            "migrations:migrate",
            "migrations:execute",
            "orm:schema-tool:*",
            "dbal:run-sql",
        ],
        &[
            "make:*",
            "doctrine:migrations:diff",
            "doctrine:migrations:generate",
            "migrations:diff",
            "migrations:generate",
        ],
    ),
    tool(&["phinx"], &["migrate", "rollback", "seed:run", "breakpoint"], &["create", "seed:create", "status"]),
    goals(
        &["gradle", "gradlew", "mvn", "mvnw", "sbt"],
        &["*flyway*", "*Flyway*", "*liquibase*", "*Liquibase*", "update", "rollback", "dropAll", "jooq:*"],
        &["*flywayInfo", "*flywayValidate", "*flyway*:info", "*flyway*:validate"],
    ),
    tool(&["goose"], &["up*", "down*", "redo", "reset", "fix"], &["create", "status", "validate"]),
    tool(&["migrate"], &["up", "down", "goto", "drop", "force"], &["create", "version"]),
    tool(&["dbmate"], &["up", "down", "migrate", "rollback", "drop", "create", "load"], &["new", "status"]),
    tool(
        &["atlas"],
        &["migrate apply", "migrate set", "migrate down", "schema apply", "schema clean"],
        &["migrate diff", "migrate new", "migrate hash", "migrate lint", "migrate validate"],
    ),
    tool(&["tern"], &["migrate"], &["new", "status"]),
    tool(&["sqitch"], &["deploy", "revert", "rebase", "rework", "checkout"], &["add", "status", "log"]),
    tool(&["yoyo"], &["apply", "rollback", "reapply", "mark", "unmark", "develop"], &["new", "list"]),
    tool(
        &["hasura"],
        &["migrate apply", "metadata apply", "seed apply", "migrate delete"],
        &["migrate create", "migrate status"],
    ),
    tool(
        &["wrangler"],
        &["d1 execute", "d1 migrations apply", "d1 delete"],
        &["d1 migrations create", "d1 migrations list"],
    ),
    tool(&["turso"], &["db shell", "db destroy"], &[]),
    tool(&["heroku"], &["pg:*", "run"], &[]),
    tool(
        &["edgedb", "gel"],
        &["migrate", "migration apply", "query", "database *", "instance *"],
        &["migration create", "migration status"],
    ),
    tool(&["aerich"], &["upgrade", "downgrade", "init-db"], &["migrate", "history", "init"]),
    tool(&["nhost", "directus"], &["database *", "bootstrap"], &[]),
    tool(&["strapi"], &["transfer", "import"], &[]),
];

/// Programs whose every use but asking for help executes something.
const ALWAYS: [&str; 16] = [
    "createdb",
    "dropdb",
    "createuser",
    "dropuser",
    "pg_restore",
    "vacuumdb",
    "reindexdb",
    "clusterdb",
    "pgbench",
    "mysqladmin",
    "mysqlimport",
    "mysql_upgrade",
    "mongorestore",
    "mongoimport",
    "initdb",
    "pg_ctl",
];

/// Clients that execute what they are given; options that give them something, and whether operands do: the number of
/// operands that do not.
const CLIENTS: &[(&[&str], &[&str], Option<usize>)] = &[
    (&["psql", "pgcli"], &["-c", "--command", "-f", "--file"], None),
    (&["mysql", "mariadb", "mycli"], &["-e", "--execute"], None),
    (&["sqlite3", "sqlite", "litecli", "sqlcipher", "duckdb"], &["-cmd", "-init", "-c", "-f", "--init"], Some(1)),
    (&["mongosh", "mongo"], &["--eval", "-f", "--file"], Some(1)),
    (&["clickhouse", "clickhouse-client", "clickhouse-local"], &["-q", "--query", "--queries-file"], Some(1)),
    (&["sqlcmd"], &["-Q", "-q", "-i"], None),
    (&["usql"], &["-c", "--command", "-f", "--file"], None),
    (&["cockroach"], &["-e", "--execute", "-f", "--file"], None),
    (&["redis-cli", "valkey-cli"], &["--eval", "--pipe", "-x"], Some(0)),
    (&["sqlplus"], &[], Some(1)),
    (&["cqlsh"], &["-e", "--execute", "-f", "--file"], None),
    (&["influx"], &["-execute", "-import"], None),
    (&["snowsql"], &["-q", "-f"], None),
    (&["bq"], &[], Some(0)),
];

/// Beginnings of options of these clients that take a value.
const WITH_VALUE: [&str; 14] = ["-h", "-U", "-d", "-p", "-P", "-v", "-F", "-R", "-o", "-L", "-u", "-D", "-S", "-T"];

/// What a command line is to databases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// It executes something.
    Executes(String),
    /// It only writes migration files, or looks.
    Writes(String),
}

/// Says what a command is to databases; `fed`: it reads something from its standard input.
pub(super) fn database(program: &str, args: &[Word], fed: bool) -> Option<Use> {
    let name = bare(program);
    let tool = TOOLS.iter().find(|tool| tool.programs.contains(&name));
    // Who has several goals may show its version and go on.
    let asks = |arg: &Word| ["--help", "--version", "-V"].iter().any(|help| arg.is(help));
    let is_alone = tool.is_none_or(|tool| !tool.goals) || args.len() == 1;
    if is_alone && (args.iter().any(asks) || args.first().is_some_and(|first| first.is("help"))) {
        return None;
    }
    if ALWAYS.contains(&name) {
        return Some(Use::Executes(name.to_owned()));
    }
    if let Some((_, options, operands)) = CLIENTS.iter().find(|(names, ..)| names.contains(&name)) {
        // `-tAc`: letters without a value in front of it.
        let clusters = ["psql", "pgcli", "usql", "mysql", "mariadb"].contains(&name);
        let in_cluster = |arg: &str, option: &str| {
            let is_cluster = arg.starts_with('-')
                && !arg.starts_with("--")
                && !WITH_VALUE.iter().any(|begin| arg.starts_with(begin));
            clusters && is_cluster && option.len() == 2 && arg[1..].contains(&option[1..])
        };
        let gives = |arg: &Word| {
            options.iter().any(|option| {
                in_cluster(&arg.text, option)
                    || arg.text == *option
                    || arg.text.starts_with(&format!("{option}="))
                    || (option.len() == 2 && arg.text.starts_with(option) && !arg.text.starts_with("--"))
            })
        };
        let operands_given = args.iter().filter(|arg| !arg.text.starts_with('-')).count();
        let executes = fed || args.iter().any(gives) || operands.is_some_and(|most| operands_given > most);
        return executes.then(|| Use::Executes(name.to_owned()));
    }
    let tool = tool?;
    let words = if tool.goals { goal_words(name, args) } else { plain_words(args) };
    let texts: Vec<&str> = words.iter().map(|(text, _)| text.as_str()).collect();
    let (mut writes, mut others) = (None, false);
    for (at, (_, may_be_value)) in words.iter().enumerate() {
        match means(tool, name, &texts[at..]) {
            Some(Use::Writes(what)) => {
                writes.get_or_insert(Use::Writes(what));
                // Behind some names all is their own: `rails generate model x db:string`.
                let is_last = at == 0 && args.first().is_some_and(|first| first.is("generate") || first.is("g"));
                if (tool.goals && is_last) || !(tool.goals || *may_be_value) {
                    return writes;
                }
            }
            Some(executes) => return Some(executes),
            None => others = true,
        }
    }
    writes.filter(|_| !(tool.goals && others))
}

/// Says what words begin with, for a tool.
fn means(tool: &Tool, name: &str, words: &[&str]) -> Option<Use> {
    let fits = |pattern: &&&str| begins(words, pattern);
    // The longest pattern says most: `db:migrate:status` only looks.
    let best = |patterns: &'static [&'static str]| {
        patterns.iter().filter(fits).max_by_key(|pattern| pattern.trim_end_matches('*').len())
    };
    let (executes, writes) = (best(tool.executes), best(tool.writes));
    let length = |pattern: Option<&&str>| pattern.map_or(0, |pattern| pattern.trim_end_matches('*').len() + 1);
    if length(writes) > length(executes) {
        writes.map(|pattern| Use::Writes(format!("{name} {pattern}")))
    } else {
        executes.map(|pattern| Use::Executes(format!("{name} {pattern}")))
    }
}

/// Returns the words that are no options, and whether each may be the value of one.
fn plain_words(args: &[Word]) -> Vec<(String, bool)> {
    let is_option = |arg: &Word| arg.text.starts_with('-');
    let may_be_value = |at: usize| {
        let before = at.checked_sub(1).and_then(|before| args.get(before));
        before.is_some_and(|before| is_option(before) && !before.text.contains('='))
    };
    let plain = args.iter().enumerate().filter(|(_, arg)| !is_option(arg));
    plain.map(|(at, arg)| (arg.text.clone(), may_be_value(at))).collect()
}

/// Returns the goals of a tool that takes several: `mix do compile + ecto.migrate`, `sbt 'compile; flywayMigrate'`.
fn goal_words(name: &str, args: &[Word]) -> Vec<(String, bool)> {
    let valued: &[&str] =
        if name.starts_with("gradle") { &["-x", "--exclude-task", "--tests", "-p", "--project-dir"] } else { &[] };
    let is_value = |at: usize| at > 0 && valued.iter().any(|option| args[at - 1].is(option));
    let goals = args.iter().enumerate().filter(|(at, arg)| !arg.text.starts_with('-') && !is_value(*at));
    let pieces = goals.flat_map(|(_, arg)| arg.text.split([';', ',', '+', ' ', '\t', '\n']));
    pieces.filter(|piece| !piece.is_empty()).map(|piece| (piece.to_owned(), false)).collect()
}

/// Returns a program's name without a version (`prisma@5`) or the ending of a wrapper script.
fn bare(program: &str) -> &str {
    let name = program.strip_prefix('@').map_or(program, |scoped| scoped.rsplit('/').next().unwrap_or(scoped));
    let name = name.split('@').next().unwrap_or(name);
    let name = name.strip_suffix(".cmd").or_else(|| name.strip_suffix(".bat")).unwrap_or(name);
    name.strip_suffix(".js").or_else(|| name.strip_suffix(".mjs")).unwrap_or(name)
}

/// Whether words begin with a pattern, where a `*` stands for any letters.
fn begins(words: &[&str], pattern: &str) -> bool {
    let mut words = words.iter();
    pattern.split(' ').all(|wanted| words.next().is_some_and(|word| fits(word, wanted)))
}
