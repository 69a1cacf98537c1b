//! The shapes of well-known tokens: how each begins, which bytes follow, how many at least.

use super::squeeze::Squeezed;

/// The longest secret that is known by its shape, in bytes.
pub(super) const LONGEST: usize = 16 * 1024;

/// The longest part of a URL in front of its host, in bytes.
const USER_INFO: usize = 512;

/// One kind of token.
#[derive(Debug)]
pub(super) struct Shape {
    /// What it is, for a reader.
    pub(super) what: &'static str,
    /// How it begins.
    pub(super) begins: &'static [&'static str],
    /// Whether it also counts right after a letter or digit.
    inside_words: bool,
    body: Body,
}

/// What follows the beginning.
#[derive(Debug)]
enum Body {
    /// A run of such bytes.
    Run {
        /// Which.
        is_part: fn(u8) -> bool,
        /// So many at least. Within them a line break is read past.
        least: usize,
        /// So many at most.
        most: usize,
        /// Whether the beginning only introduces it, and stays.
        apart: bool,
        /// What else is true of such a run.
        holds: fn(&[u8]) -> bool,
    },
    /// A block of lines up to `-----END …-----`.
    Block,
    /// `user:password@host`.
    UserInfo,
}

/// What stands at a place where a shape may begin.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Something else.
    Other,
    /// A secret, from here to there.
    Secret(usize, usize),
    /// That depends on what follows.
    Open,
}

const fn run(
    what: &'static str,
    begins: &'static [&'static str],
    is_part: fn(u8) -> bool,
    (least, most): (usize, usize),
    holds: fn(&[u8]) -> bool,
) -> Shape {
    Shape { what, begins, inside_words: false, body: Body::Run { is_part, least, most, apart: false, holds } }
}

