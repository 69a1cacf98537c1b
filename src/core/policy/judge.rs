//! Answers one request: may this tool be used in this way?

use serde_json::Value;

use super::parse::parse;
use super::place::{Folders, Place, classify, outside, refuse_protected};
use super::rule::{BadRule, Rule};
use super::walk::{Lists, Walk};
use super::word::Word;
use super::world::World;
use crate::model::policy::{Permission, PolicyScope, Rules, Verdict};
use crate::model::prompt::PLANNER;

/// Tools that read files; the field that names where.
const READ_TOOLS: [(&str, &str); 5] =
    [("Read", "file_path"), ("Glob", "path"), ("Grep", "path"), ("LS", "path"), ("NotebookRead", "notebook_path")];

/// Tools that change files; the field that names which.
const EDIT_TOOLS: [(&str, &str); 4] =
    [("Edit", "file_path"), ("MultiEdit", "file_path"), ("Write", "file_path"), ("NotebookEdit", "notebook_path")];

/// Tools that only keep the agent's own books.
const OWN_TOOLS: [&str; 9] = [
    "BashOutput",
    "KillShell",
    "TaskCreate",
    "TaskGet",
    "TaskList",
    "TaskOutput",
    "TaskStop",
    "TaskUpdate",
    "TodoWrite",
];

/// The longest command line that is looked at, in bytes: twice what the kernel takes as one argument.
const LONGEST: usize = 256 * 1024;

/// What a planner is told that wants to edit.
pub(super) const NO_EDITS: &str = "a planner edits nothing; say in the plan what is to be edited";

/// Tools by which a planner looks things up; what agents of its own use is judged like its own.
const LOOK_UP_TOOLS: [&str; 5] = ["Agent", "Task", "ToolSearch", "WebFetch", "WebSearch"];

/// Tools by which an agent speaks to a person.
pub const PERSON_TOOLS: [&str; 3] = ["AskUserQuestion", "ExitPlanMode", "EnterPlanMode"];

/// Answers a request to use `tool` with `input`. The same question always gets the same answer: the hook, the answers to
/// permission requests and `policy check` all ask here.
pub fn judge(scope: &PolicyScope, world: &dyn World, tool: &str, input: &Value) -> Verdict {
    let lists = lists(scope);
    if tool == "Bash" {
        return command(scope, world, &lists, input);
    }
    let field = READ_TOOLS.iter().chain(&EDIT_TOOLS).find(|(name, _)| *name == tool).map(|(_, field)| *field);
    let path = field.and_then(|field| input[field].as_str());
    let place =
        |text: &str| Folders::new(scope.folder()).place(&Word { glob: false, ..named(text, scope) }, scope, world);
    let relative = path.and_then(|path| match place(path) {
        Place::Inside(inside) => inside.to_str().map(str::to_owned),
        Place::Free | Place::Outside(_) | Place::Unknown => None,
    });
    let own = if tool == "EnterPlanMode" && scope.edits {
        return Verdict::deny("default.plan", "this task has its plan already");
    } else if PERSON_TOOLS.contains(&tool) {
        return Verdict::ask("person", "it asks for a person");
    } else if EDIT_TOOLS.iter().any(|(name, _)| *name == tool) {
        match path.map(place) {
            None | Some(Place::Unknown) => Verdict::ask("default.unclear", "the request names no file"),
            Some(Place::Outside(path)) => outside(&path, scope),
            Some(Place::Inside(path)) if path.as_os_str().is_empty() => {
                Verdict::deny("default.unclear", "this is not a file of the workspace")
            }
            Some(Place::Inside(path)) => refuse_protected(&path).unwrap_or_else(|| edit(scope)),
            // The plans that it keeps for itself.
            Some(Place::Free) if scope.role == PLANNER => Verdict::allow("default.own", "it keeps its own plan"),
            Some(Place::Free) => edit(scope),
        }
    } else if field.is_some() {
        // Without a path these search the folder that the agent is in.
        let pattern = if tool == "Glob" { input["pattern"].as_str() } else { None };
        let searched = if path.is_none() { Some(".") } else { None };
        match path
            .or(searched)
            .into_iter()
            .chain(pattern)
            .map(|text| (text, place(text)))
            .find(|(_, place)| !is_inside(place))
        {
            Some((text, _)) => Verdict::ask("default.outside", format!("{text} is outside the workspace")),
            None => Verdict::allow("default.read", "it only reads, in the workspace"),
        }
    } else if OWN_TOOLS.contains(&tool) {
        Verdict::allow("default.own", "it only keeps the agent's own books")
    } else if scope.role == PLANNER && LOOK_UP_TOOLS.contains(&tool) {
        Verdict::allow("default.look_up", "it only looks something up")
    } else {
        Verdict::ask("default.unlisted", format!("the tool {tool} is not among those that are allowed"))
    };
    listed(&lists, own, tool, relative.as_deref())
}

/// Returns a path that a tool was given: `~` is the home here, too.
fn named(text: &str, scope: &PolicyScope) -> Word {
    let home = || scope.variables.get("HOME").map_or("/~", String::as_str);
    match text.strip_prefix('~') {
        Some(rest) => Word::literal(format!("{}{rest}", home())),
        None => Word::literal(text),
    }
}

