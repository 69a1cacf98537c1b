//! Are secrets never given out, however they come, and is the rest left as it is?
#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::fmt::Write as _;

use proptest::prelude::*;

use crate::model::secret::Secret;

use super::{Form, Redactor};

/// Tokens of every shape, made up, and what is left of them when they are covered.
pub(super) fn tokens() -> Vec<(String, &'static str)> {
    let some = |letters: &str, length: usize| letters.chars().cycle().take(length).collect::<String>();
    let word = "a1B2c3D4e5F6g7H8i9J0";
    vec![
        (format!("sk-ant-api03-{}", some("x7-Y_k2", 90)), "[secret: an Anthropic key]"),
        (format!("sk-proj-{}", some(word, 40)), "[secret: an API key]"),
        (format!("ghp_{}", some(word, 36)), "[secret: a GitHub token]"),
        (format!("gho_{}", some(word, 36)), "[secret: a GitHub token]"),
        (format!("github_pat_{}", some(word, 82)), "[secret: a GitHub token]"),
        (format!("glpat-{}", some(word, 20)), "[secret: a GitLab token]"),
        (format!("xoxb-{}", some("123456789-", 40)), "[secret: a Slack token]"),
        (format!("AKIA{}", some("QWERTY23", 16)), "[secret: an AWS key]"),
        (format!("ASIA{}", some("ZXCVBN45", 16)), "[secret: an AWS key]"),
        (format!("AIza{}", some(word, 35)), "[secret: a Google key]"),
        (format!("npm_{}", some(word, 36)), "[secret: an npm token]"),
        (format!("sk_live_{}", some(word, 24)), "[secret: a Stripe key]"),
        (format!("eyJ{}.eyJ{}.{}", some(word, 33), some(word, 60), some("Zz9_-", 43)), "[secret: a JSON web token]"),
        (
            format!(
                "-----BEGIN RSA PRIVATE KEY-----\n{}\n{}\n-----END RSA PRIVATE KEY-----",
                some("MIIEpAIBAAKCAQEA0+/", 64),
                some(word, 64)
            ),
            "[secret: a private key]",
        ),
    ]
}

fn redactor() -> Redactor {
    let secret = |name: &str, value: &str| Secret { name: name.to_owned(), value: value.to_owned() };
    Redactor::new(vec![
        secret("MY_PASSWORD", "correct-horse/42\"x"),
        secret("OTHER_TOKEN", "correct-horse"),
        secret("CERT_KEY", "first line 1\n  second line 2"),
    ])
}

#[test]
fn every_shape_is_covered_and_named() {
    let redactor = redactor();
    for (token, covered) in tokens() {
        for (before, after) in
            [("", ""), ("x=", ";"), ("\"", "\""), ("\\n", "\\n"), ("\x1b[1;32m", "\x1b[0m;"), ("a ", "\nb")]
        {
            let text = format!("{before}{token}{after}");
            assert_eq!(redactor.text(&text), format!("{before}{covered}{after}"), "{text}");
        }
    }
    for (text, want) in [
        ("Authorization: Bearer abc.DEF-123_456/789=", "Authorization: Bearer [secret: a bearer token]"),
        ("authorization: Basic dXNlcjpwYXNz1A==", "authorization: Basic [secret: a login]"),
        ("see postgres://app:p%40ss@db:5432/x now", "see postgres://app:[secret: a password in a URL]@db:5432/x now"),
        ("//registry/:_authToken=0123456789abcdef", "//registry/:_authToken=[secret: a password]"),
    ] {
        assert_eq!(redactor.text(text), want);
    }
}

#[test]
fn what_only_resembles_a_token_is_left_as_it_is() {
    let redactor = redactor();
    for text in [
        "task-1234567890123456789012345",
        "the bearer of authentication tokens",
        "npm_lifecycle_event",
        "sk-learn",
        "http://localhost:3000/a@b",
        "https://${USER}:${PASSWORD}@host",
        "postgres://app@db/x",
        "eyJ.not.one",
        "if (s.includes(\"-----BEGIN PRIVATE KEY-----\")) {",
        "-----BEGIN CERTIFICATE-----\nMIIEpAIBAAKCAQEA0000000000",
        "AKIAQWERTY23QWERTY23QWERTY",
        "risk-free-4-everybody-everywhere-now",
        "a: b, git@github.com:x/y.git",
        "mailto://",
        "0123456789abcdef0123456789abcdef01234567",
        "Bearer authenticationscheme",
    ] {
        assert_eq!(redactor.text(text), text);
    }
}

