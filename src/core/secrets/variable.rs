//! Which variables hold a secret: their names say so, and their values could be one.

use crate::model::secret::Secret;

use super::shape::url_password;

/// The shortest value that is taken for a secret, in bytes: shorter ones stand in every text by accident.
const SHORTEST: usize = 8;

/// The longest value that is looked for, in bytes; a whole file in a variable is no value anybody prints.
const LONGEST: usize = 16 * 1024;

/// What a name contains that says secret, wherever it stands.
const ANYWHERE: [&str; 8] =
    ["PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "CREDENTIAL", "APIKEY", "PRIVATEKEY"];

/// What says secret as a word of a name; at its end also without a sign before it (`DBPASS`).
const WORDS: [&str; 11] = ["KEY", "KEYS", "PASS", "PWD", "PAT", "AUTH", "PRIVATE", "DSN", "JWT", "BEARER", "COOKIE"];

/// What says that a value is public, or counts something, or says where a secret is.
const HARMLESS: [&str; 11] =
    ["PUBLIC", "PUBLISHABLE", "TOKENS", "TOKENIZER", "TOKENIZERS", "FILE", "PATH", "DIR", "SOCK", "EXPIRES", "LENGTH"];

/// Values that stand in texts for other reasons, whatever the variable is called.
const USUAL: [&str; 36] = [
    "administrator",
    "anonymous",
    "changeme",
    "changeit",
    "configured",
    "database",
    "default",
    "dev-secret",
    "developer",
    "development",
    "disabled",
    "enabled",
    "environment",
    "generated",
    "internal",
    "keychain",
    "localhost",
    "minioadmin",
    "optional",
    "password",
    "placeholder",
    "postgres",
    "postgresql",
    "production",
    "required",
    "root-password",
    "sandbox",
    "secret",
    "secretkey",
    "supabase",
    "testpass",
    "testpassword",
    "testtest",
    "undefined",
    "username",
    "your-key",
];

/// Picks the secrets out of variables; `exists` says whether a value is the path of something on this machine.
///
/// Of a URL with a password in it the password is one, whatever the variable is called.
pub fn of_variables<'a>(
    variables: impl IntoIterator<Item = (&'a str, &'a str)>,
    exists: &dyn Fn(&str) -> bool,
) -> Vec<Secret> {
    let mut secrets = Vec::new();
    for (name, value) in variables {
        let value = value.trim();
        let password = url_password(value);
        let secret = match password {
            Some(password) => password,
            None if is_secret(name) && !value.contains("://") => value,
            None => continue,
        };
        let looks_like_one = (SHORTEST..=LONGEST).contains(&secret.len())
            && !USUAL.contains(&secret.to_ascii_lowercase().as_str())
            && (password.is_some() || !exists(secret));
        if looks_like_one {
            secrets.push(Secret { name: name.to_owned(), value: secret.to_owned() });
        }
    }
    secrets
}

/// Reads the variables of a `.env` file: `NAME=value` lines with `export`, quotes and comments; a quoted value may have
/// several lines. What cannot be understood is skipped.
pub fn of_dot_env(text: &str) -> Vec<(String, String)> {
    let mut variables = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let begin = text.len() - rest.len();
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        rest = after;
        let Some((name, value)) = line.split_once('=') else { continue };
        let name = name.trim();
        let name = name.strip_prefix("export ").unwrap_or(name).trim();
        if name.is_empty() || name.starts_with('#') || name.contains(char::is_whitespace) {
            continue;
        }
        let value = value.trim();
        let value = match value.chars().next() {
            Some(mark @ ('"' | '\'' | '`')) => {
                let from = begin + line.find(mark).map_or(0, |at| at + 1);
                let inside = text.get(from..).unwrap_or_default();
                match inside.split_once(mark) {
                    Some((inner, _)) => {
                        if inner.contains('\n') {
                            rest = inside.get(inner.len() + 1..).unwrap_or_default();
                        }
                        if mark == '"' { inner.replace("\\n", "\n") } else { inner.to_owned() }
                    }
                    None => value.trim_start_matches(mark).to_owned(),
                }
            }
            _ => value.split(" #").next().unwrap_or_default().trim_end().to_owned(),
        };
        variables.push((name.to_owned(), value));
    }
    variables
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    if matches!(name.as_str(), "PWD" | "OLDPWD") {
        return false;
    }
    let mut words = name.split(|letter: char| !letter.is_ascii_alphanumeric());
    if words.clone().any(|word| HARMLESS.contains(&word)) {
        return false;
    }
    ANYWHERE.iter().any(|part| name.contains(part))
        || words.any(|word| WORDS.contains(&word))
        || ["PASS", "PWD", "DSN"].iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picked(name: &str, value: &str) -> Option<String> {
        let secrets = of_variables([(name, value)], &|path| path == "/home/me/key.json");
        secrets.into_iter().next().map(|secret| secret.value)
    }

    #[test]
    fn names_say_what_is_secret() {
        for name in [
            "ANTHROPIC_API_KEY",
            "GITHUB_TOKEN",
            "DB_PASSWORD",
            "PGPASSWORD",
            "MYSQL_PWD",
            "DBPASS",
            "aws_secret_access_key",
            "SENTRY_DSN",
            "NPM_AUTH",
            "STRIPE-KEY",
            "CLAUDE_CODE_OAUTH_TOKEN",
            "APIKEY",
            "GH_PAT",
            "SESSION_COOKIE",
        ] {
            assert_eq!(picked(name, "k3-value-of-it").as_deref(), Some("k3-value-of-it"), "{name}");
        }
        for name in [
            "HOME",
            "PWD",
            "OLDPWD",
            "GIT_AUTHOR_NAME",
            "KEYBOARD",
            "XAUTHORITY",
            "MAX_THINKING_TOKENS",
            "PATH",
            "LANG",
            "NEXT_PUBLIC_API_KEY",
            "SSH_AUTH_SOCK",
            "TOKENIZERS_PARALLELISM",
            "PRIVATE_KEY_FILE",
            "COMPASS_HOST",
        ] {
            assert_eq!(picked(name, "k3-value-of-it"), None, "{name}");
        }
    }

    #[test]
    fn values_that_are_short_usual_or_paths_are_none() {
        for value in ["short", "", "Password", "localhost", "/home/me/key.json", "https://auth.example.com/x"] {
            assert_eq!(picked("SOME_KEY", value), None, "{value}");
        }
        assert!(picked("SOME_KEY", "/not/there+abc").is_some(), "keys in base64 may begin with a slash");
        assert_eq!(picked("DATABASE_URL", "postgres://app:s3cr3t-pw@db/x").as_deref(), Some("s3cr3t-pw"));
        assert_eq!(picked("DATABASE_URL", "postgres://app@db/x"), None);
    }

    #[test]
    fn a_dot_env_file_is_read_as_shells_read_it() {
        let text = "# mine\nA=one # so\nexport B='two # not so'\nC = \"th\\nree\"\nD=\"four\nlines=x\"\nE=five\nno\n";
        let read = of_dot_env(text);
        let read: Vec<(&str, &str)> = read.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let want = [("A", "one"), ("B", "two # not so"), ("C", "th\nree"), ("D", "four\nlines=x"), ("E", "five")];
        assert_eq!(read, want);
    }
}
