//! How a question file and its answer file are written, and what they mean.

use std::borrow::Cow;

use crate::edge::agent::plain::{one_line, visible};
use crate::model::question::{About, Choice, LONGEST, Offer, Reply};

/// The longest label of an option, in characters.
const LABEL: usize = 300;
/// The most options that are taken in.
const MOST: usize = 20;
/// What an agent reads whose person does not want to say.
const NOT_SAID: &str = "The user does not want to say. Decide yourself, and say at the end what you assumed.";

/// What stands in a question file.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(super) struct Form {
    context: String,
    question: String,
    /// As they are written, letter included: `B) the newer one`.
    options: Vec<String>,
    impact: String,
}

impl Form {
    /// Reads the documented form; nothing if no question stands where it should.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut form = Self::default();
        let mut section = String::new();
        let mut body: Vec<&str> = Vec::new();
        let mut is_code = false;
        for line in text.lines() {
            is_code ^= line.trim_start().starts_with("```");
            match line.strip_prefix("## ").filter(|_| !is_code) {
                Some(heading) => {
                    form.take(&section, &body);
                    section = heading.trim().to_lowercase();
                    body.clear();
                }
                None => body.push(line),
            }
        }
        form.take(&section, &body);
        (!form.question.is_empty()).then_some(form)
    }

    fn take(&mut self, section: &str, body: &[&str]) {
        let text = || body.join("\n").trim().to_owned();
        match section {
            "context" => self.context = text(),
            "question" => self.question = text(),
            "impact" => self.impact = text(),
            "options" => self.options = options(body),
            _ => {}
        }
    }

    /// Whether it has its last section: whoever writes it has come to the end.
    pub(super) fn is_whole(&self) -> bool {
        !self.impact.is_empty()
    }

    /// Returns what a person decides about.
    fn about(&self) -> About {
        let mut text = self.question.clone();
        for (name, more) in [("Context", &self.context), ("Impact", &self.impact)] {
            if !more.is_empty() {
                for part in ["\n\n", name, ": ", more] {
                    text.push_str(part);
                }
            }
        }
        let offer = |option: &String| Offer { label: one_line(option, LABEL), description: String::new() };
        About::Choice { parts: vec![choice(&text, self.options.iter().take(MOST).map(offer).collect())] }
    }
}

fn choice(text: &str, options: Vec<Offer>) -> Choice {
    Choice { header: "question".to_owned(), text: visible(text, LONGEST), options, several: false }
}

/// Reads options, one for each line that begins with a letter or a number; other lines go on with the one before.
fn options(body: &[&str]) -> Vec<String> {
    let mut options: Vec<String> = Vec::new();
    for line in body.iter().map(|line| line.trim()).filter(|line| !line.is_empty()) {
        match options.last_mut() {
            Some(last) if mark(line).is_none() => {
                last.push(' ');
                last.push_str(line);
            }
            _ => options.push(line.trim_start_matches(['-', '*']).trim_start().to_owned()),
        }
    }
    options
}

/// Returns the letter or number that an option begins with: `A` of `A) …`, `- A) …` and `A. …`.
fn mark(option: &str) -> Option<&str> {
    let option = option.trim_start_matches(['-', '*']).trim_start();
    let (mark, rest) = option.split_once([')', '.'])?;
    let is_short = mark.len() <= 2 && !mark.is_empty() && mark.chars().all(|letter| letter.is_ascii_alphanumeric());
    (is_short && rest.starts_with(' ')).then_some(mark)
}

/// Returns what a file asks: its form, or all of it as it is.
pub(super) fn about(text: &str) -> About {
    Form::read(text).map_or_else(|| About::Choice { parts: vec![choice(text.trim(), Vec::new())] }, |form| form.about())
}

/// Returns what somebody wrote into an answer file; nothing if there is no more than its heading.
pub(super) fn answer_of(text: &str) -> Option<&str> {
    let text = text.trim();
    let text = match text.split_once('\n').unwrap_or((text, "")) {
        (heading, rest) if heading.starts_with("# Answer") => rest.trim(),
        _ => text,
    };
    (!text.is_empty()).then_some(text)
}