#[test]
fn a_known_value_is_found_in_every_way_of_writing() {
    let redactor = redactor();
    for (text, want) in [
        ("<correct-horse/42\"x>", "<[secret MY_PASSWORD]>"),
        ("<correct-horse/42\\\"x>", "<[secret MY_PASSWORD]>"),
        ("<correct-horse%2F42%22x>", "<[secret MY_PASSWORD]>"),
        ("<correct-horse/43>", "<[secret OTHER_TOKEN]/43>"),
        ("<correct-\r\n    horse>", "<[secret OTHER_TOKEN]>"),
        ("<correct\x1b[31m-horse\x1b[0m>", "<[secret OTHER_TOKEN]\x1b[0m>"),
        ("<first line 1\\nsecond line 2>", "<[secret CERT_KEY]>"),
    ] {
        assert_eq!(redactor.text(text), want, "{text}");
    }
    let document = serde_json::json!({ "a": ["correct-horse", 1], "b": "fine" });
    let want = serde_json::json!({ "a": ["[secret OTHER_TOKEN]", 1], "b": "fine" });
    assert_eq!(redactor.document(&document), Some(want));
    assert_eq!(redactor.document(&serde_json::json!({ "b": [null, "fine"] })), None);
}

#[test]
fn a_covered_text_is_left_as_it_is() {
    let redactor = redactor();
    for (token, _) in tokens() {
        let once = redactor.text(&token).into_owned();
        assert_eq!(redactor.text(&once), once);
    }
    let url = redactor.text("x://u:pw@h").into_owned();
    assert_eq!(redactor.text(&url), url);
}

#[test]
fn a_long_token_is_followed_into_the_next_line() {
    let redactor = redactor();
    let (token, _) = &tokens()[0];
    let (one, two) = token.split_at(70);
    for end in ["\r\n", "\n  "] {
        let text = format!("{one}{end}{two}{end}next");
        assert_eq!(redactor.text(&text), format!("[secret: an Anthropic key]{end}next"));
    }
    assert_eq!(redactor.text(&format!("{token}\nnext line")), "[secret: an Anthropic key]\nnext line");
}

#[test]
fn a_screen_gets_what_is_typed_and_never_a_whole_secret() {
    let redactor = redactor();
    let mut stream = redactor.stream(Form::SameLength);
    assert_eq!(stream.push(b"curl https://"), b"curl https");
    assert_eq!(stream.settle(), b"://");
    assert_eq!(stream.push(b"example.com/ "), b"example.com/ ");
    assert_eq!(stream.push(b"correct-"), b"");
    assert_eq!(stream.settle(), b"correct-");
    assert_eq!(stream.push(b"horse, 7"), b"*****, 7");
    assert_eq!(stream.finish(), b"");
}

#[test]
fn a_screen_never_shows_a_token_that_is_the_last_thing_said() {
    for (token, _) in tokens() {
        let mut stream = redactor().stream(Form::SameLength);
        let mut shown = stream.push(b"your key: ");
        shown.extend(stream.push(token.as_bytes()));
        shown.extend(stream.settle());
        let text = String::from_utf8_lossy(&shown).into_owned();
        assert!(!text.contains(&token[token.len() / 2..]), "{token}: {text}");
        assert_eq!(shown.len(), 10 + token.len(), "what is drawn stays in its place");
        // More of it is covered as well, and what follows is shown.
        let more = stream.push(b"\n$ ");
        assert_eq!(more, b"\n$ ", "{token}");
    }
    // One that is not whole yet is worth a wait; what a person types is not.
    for (said, is_likely) in
        [("key ghp_a1B2c3", true), ("sk-ant-api", true), ("s", false), ("task", false), ("see http://local", false)]
    {
        let mut stream = redactor().stream(Form::SameLength);
        stream.push(said.as_bytes());
        assert_eq!(stream.is_likely(), is_likely, "{said}");
    }
}

