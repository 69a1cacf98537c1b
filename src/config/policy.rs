//! `[policy]`: how its lists of several files come together, and whether its patterns can be read.

use crate::config::diagnostic::Diagnostic;
use crate::config::file::{List, PolicyTable};
use crate::config::layer::Layer;
use crate::config::origin::Places;
use crate::core::policy::{BadRule, check_command_rule, check_rule};
use crate::model::policy::Policy;

/// Lays a table over the policy so far. Its lists are added, unlike other lists: a project cannot take back what its
/// user refuses.
pub(crate) fn lay(layer: &mut Layer<'_>, policy: &mut Policy, table: PolicyTable) {
    let rules = &mut policy.rules;
    add(layer, "policy.allow", &mut rules.allow, table.allow);
    add(layer, "policy.ask", &mut rules.ask, table.ask);
    add(layer, "policy.deny", &mut rules.deny, table.deny);
    add(layer, "policy.database", &mut policy.database, table.database);
    add(layer, "policy.write", &mut policy.write, table.write);
    layer.put("policy.delete", &mut policy.delete, table.delete);
    for (name, table) in table.role {
        let key = format!("policy.role.{}", name.get_ref());
        layer.note(&key, &name);
        let rules = policy.roles.entry(name.into_inner()).or_default();
        add(layer, &format!("{key}.allow"), &mut rules.allow, table.allow);
        add(layer, &format!("{key}.ask"), &mut rules.ask, table.ask);
        add(layer, &format!("{key}.deny"), &mut rules.deny, table.deny);
    }
}

fn add(layer: &mut Layer<'_>, key: &str, target: &mut Vec<String>, given: List) {
    let Some(given) = given else { return };
    layer.note(key, &given);
    for element in given.into_inner() {
        layer.note(&format!("{key}[{}]", target.len()), &element);
        target.push(element.into_inner());
    }
}

/// Returns what is wrong with the patterns and folders of a policy.
pub(crate) fn mistakes(policy: &Policy, places: &Places) -> Vec<Diagnostic> {
    let mut mistakes = Vec::new();
    let mut check = |key: &str, list: &[String], check: fn(&str) -> Result<(), BadRule>, hint: &str| {
        for (number, text) in list.iter().enumerate() {
            if let Err(bad) = check(text) {
                let message = format!("{text:?} is no pattern: {bad}");
                mistakes.push(places.diagnostic(&format!("{key}[{number}]"), message).hint(hint));
            }
        }
    };
    let tools = "write \"Bash(npm run build *)\", \"Write(docs/**)\" or the name of a tool";
    let mut rules = vec![("policy".to_owned(), &policy.rules)];
    rules.extend(policy.roles.iter().map(|(name, rules)| (format!("policy.role.{name}"), rules)));
    for (key, rules) in rules {
        for (name, list) in [("allow", &rules.allow), ("ask", &rules.ask), ("deny", &rules.deny)] {
            check(&format!("{key}.{name}"), list, check_rule, tools);
        }
    }
    check("policy.database", &policy.database, check_command_rule, "write \"bin/migrate *\"");
    let folder = |text: &str| {
        let is_one = text.starts_with('/') || text.starts_with("~/");
        // The whole disk or the whole home is no fence at all.
        let is_all = ["/", "~/", "/home", "/home/"].contains(&text) || text.split('/').any(|part| part == "..");
        if is_one && !is_all {
            Ok(())
        } else {
            Err(BadRule("it is no folder that could be written besides".to_owned()))
        }
    };
    check("policy.write", &policy.write, folder, "write \"~/.cache/tool\" or an absolute path");
    mistakes
}