/// Returns the words of a person as a reply: an option that is named by its letter is that option.
pub(super) fn reply(about: &About, said: &str) -> Reply {
    let answer = option_of(about, said).map_or_else(|| visible(said, LONGEST), str::to_owned);
    Reply::Choose { answers: vec![vec![answer]] }
}

fn option_of<'a>(about: &'a About, said: &str) -> Option<&'a str> {
    let About::Choice { parts } = about else { return None };
    let said = said.trim().trim_end_matches(['.', ')']);
    let mut labels = parts.iter().flat_map(|part| &part.options).map(|offer| offer.label.as_str());
    labels.find(|label| mark(label).is_some_and(|mark| mark.eq_ignore_ascii_case(said)) || *label == said)
}

/// Writes the answer file. `shown` is what a person saw, `written` what the agent wrote: it gets its own words back.
pub(super) fn answer(name: &str, reply: &Reply, shown: &About, written: &str) -> String {
    let own = Form::read(written).map(|form| form.options).unwrap_or_default();
    let told = |said: &String| {
        let About::Choice { parts } = shown else { return said.clone() };
        let option = option_of(shown, said).unwrap_or(said);
        let at = parts.first().and_then(|part| part.options.iter().position(|offer| offer.label == option));
        at.and_then(|at| own.get(at)).cloned().unwrap_or_else(|| said.clone())
    };
    let text: Cow<'_, str> = match reply {
        Reply::Choose { answers } => answers.iter().flatten().map(told).collect::<Vec<_>>().join("\n").into(),
        Reply::Deny { why } if why.trim().is_empty() => NOT_SAID.into(),
        Reply::Deny { why } => why.as_str().into(),
        Reply::Allow | Reply::AllowForTask => "Yes.".into(),
    };
    format!("# Answer to {name}\n\n{}\n", text.trim_end())
}

/// Returns the name of the file that answers a question file of this name, both without `.md`.
pub fn answer_name(name: &str) -> String {
    format!("{name}-answer")
}

/// Whether a name, without `.md`, is that of an answer, or of an older one.
pub(super) fn is_answer(name: &str) -> bool {
    let (_, last) = name.rsplit_once("-answer").unwrap_or((name, "no"));
    last.strip_prefix('-').unwrap_or(last).bytes().all(|letter| letter.is_ascii_digit())
}

/// Tells an agent how to ask: which file to write, and where the answer comes.
pub fn how_to_ask(folder: &str, name: &str) -> String {
    let answer = answer_name(name);
    format!(
        "Ask only what you cannot find out or decide yourself. Write the question to `{folder}/{name}.md`:\n\n\
         ```markdown\n# Question from Agent {name}\n\n## Context\nWhat you found.\n\n## Question\nWhat you want to know.\n\n\
         ## Options\nA) the one way\nB) the other way\n\n## Impact\nWhat depends on it.\n```\n\n\
         Write it in one go, or under another name first and rename it. Then wait until `{folder}/{answer}.md` is there: it \
         begins with `# Answer to {name}`, and the rest is the answer. Another question gets another name, as \
         `{name}-2.md`. If you no longer want to know, remove your file. The folder is also in \
         `ORCHESTRATOR_QUESTIONS_DIR`, the name in `ORCHESTRATOR_TASK`. While you wait, your time does not run."
    )
}

#[cfg(test)]
#[expect(clippy::panic, reason = "a test may stop here")]
mod tests {
    use super::*;

    const ASKED: &str = "# Question from Agent task-001\n\n## Context\nI'm implementing pagination and found two different patterns...\n\n\
                         ## Question\nWhich pattern should I follow?\n\n## Options\nA) Pattern from weddings module\nB) Pattern from PAGINATION.md\n\n\
                         ## Impact\nAffects consistency across modules\n";