fn is_inside(place: &Place) -> bool {
    match place {
        Place::Inside(_) | Place::Free => true,
        Place::Outside(_) | Place::Unknown => false,
    }
}

fn edit(scope: &PolicyScope) -> Verdict {
    match scope.role.as_str() {
        PLANNER => Verdict::deny("default.edit", NO_EDITS),
        _ if scope.edits => Verdict::allow("default.edit", "it edits a file of the workspace"),
        role => Verdict::ask("default.edit", format!("it edits a file, and a {role} only looks")),
    }
}

/// Lets the lists that a person wrote have their say.
fn listed(lists: &Lists, own: Verdict, tool: &str, file: Option<&str>) -> Verdict {
    if own.decision == Permission::Deny {
        return own;
    }
    let find = |list: &[(String, Rule)]| {
        list.iter().find(|(_, rule)| rule.fits_tool(tool, file)).map(|(name, rule)| format!("{name} {:?}", rule.text()))
    };
    if let Some(rule) = find(&lists.deny) {
        Verdict::deny(rule, "the configuration refuses it")
    } else if let Some(rule) = find(&lists.ask) {
        Verdict::ask(rule, "the configuration says that a person is asked")
    } else if let Some(rule) = find(&lists.allow) {
        Verdict::allow(rule, "the configuration allows it")
    } else {
        own
    }
}

fn command(scope: &PolicyScope, world: &dyn World, lists: &Lists, input: &Value) -> Verdict {
    let Some(text) = input["command"].as_str() else {
        return Verdict::ask("default.unclear", "the request names no command");
    };
    if input["dangerouslyDisableSandbox"] == true {
        return Verdict::deny("default.sandbox", "the sandbox stays on");
    }
    let text = text.trim();
    let checks: Vec<_> = scope
        .commands
        .iter()
        .filter_map(|line| parse(line, &scope.variables).ok())
        .flat_map(|script| script.commands)
        .collect();
    let mut walk = Walk::new(scope, world, lists, &checks);
    if let Place::Outside(path) = classify(scope.folder(), scope, world) {
        walk.ask("default.outside", format!("it begins in {}, which is outside the workspace", path.display()));
    }
    if text.len() > LONGEST {
        return Verdict::ask("default.unclear", "it is too long to be understood");
    }
    // The check itself may be written in ways that say nothing to us; word for word it is fine.
    let own = || scope.commands.iter().find_map(|line| Some((line.trim(), continues(text, line.trim())?)));
    match own().filter(|_| scope.folder() == scope.workspace) {
        Some((line, rest)) if checks.len() != 1 => {
            walk.own_line(line);
            if !rest.is_empty() {
                walk.script(&format!("true {rest}"));
            }
        }
        Some(_) | None => walk.script(text),
    }
    worst(walk.verdicts)
}

/// Returns the answer that weighs most; the first of equals.
fn worst(verdicts: Vec<Verdict>) -> Verdict {
    let mut verdicts = verdicts.into_iter();
    let Some(first) = verdicts.next() else {
        return Verdict::ask("default.unclear", "there is no command in it");
    };
    verdicts.fold(first, |worst, verdict| if verdict.weight() > worst.weight() { verdict } else { worst })
}

/// Returns what follows `command` at the beginning of `text`, if an operator or nothing does.
fn continues<'a>(text: &'a str, command: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(command).filter(|_| !command.is_empty())?.trim_start();
    (rest.is_empty() || rest.starts_with(['|', '&', ';', '>', '\n']) || rest.starts_with("2>")).then_some(rest)
}

/// Takes the rules of a scope apart. One that cannot be read allows nothing; the configuration has said so.
fn lists(scope: &PolicyScope) -> Lists {
    let mut lists = Lists::default();
    let policy = &scope.policy;
    let mut add = |prefix: &str, rules: &Rules| {
        for (name, from, to) in [
            ("deny", &rules.deny, &mut lists.deny),
            ("ask", &rules.ask, &mut lists.ask),
            ("allow", &rules.allow, &mut lists.allow),
        ] {
            to.extend(from.iter().filter_map(|text| Some((format!("{prefix}.{name}"), Rule::parse(text).ok()?))));
        }
    };
    if let Some(rules) = policy.roles.get(&scope.role) {
        add(&format!("policy.role.{}", scope.role), rules);
    }
    add("policy", &policy.rules);
    lists.database = policy.database.iter().filter_map(|text| Rule::of_command(text).ok()).collect();
    lists
}

/// Says what is wrong with a pattern of the configuration, if anything is.
///
/// # Errors
/// What is wrong.
pub fn check_rule(text: &str) -> Result<(), BadRule> {
    Rule::parse(text).map(drop)
}

/// Says what is wrong with a command pattern of the configuration, if anything is.
///
/// # Errors
/// What is wrong.
pub fn check_command_rule(text: &str) -> Result<(), BadRule> {
    Rule::of_command(text).map(drop)
}

/// Returns where a path that somebody else found to be of interest leads: whether it leaves the workspace.
pub fn leaves(scope: &PolicyScope, world: &dyn World, path: &str) -> bool {
    !is_inside(&classify(&scope.workspace.join(path), scope, world))
}
