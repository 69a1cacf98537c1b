//! The verbs about what agents ask: which questions wait, and what a person's words mean as an answer.

use std::io::IsTerminal as _;

use serde_json::{Value, json};

use super::args::Answer;
use crate::app::clock;
use crate::app::failure::Failure;
use crate::app::project::setup::Site;
use crate::app::verbs::ask;
use crate::app::words::say::{pretty, say};
use crate::model::id::QuestionId;
use crate::model::question::{About, Choice, Question, Reply};
use crate::model::time::{Wall, brief};

/// How much of a stamp is shown, and how much of it must be given.
const STAMP: usize = 6;
const SHORTEST: usize = 4;

/// Lists the questions that wait, and the results.
pub(super) fn list(site: &Site, json: bool) -> Result<u8, Failure> {
    let questions = ask::questions(site)?;
    let tasks = ask::query(site, "tasks")?;
    let waiting = tasks.as_array().into_iter().flatten().filter(|task| verbs(task).is_some());
    let plans = ask::query(site, "plans")?;
    let plans = plans.as_array().into_iter().flatten();
    if json {
        let all = questions.iter().map(of_question).chain(waiting.map(of_result)).chain(plans.cloned());
        let all: Vec<Value> = all.collect();
        say(&pretty(&json!(all)));
        return Ok(0);
    }
    let now = clock::wall();
    let mut shown: Vec<String> = questions.iter().map(|question| text(question, now)).collect();
    shown.extend(waiting.filter_map(result));
    shown.extend(plans.map(plan));
    say(&if shown.is_empty() { "nothing waits for you".to_owned() } else { shown.join("\n\n") });
    Ok(0)
}

/// As `questions --json` gives a question out.
fn of_question(question: &Question) -> Value {
    let mut value = json!(question);
    value["kind"] = "question".into();
    value["stamp"] = stamp(question).into();
    value
}

/// As it gives out a result that waits for a person.
fn of_result(task: &Value) -> Value {
    let take = |name: &str| task[name].clone();
    let verbs = verbs(task).unwrap_or_default();
    json!({
        "kind": "result",
        "task": take("number"),
        "title": take("title"),
        "state": take("state"),
        "reason": take("reason"),
        "verbs": verbs,
    })
}

/// Returns what can be said to a result that waits for a person: for a yes, or for a look.
fn verbs(task: &Value) -> Option<[&'static str; 2]> {
    match task["state"].as_str().filter(|_| task["waits_for_you"] == true)? {
        "ready" => Some(["land", "refuse"]),
        "review" => Some(["retry", "refuse"]),
        _ => None,
    }
}

/// Returns the beginning of what stands for what is shown of a question: enough to tell it from another under its number.
fn stamp(question: &Question) -> &str {
    question.shown.get(..STAMP).unwrap_or(&question.shown)
}

/// Writes what a result waits for that no agent asks about.
fn result(task: &Value) -> Option<String> {
    let [yes, no] = verbs(task)?;
    let verbs = format!("then `{yes} {{0}}` or `{no} {{0}}`");
    let (number, title) = (task["number"].as_u64()?, task["title"].as_str()?);
    let verbs = verbs.replace("{0}", &number.to_string());
    let why = task["reason"].as_str().unwrap_or_default();
    Some(format!("#{number} {title} · result\n   {why}\n   `orchestrator-tui show {number}`, {verbs}"))
}

/// Writes a plan that waits for a yes, with its sessions in order.
fn plan(plan: &Value) -> String {
    let word = |value: &Value| value.as_str().unwrap_or_default().lines().next().unwrap_or_default().to_owned();
    let batch = &plan["batch"];
    let mut lines = vec![format!("batch {batch} · plan: {}", word(&plan["requirement"]))];
    for session in plan["sessions"].as_array().into_iter().flatten() {
        let after: Vec<String> =
            session["after"].as_array().into_iter().flatten().map(|task| format!("#{task}")).collect();
        let after = if after.is_empty() { "starts at once".to_owned() } else { format!("after {}", after.join(", ")) };
        let number = format!("#{}", session["task"]);
        lines.push(format!("   {number:<5} {}  {after}", word(&session["title"])));
    }
    lines.push(format!(
        "   `orchestrator-tui show N` says what each is to do, then `orchestrator-tui approve {batch}` or `decline {batch}`"
    ));
    lines.join("\n")
}