#[test]
fn what_is_kept_back_is_bounded() {
    let mut stream = redactor().stream(Form::SameLength);
    let mut given = 0;
    for piece in [&b"-----BEGIN PRIVATE KEY-----\n"[..], b"correct", b"eyJ"] {
        given += stream.push(piece).len();
        for _ in 0..2_000 {
            given += stream.push(&[b'\n'; 100]).len();
        }
        assert!(stream.held() <= 64 * 1024, "{}", stream.held());
    }
    assert_eq!(given + stream.finish().len(), 600_000 + 28 + 7 + 3);
}

/// A text of harmless words, secrets, breaks and colours; what it must become; and where it is cut into pieces.
fn texts() -> impl Strategy<Value = (Vec<(String, Option<String>)>, Vec<usize>)> {
    let value = "[a-z]{3}[0-9]{3}[A-Za-z0-9+/=_-]{6,40}";
    let harmless = prop_oneof![
        "[a-zäß.,:() ]{0,12}",
        Just("\n".to_owned()),
        Just("\r\n    ".to_owned()),
        Just("\x1b[32m".to_owned()),
        Just(" sk-;".to_owned()),
        Just(" ghp_;".to_owned()),
        Just("://".to_owned()),
        Just("\\".to_owned()),
    ];
    let token = (0..tokens().len()).prop_map(|number| {
        let (token, covered) = tokens().swap_remove(number);
        (token, Some(covered.to_owned()))
    });
    let part = prop_oneof![
        4 => harmless.prop_map(|text| (text, None)),
        1 => token,
        2 => value.prop_map(|value| (value, Some(String::new()))),
    ];
    (prop::collection::vec(part, 1..12), prop::collection::vec(1..40_usize, 1..60))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn no_secret_passes_and_nothing_else_changes((parts, pieces) in texts()) {
        let mut secrets = Vec::new();
        let mut text = String::new();
        let mut want = String::new();
        let mut planted = Vec::new();
        for (part, covered) in &parts {
            match covered {
                None => {
                    text.push_str(part);
                    want.push_str(part);
                }
                Some(covered) => {
                    // Between blanks, so that what stands beside it does not make another token of it.
                    let name = format!("KEY_{}", planted.len());
                    let covered = if covered.is_empty() {
                        secrets.push(Secret { name: name.clone(), value: part.clone() });
                        format!("[secret {name}]")
                    } else {
                        covered.clone()
                    };
                    write!(text, " {part} ").unwrap();
                    write!(want, " {covered} ").unwrap();
                    planted.push(part.clone());
                }
            }
        }
        let redactor = Redactor::new(secrets);
        let whole = redactor.text(&text).into_owned();
        prop_assert_eq!(&whole, &want);

        let mut named = redactor.stream(Form::Named);
        let mut same = redactor.stream(Form::SameLength);
        let (mut by_name, mut by_length) = (Vec::new(), Vec::new());
        let mut rest = text.as_bytes();
        for size in pieces.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at((*size).min(rest.len()));
            by_name.extend(named.push(piece));
            by_length.extend(same.push(piece));
            rest = after;
        }
        by_name.extend(named.finish());
        by_length.extend(same.finish());
        prop_assert_eq!(String::from_utf8(by_name).unwrap(), whole);
        let by_length = String::from_utf8(by_length).unwrap();
        prop_assert_eq!(by_length.len(), text.len());
        for secret in &planted {
            prop_assert!(!by_length.contains(secret.as_str()), "{} in {}", secret, by_length);
        }
        // Line breaks stay where they are.
        let breaks = |text: &str| -> Vec<usize> { text.match_indices(['\n', '\r']).map(|(at, _)| at).collect() };
        prop_assert_eq!(breaks(&by_length), breaks(&text));
    }
}