    fn part(text: &str) -> Choice {
        let About::Choice { parts } = about(text) else { panic!("no choice") };
        parts[0].clone()
    }

    #[test]
    fn the_documented_form_is_read_with_the_question_first() {
        let part = part(ASKED);
        assert_eq!(
            part.text,
            "Which pattern should I follow?\n\nContext: I'm implementing pagination and found two different patterns...\n\n\
             Impact: Affects consistency across modules"
        );
        let labels: Vec<&str> = part.options.iter().map(|offer| offer.label.as_str()).collect();
        assert_eq!(labels, ["A) Pattern from weddings module", "B) Pattern from PAGINATION.md"]);
        assert!(Form::read(ASKED).is_some_and(|form| form.is_whole()));
    }

    #[test]
    fn headings_in_code_are_no_sections_and_options_may_go_on() {
        let text =
            "## Context\n```md\n## Question\nno\n```\n## Question\nyes?\n## Options\n- A) one\n  and more\n* 2. two\n";
        let Some(form) = Form::read(text) else { panic!("no form") };
        assert_eq!(form.question, "yes?");
        assert_eq!(form.options, ["A) one and more", "2. two"]);
        assert!(!form.is_whole(), "no impact yet: its writer may not be at the end");
    }

    #[test]
    fn what_is_not_in_the_form_is_shown_as_it_is() {
        for text in ["what now?\n\u{1b}[2J", "# Question from Agent x\n\n## Question\n\n## Impact\nall\n"] {
            let part = part(text);
            assert!(part.options.is_empty() && part.text.lines().count() == text.trim().lines().count(), "{part:?}");
            assert!(!part.text.contains('\u{1b}'));
        }
    }

    #[test]
    fn an_answer_is_an_option_by_its_letter_or_words() {
        let about = about(ASKED);
        let chosen = "B) Pattern from PAGINATION.md";
        for (said, meant) in
            [("B", chosen), ("b)", chosen), (chosen, chosen), ("Use B,\nplease", "Use B,\nplease"), ("C", "C")]
        {
            let reply = reply(&about, said);
            assert_eq!(reply, Reply::Choose { answers: vec![vec![meant.to_owned()]] }, "{said}");
            assert_eq!(answer("task-001", &reply, &about, ASKED), format!("# Answer to task-001\n\n{meant}\n"));
        }
        for (file, text) in [
            ("# Answer to task-001\n\nUse Pattern B.\nIt is newer.\n", Some("Use Pattern B.\nIt is newer.")),
            ("B\n", Some("B")),
            ("# Answer to task-001\n", None),
            (" \n", None),
        ] {
            assert_eq!(answer_of(file), text);
        }
    }

    #[test]
    fn an_agent_gets_its_own_words_back_and_a_no_in_words() {
        let written = ASKED.replace("PAGINATION.md", "hunter2hunter2");
        let shown = about(&written.replace("hunter2hunter2", "[secret X]"));
        let reply = Reply::Choose { answers: vec![vec!["B) Pattern from [secret X]".to_owned()]] };
        assert!(answer("x", &reply, &shown, &written).ends_with("\n\nB) Pattern from hunter2hunter2\n"));
        let no = answer("x", &Reply::Deny { why: String::new() }, &shown, &written);
        assert!(no.contains("Decide yourself"), "{no}");
        let why = answer("x", &Reply::Deny { why: "ask Anna".to_owned() }, &shown, &written);
        assert_eq!(why, "# Answer to x\n\nask Anna\n");
    }

    #[test]
    fn answers_are_known_by_their_names() {
        for (name, is) in
            [("a-answer", true), ("a-answer-2", true), ("a", false), ("a-answers", false), ("answer", false)]
        {
            assert_eq!(is_answer(name), is, "{name}");
        }
        let how = how_to_ask("/q", "task-14");
        assert!(how.contains("`/q/task-14.md`") && how.contains("`/q/task-14-answer.md`"), "{how}");
    }
}