/// Answers a question; without words it is shown.
pub(super) fn answer(site: &Site, wish: &Answer) -> Result<u8, Failure> {
    let questions = ask::questions(site)?;
    let question = questions.iter().find(|question| question.id.0 == wish.question.number);
    let named = wish.stamp.as_ref().or(wish.question.stamp.as_ref());
    if let Some((question, named)) = question.zip(named)
        && (named.len() < SHORTEST || !question.shown.starts_with(named))
    {
        let number = question.id.0;
        let hint = format!("`orchestrator-tui answer {number}` shows what it asks now");
        return Err(Failure::refused(format!("question {number} is not the one that was shown\nhint: {hint}")));
    }
    let (shown, reply) = match question {
        Some(question) if wish.words.is_empty() => {
            say(&if wish.json { pretty(&json!(question)) } else { text(question, clock::wall()) });
            return Ok(0);
        }
        Some(question) => (question.shown.as_str(), read(&question.ask.about, &wish.words).map_err(Failure::usage)?),
        // Nothing was shown, so this answers nothing: the supervisor says what became of the question.
        None => ("", Reply::Allow),
    };
    if let Some(question) = question.filter(|_| named.is_none() && !wish.json && std::io::stdout().is_terminal()) {
        // Whoever gave a number alone sees what they answer.
        say(&text(question, clock::wall()));
    }
    let answered = ask::answer(site, QuestionId(wish.question.number), shown, &reply)?;
    say(&if wish.json { pretty(&answered) } else { answered["said"].as_str().unwrap_or("answered").to_owned() });
    Ok(0)
}

/// Writes a question whole, with what can be said to it.
fn text(question: &Question, now: Wall) -> String {
    let Question { id, task, agent, since, ask, .. } = question;
    let number = format!("{}@{}", id.0, stamp(question));
    let mut lines =
        vec![format!("{number}  {task} {agent} asks · {} · since {}", ask.about.kind(), brief(now.since(*since)))];
    match &ask.about {
        About::Permission { tool, wants, why } => {
            lines.push(format!("   It wants to use {tool}, and {why}:"));
            lines.extend(wants.lines().map(|line| format!("     {line}")));
            lines.push(format!(
                "   `orchestrator-tui answer {number} allow`, `answer {number} task` or `answer {number} deny WHY`"
            ));
        }
        About::Plan { plan } => {
            lines.push("   Is this plan good?".to_owned());
            lines.extend(plan.lines().map(|line| format!("     {line}")));
            lines.push(format!("   `orchestrator-tui answer {number} allow` or `answer {number} deny WHY`"));
        }
        About::Choice { parts } => {
            for part in parts {
                lines.extend(choice(part));
            }
            let example = parts.iter().map(|_| "1").collect::<Vec<_>>().join(" ");
            lines.push(format!("   `orchestrator-tui answer {number} {example}`, or a text of your own"));
        }
    }
    lines.join("\n")
}

fn choice(part: &Choice) -> Vec<String> {
    let several = if part.several { " (several may be chosen: 1,3 or 1,3,words)" } else { "" };
    let mut lines: Vec<String> = part.text.lines().map(|line| format!("   {line}")).collect();
    if let Some(last) = lines.last_mut() {
        last.push_str(several);
    }
    for (at, offer) in part.options.iter().enumerate() {
        let more = if offer.description.is_empty() { String::new() } else { format!("  {}", offer.description) };
        lines.push(format!("     {} {}{more}", at + 1, offer.label));
    }
    lines
}

/// Reads what a person's words mean as an answer.
///
/// # Errors
/// What can be said instead.
fn read(about: &About, words: &[String]) -> Result<Reply, String> {
    let (first, rest) = words.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
    if first == "deny" {
        return Ok(Reply::Deny { why: rest.join(" ") });
    }
    match about {
        About::Permission { .. } => match (first, rest) {
            ("allow", []) => Ok(Reply::Allow),
            ("task", []) => Ok(Reply::AllowForTask),
            _ => Err("it asks for a permission; say allow, task, or deny and why".to_owned()),
        },
        About::Plan { .. } => match (first, rest) {
            ("allow", []) => Ok(Reply::Allow),
            _ => Err("it asks whether its plan is good; say allow, or deny and why".to_owned()),
        },
        About::Choice { parts } => {
            let answers = match parts.as_slice() {
                [only] => vec![chosen(only, &words.join(" "))?],
                parts if parts.len() == words.len() => {
                    parts.iter().zip(words).map(|(part, word)| chosen(part, word)).collect::<Result<_, _>>()?
                }
                parts => {
                    return Err(format!(
                        "it asks {} questions; say one word or quoted text for each, in their order",
                        parts.len()
                    ));
                }
            };
            Ok(Reply::Choose { answers })
        }
    }
}