const fn introduced(what: &'static str, begins: &'static [&'static str], least: usize) -> Shape {
    let body = Body::Run { is_part: is_bearer, least, most: LONGEST, apart: true, holds: has_digit };
    Shape { what, begins, inside_words: true, body }
}

/// All of them. What many services use is here; a token of another service is known by the name of its variable.
pub(super) const SHAPES: [Shape; 24] = [
    run("an Anthropic key", &["sk-ant-"], is_url64, (16, LONGEST), any),
    run("an API key", &["sk-"], is_url64, (20, LONGEST), has_digit),
    run("a GitHub token", &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], is_word, (36, 255), any),
    run("a GitHub token", &["github_pat_"], is_word, (22, 255), any),
    run("a GitLab token", &["glpat-", "gldt-", "glrt-", "glcbt-", "glptt-"], is_url64, (20, 255), any),
    run(
        "a Slack token",
        &["xoxa-", "xoxb-", "xoxe-", "xoxe.", "xoxo-", "xoxp-", "xoxr-", "xoxs-", "xapp-"],
        is_jwt,
        (10, 512),
        has_digit,
    ),
    run("an AWS key", &["AKIA", "ASIA", "ABIA", "ACCA"], is_upper, (16, 16), any),
    run("a Google key", &["AIza"], is_url64, (35, 35), any),
    run("a Google token", &["ya29.", "GOCSPX-"], is_url64, (20, LONGEST), any),
    run("an npm token", &["npm_"], is_alphanumeric, (36, 36), any),
    run("a PyPI token", &["pypi-AgE"], is_url64, (50, LONGEST), any),
    run("a Hugging Face token", &["hf_"], is_alphanumeric, (30, 64), any),
    run("a Stripe key", &["sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_"], is_word, (16, 255), any),
    run("a SendGrid key", &["SG."], is_jwt, (60, 80), any),
    run("a DigitalOcean token", &["dop_v1_", "doo_v1_", "dor_v1_"], is_alphanumeric, (64, 64), any),
    run("a Shopify token", &["shpat_", "shpss_", "shpca_", "shppa_"], is_alphanumeric, (32, 32), any),
    run("a Supabase key", &["sbp_", "sb_secret_"], is_word, (20, 255), any),
    run("an age key", &["AGE-SECRET-KEY-1"], is_upper, (40, 80), any),
    run("a JSON web token", &["eyJ"], is_jwt, (30, LONGEST), has_three_parts),
    introduced("a bearer token", &["Bearer ", "bearer ", "BEARER "], 16),
    introduced(
        "a login",
        &[
            "uthorization: Basic ",
            "uthorization: basic ",
            "uthorization:Basic ",
            "uthorization: token ",
            "uthorization\":\"Basic ",
            "uthorization\": \"Basic ",
        ],
        8,
    ),
    introduced("a password", &["_authToken=", "_password="], 8),
    Shape { what: "a private key", begins: &["-----BEGIN "], inside_words: true, body: Body::Block },
    Shape { what: "a password in a URL", begins: &["://", ":\\/\\/"], inside_words: true, body: Body::UserInfo },
];

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn is_upper(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

fn is_url64(byte: u8) -> bool {
    is_word(byte) || byte == b'-'
}

fn is_jwt(byte: u8) -> bool {
    is_url64(byte) || byte == b'.'
}

fn is_bearer(byte: u8) -> bool {
    is_jwt(byte) || b"~+/=".contains(&byte)
}

fn any(_: &[u8]) -> bool {
    true
}

fn has_digit(run: &[u8]) -> bool {
    run.iter().any(u8::is_ascii_digit)
}

fn has_three_parts(run: &[u8]) -> bool {
    let mut parts = run.split(|&byte| byte == b'.');
    let long = |part: Option<&[u8]>| part.is_some_and(|part| part.len() >= 8);
    long(parts.next()) && long(parts.next()) && parts.next().is_some()
}

impl Shape {
    /// Says what stands where this shape's beginning stands, from `start` to `at`; `ends` says that nothing follows.
    pub(super) fn judge(&self, text: &Squeezed, start: usize, at: usize, ends: bool) -> Verdict {
        let before = start.checked_sub(1).and_then(|before| text.bytes.get(before));
        if !self.inside_words && !text.breaks(start) && before.is_some_and(|&byte| is_url64(byte)) {
            return Verdict::Other;
        }
        match &self.body {
            Body::Run { is_part, least, most, apart, holds } => {
                let Some(end) = run_end(text, at, *is_part, (*least, *most), ends) else { return Verdict::Open };
                let run = &text.bytes[at..end];
                // A run of a known length that goes on is something else.
                let too_long =
                    least == most && text.bytes.get(end).is_some_and(|&byte| is_part(byte) && !text.breaks(end));
                if run.len() < *least || too_long || !holds(run) {
                    return Verdict::Other;
                }
                Verdict::Secret(if *apart { at } else { start }, end)
            }
            Body::Block => block(text, start, at, ends),
            Body::UserInfo => user_info(text, at, ends),
        }
    }
}

/// Returns where a run ends; `None` if that depends on what follows.
fn run_end(
    text: &Squeezed,
    at: usize,
    is_part: fn(u8) -> bool,
    (least, most): (usize, usize),
    ends: bool,
) -> Option<usize> {
    let mut end = at;
    loop {
        // One byte more says whether a run of a known length ends there.
        if end - at == most && (end < text.bytes.len() || ends) {
            return Some(end);
        }
        let Some(&byte) = text.bytes.get(end) else { return ends.then_some(end) };
        if !is_part(byte) {
            return Some(end);
        }
        if end - at >= least && text.breaks(end) {
            // The next line goes on with it only if nothing but such a run is in it, and that is no word.
            let line = text.bytes[end..].iter().take(most - (end - at)).enumerate();
            let length = line.take_while(|&(n, &byte)| is_part(byte) && (n == 0 || !text.breaks(end + n))).count();
            let after = end + length;
            let over = after < text.bytes.len() || ends || end + length - at == most;
            if !over {
                return None;
            }
            let next = &text.bytes[end..after];
            let stands_alone =
                text.breaks(after) || text.bytes.get(after).is_none_or(|byte| b"\"'` ,;)".contains(byte));
            let is_token = length >= 4 && has_digit(next) && next.iter().any(u8::is_ascii_uppercase);
            if !(stands_alone && is_token) {
                return Some(end);
            }
            end = after;
        } else {
            end += 1;
        }
    }
}

/// A block of base64 between two lines of dashes; one whose end is missing counts up to the first foreign byte.
fn block(text: &Squeezed, start: usize, at: usize, ends: bool) -> Verdict {
    const HEADER: usize = 64;
    const LEAST: usize = 24;
    const END: &[u8] = b"-----END";
    let rest = &text.bytes[at..];
    let is_label = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b' ';
    let label = rest.iter().take(HEADER).take_while(|byte| is_label(byte)).count();
    let after = &rest[label..];
    let dashes = after.iter().take(5).take_while(|&&byte| byte == b'-').count();
    if dashes < 5 {
        return if label + dashes == rest.len() && !ends && label < HEADER { Verdict::Open } else { Verdict::Other };
    }
    if !rest[..label].windows(11).any(|part| part == b"PRIVATE KEY") {
        return Verdict::Other;
    }
    let body = at + label + 5;
    let is_body = |byte: &u8| is_bearer(*byte) || b" \t\\:,|>\"'".contains(byte);
    let mut end = body;
    loop {
        if text.bytes[end..].starts_with(END) {
            let tail = &text.bytes[end + END.len()..];
            let label = tail.iter().take(HEADER).take_while(|byte| is_label(byte)).count();
            let dashes = tail[label..].iter().take(5).take_while(|&&byte| byte == b'-').count();
            if label + dashes == tail.len() && dashes < 5 && !ends {
                return Verdict::Open;
            }
            return Verdict::Secret(start, end + END.len() + label + dashes);
        }
        if end - start >= LONGEST {
            break;
        }
        match text.bytes.get(end) {
            Some(byte) if is_body(byte) => end += 1,
            Some(_) => break,
            None if ends => break,
            None => return Verdict::Open,
        }
    }
    if end - body < LEAST { Verdict::Other } else { Verdict::Secret(start, end) }
}

/// The password of `user:password@`, read from behind `://`.
fn user_info(text: &Squeezed, at: usize, ends: bool) -> Verdict {
    let is_part = |byte: u8| byte > b' ' && byte != 0x7f && !b"/?#\"'<>`\\".contains(&byte);
    let rest = &text.bytes[at..];
    let parts = rest.iter().take(USER_INFO).enumerate();
    let length = parts.take_while(|&(n, &byte)| is_part(byte) && !text.breaks(at + n)).count();
    if length == rest.len() && length < USER_INFO && !ends {
        return Verdict::Open;
    }
    let info = &rest[..length];
    let Some(host) = info.iter().rposition(|&byte| byte == b'@') else { return Verdict::Other };
    let Some(colon) = info[..host].iter().position(|&byte| byte == b':') else { return Verdict::Other };
    let password = &info[colon + 1..host];
    if password.is_empty() || b"${*[%".contains(&password[0]) {
        // A placeholder, or covered already.
        return Verdict::Other;
    }
    Verdict::Secret(at + colon + 1, at + host)
}

/// Returns the password in a URL.
pub(super) fn url_password(url: &str) -> Option<&str> {
    let at = url.find("://")? + 3;
    match user_info(&Squeezed::new(url.as_bytes()), at, true) {
        Verdict::Secret(from, to) => url.get(from..to),
        Verdict::Other | Verdict::Open => None,
    }
}