/// Reads numbers of options as their labels; anything else is taken as it is. Where several may be chosen, a text may come
/// after the numbers: `1,3,and the docs`.
fn chosen(part: &Choice, said: &str) -> Result<Vec<String>, String> {
    let numbers: Option<Vec<usize>> = said.split(',').map(|number| number.trim().parse().ok()).collect();
    let Some(numbers) = numbers else {
        let more = said.split_once(',').filter(|(first, _)| part.several && first.trim().parse::<usize>().is_ok());
        let Some((first, rest)) = more else { return Ok(vec![said.trim().to_owned()]) };
        let mut answers = chosen(part, first)?;
        answers.extend(chosen(part, rest)?);
        return Ok(answers);
    };
    let label = |number: &usize| {
        let offer = number.checked_sub(1).and_then(|at| part.options.get(at));
        offer
            .map(|offer| offer.label.clone())
            .ok_or_else(|| format!("{:?} has {} options; there is no number {number}", part.header, part.options.len()))
    };
    numbers.iter().map(label).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::question::Offer;

    fn words(text: &str) -> Vec<String> {
        text.split('|').map(str::to_owned).collect()
    }

    fn part(several: bool) -> Choice {
        let offer = |label: &str| Offer { label: label.to_owned(), description: String::new() };
        Choice {
            header: "Tests".to_owned(),
            text: "Which?".to_owned(),
            options: vec![offer("unit"), offer("lint"), offer("all of them")],
            several,
        }
    }

    #[test]
    fn words_mean_an_answer() {
        let permission = About::Permission { tool: "Bash".to_owned(), wants: "x".to_owned(), why: "no".to_owned() };
        let plan = About::Plan { plan: "x".to_owned() };
        let one = About::Choice { parts: vec![part(false)] };
        let two = About::Choice { parts: vec![part(true), part(false)] };
        let choose = |answers: &[&[&str]]| {
            let answers = answers.iter().map(|answer| answer.iter().map(|text| (*text).to_owned()).collect()).collect();
            Some(Reply::Choose { answers })
        };
        let deny = |why: &str| Some(Reply::Deny { why: why.to_owned() });
        for (about, said, reply) in [
            (&permission, "allow", Some(Reply::Allow)),
            (&permission, "task", Some(Reply::AllowForTask)),
            (&permission, "deny", deny("")),
            (&permission, "deny|use|ls", deny("use ls")),
            (&permission, "yes", None),
            (&permission, "allow|please", None),
            (&plan, "allow", Some(Reply::Allow)),
            (&plan, "task", None),
            (&one, "2", choose(&[&["lint"]])),
            (&one, "something|else", choose(&[&["something else"]])),
            (&one, "4", None),
            (&one, "0", None),
            (&two, "1,3|2", choose(&[&["unit", "all of them"], &["lint"]])),
            (&two, "1,3,and the docs, too|2", choose(&[&["unit", "all of them", "and the docs, too"], &["lint"]])),
            (&two, "4,and the docs|2", None),
            (&one, "1,and the docs", choose(&[&["1,and the docs"]])),
            (&two, "1", None),
            (&two, "deny|no|idea", deny("no idea")),
        ] {
            assert_eq!(read(about, &words(said)).ok(), reply, "{said}");
        }
    }

    #[test]
    fn a_question_is_shown_whole() {
        let about = About::Permission {
            tool: "Bash".to_owned(),
            wants: "first\nsecond".to_owned(),
            why: "no rule allows it".to_owned(),
        };
        let ask = crate::model::question::Ask { request: "r".to_owned(), exact: String::new(), about };
        let question = Question {
            id: crate::model::id::QuestionId(7),
            task: crate::model::id::TaskId(14),
            session: crate::model::id::SessionId(1),
            agent: "claude".to_owned(),
            shown: "9f3c41d2".to_owned(),
            ask,
            since: Wall(0),
        };
        assert_eq!(
            text(&question, Wall(65_000)),
            "7@9f3c41  #14 claude asks · permission · since 1:05\n   It wants to use Bash, and no rule allows it:\n     first\n     second\n   \
             `orchestrator-tui answer 7@9f3c41 allow`, `answer 7@9f3c41 task` or `answer 7@9f3c41 deny WHY`"
        );
    }
}
