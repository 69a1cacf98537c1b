//! Lines of the budget as a user meets them: agents that spend in steps are stopped at most one step past a line, what was
//! spent is known after a kill, and the day goes on when its line is raised.

use std::fs;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::messages_api::{Reply, TOKENS};
use crate::real_claude::{Claude, MARK, bash, fix as mends, word};
use crate::site::{PATIENCE, Site, Supervisor, until};

/// Two checks that are red, each about a file of its own.
fn site(budget: &str) -> Site {
    let check = |name: &str| {
        format!(
            "[[check]]\nname = \"{name}\"\npaths = [\"{name}.txt\"]\nparallel = true\n\
             run = \"grep -q right {name}.txt || {{ echo '{name}.txt:1:1: error: wrong'; exit 1; }}\"\n"
        )
    };
    let config = format!(
        "[fix]\nafter = \"0s\"\nbackoff = \"0s\"\nland = \"auto\"\n[limits]\nrunning = 2\nchecks = 4\n\
         [budget]\n{budget}\n{}{}",
        check("one"),
        check("two")
    );
    Site::new(&[("one.txt", "wrong\n"), ("two.txt", "wrong\n"), ("orchestrator.toml", &config)])
}

/// One model call after the other, each after the test says so; the next one is begun by a file.
fn spends(site: &Site, cost: f64, tokens: u64) {
    let scenario = |name: &str| {
        let calls: String = (1..=9)
            .map(|call| {
                format!(
                    "{{ do = \"usage\", cost = {cost}, input = {tokens}, output = 0 }},\n\
                     {{ do = \"say\", text = \"call {call}\" }},\n{{ do = \"wait_for\", file = {:?} }},\n",
                    site.outside(&format!("go-{name}-{call}"))
                )
            })
            .collect();
        format!("[[scenario]]\nmatch = \"{name}.txt:1\"\nsteps = [\n{calls}]\n")
    };
    site.script(&(scenario("one") + &scenario("two")));
}

fn go(site: &Site, name: &str, call: u32) {
    fs::write(site.outside(&format!("go-{name}-{call}")), "").expect("written");
}

fn today(site: &Site) -> Value {
    site.json(&["costs"])["today"].clone()
}

fn used(site: &Site) -> (f64, u64) {
    let all = today(site)["all"].clone();
    (all["cost_usd"].as_f64().unwrap_or_default(), all["tokens_in"].as_u64().unwrap_or_default())
}

/// Waits until so many calls of each cost and so many tokens are counted.
fn counted(site: &Site, calls: u32, cost: f64, tokens: u64) {
    let near = |one: f64, other: f64| (one - other).abs() < 1e-6;
    let began = std::time::Instant::now();
    loop {
        let used = used(site);
        if near(used.0, f64::from(calls) * cost) && used.1 == u64::from(calls) * tokens {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{calls} calls of {cost} and {tokens} are not counted: {used:?}");
    }
}

/// Starts, lets both tasks begin, and waits for the first call of each.
fn both_at_work(site: &Site, cost: f64, tokens: u64) -> Supervisor {
    let mut supervisor = site.start(&[]);
    supervisor.wait_count(2, "held");
    for task in ["1", "2"] {
        fix(site, task);
    }
    counted(site, 2, cost, tokens);
    supervisor
}

/// Returns the number of the task about a check: which is filed first is chance.
fn number(site: &Site, check: &str) -> String {
    let tasks = site.json(&["tasks"]);
    let row = tasks
        .as_array()
        .expect("a list")
        .iter()
        .find(|row| row["title"].as_str().is_some_and(|title| title.starts_with(check)));
    row.unwrap_or_else(|| panic!("no task for {check}: {tasks}"))["number"].to_string()
}

fn fix(site: &Site, task: &str) {
    let said = site.run(&["fix", task]);
    assert_eq!(said.code, 0, "{said:?}");
}

fn ends(supervisor: &Supervisor) -> usize {
    supervisor.seen.iter().filter(|fact| fact["kind"] == "attempt_ended").count()
}

#[test]
fn two_agents_together_stop_at_the_line_of_the_day_and_a_kill_forgets_nothing() {
    for (budget, line, cost, tokens) in [
        ("day_usd = 1.0\ntask_usd = 0", "budget.day_usd", 0.3, 5),
        // Nobody knows what this costs: tokens count.
        ("day_usd = 1.0\ntask_usd = 0\nday_tokens = 1000", "budget.day_tokens", 0.0, 300),
    ] {
        let site = site(budget);
        spends(&site, cost, tokens);
        let mut supervisor = both_at_work(&site, cost, tokens);
        go(&site, "one", 1);
        counted(&site, 3, cost, tokens);
        assert_eq!(ends(&supervisor), 0);
        let near = supervisor.wait("the warning", |fact| fact["kind"] == "neared");
        assert_eq!(near["reached"], false, "{near}");

        // A run that is killed in the middle is paid, once the journal has it on disk.
        until("the journal", || site.run(&["logs", "--json"]).out.contains("\"kind\":\"neared\""));
        supervisor.signal(Signal::SIGKILL);
        supervisor.end();
        counted(&site, 3, cost, tokens);
        fs::remove_file(site.outside("go-one-1")).expect("it is there");
        supervisor = site.start(&[]);

        // The fourth call reaches the line; each agent may have begun one before that was known.
        supervisor.wait("the line", |fact| fact["kind"] == "neared" && fact["reached"] == true);
        let queued = |row: &Value| row["state"] == "queued";
        until("the end of all agents", || site.json(&["tasks"]).as_array().is_some_and(|rows| rows.iter().all(queued)));
        let costs = site.json(&["costs"]);
        assert_eq!(costs["parked"], line, "{costs:#}");
        let calls = u32::try_from(used(&site).1 / tokens).expect("a few");
        assert!((4..=5).contains(&calls), "{costs:#}");
        counted(&site, calls, cost, tokens);
        if cost == 0.0 {
            let unpriced = u64::from(calls) * tokens;
            assert_eq!(costs["today"]["all"]["cost_usd"], Value::Null, "{costs:#}");
            assert_eq!(costs["today"]["unpriced_tokens"], unpriced, "{costs:#}");
            let said = site.run(&["costs"]).out;
            assert!(
                said.contains(&format!("{},{}00 tokens is not known", unpriced / 1000, unpriced % 1000 / 100)),
                "{said}"
            );
        }
        for row in site.json(&["tasks"]).as_array().expect("a list") {
            assert_eq!((&row["state"], &row["attempts"]), (&"queued".into(), &0.into()), "{row}");
            assert!(row["reason"].as_str().is_some_and(|why| why.contains(line) && why.contains("--raise")), "{row}");
        }

        // Neither a start nor `resume` goes past it.
        supervisor.signal(Signal::SIGKILL);
        supervisor.end();
        supervisor = site.start(&[]);
        supervisor.wait_count(2, "ran");
        let resumed = site.run(&["resume"]);
        assert!(resumed.out.contains("--raise"), "{resumed:?}");
        assert_eq!(site.json(&["costs"])["parked"], line);
        assert!(!site.processes().iter().any(|process| process.contains(" rehearsal ")), "{:?}", site.processes());

        // What mends it does so at once.
        let raised = if cost == 0.0 { ["costs", "--raise-tokens", "5000"] } else { ["costs", "--raise", "5"] };
        assert_eq!(site.run(&raised).code, 0);
        counted(&site, calls + 2, cost, tokens);
        supervisor.stop();
        counted(&site, calls + 2, cost, tokens);
    }
}

#[test]
fn what_an_agent_uses_after_its_supervisor_died_is_counted() {
    let site = site("task_usd = 1.0");
    spends(&site, 0.2, 50);
    let mut supervisor = site.start(&[]);
    supervisor.wait_count(2, "held");
    let task = number(&site, "one");
    fix(&site, &task);
    counted(&site, 1, 0.2, 50);
    supervisor.signal(Signal::SIGKILL);
    supervisor.end();

    // Nobody listens any more but the holder, and nobody asks for the price.
    for call in 1..=2 {
        go(&site, "one", call);
    }
    let folder = fs::read_dir(site.state()).expect("a folder").flatten().map(|entry| entry.path().join("sessions"));
    let sessions: Vec<_> = folder.filter(|folder| folder.is_dir()).collect();
    let said = |text: &str| {
        let files = sessions.iter().flat_map(|folder| fs::read_dir(folder).expect("a folder").flatten());
        files.filter_map(|file| fs::read_to_string(file.path()).ok()).any(|transcript| transcript.contains(text))
    };
    until("the third call", || said("call 3"));
    let supervisor = site.start(&[]);
    until("the count", || used(&site).1 == 150);
    let all = today(&site)["all"].clone();
    assert_eq!(all["unpriced"], true, "what the last two cost was never said: {all:#}");
    assert!(all["cost_usd"].as_f64().is_some_and(|usd| (usd - 0.2).abs() < 1e-6), "{all:#}");
    supervisor.stop();
    assert_eq!(today(&site)["all"]["tokens_in"], 150);
}

#[test]
fn an_agent_stops_at_the_line_of_its_task() {
    for (budget, cost, tokens, calls) in
        [("task_usd = 0.5", 0.2, 5, 3), ("task_usd = 0\ntask_tokens = 500", 0.0, 200, 3)]
    {
        let site = site(budget);
        spends(&site, cost, tokens);
        let mut supervisor = site.start(&[]);
        supervisor.wait_count(2, "held");
        let task = number(&site, "one");
        fix(&site, &task);
        for call in 1..calls {
            counted(&site, call, cost, tokens);
            go(&site, "one", call);
        }
        let end = supervisor.wait_kind("attempt_ended");
        assert_eq!(end["then"]["failed"], "budget", "{end}");
        counted(&site, calls, cost, tokens);
        let again = site.run(&["retry", &task]);
        assert!(again.code == 1 && again.err.contains("raise it in orchestrator.toml"), "{again:?}");
        supervisor.stop();
    }
}

#[test]
fn a_raised_line_in_the_configuration_lets_it_go_on() {
    let site = site("day_usd = 0.5\ntask_usd = 0");
    spends(&site, 0.3, 5);
    let mut supervisor = both_at_work(&site, 0.3, 5);
    supervisor.wait_count(2, "attempt_ended");
    let config = site.read("orchestrator.toml").replace("day_usd = 0.5", "day_usd = 50");
    site.write("orchestrator.toml", &config);
    supervisor.wait_count(2 + 2, "attempt_started");
    counted(&site, 4, 0.3, 5);
    supervisor.stop();
}

#[test]
fn what_a_fix_has_cost_is_said_before_the_next() {
    let site = site("");
    site.script(
        "[[scenario]]\nmatch = \"*\"\nsteps = [\n{ do = \"usage\", cost = 0.25, input = 10, output = 1 },\n\
         { do = \"edit\", file = \"one.txt\", find = \"wrong\", replace = \"right\" },\n]\n",
    );
    let mut supervisor = site.start(&[]);
    supervisor.wait_count(2, "held");
    let (one, two) = (number(&site, "one"), number(&site, "two"));
    fix(&site, &one);
    supervisor.wait("the landing", |fact| fact["kind"] == "attempt_ended");
    let reason = site.json(&["show", &two])["reason"].as_str().expect("a reason").to_owned();
    assert!(reason.contains("such a fix: $0.25, ") && reason.contains("(1 landed here)"), "{reason}");
    let costs = site.json(&["costs"]);
    assert_eq!((&costs["today"]["landed"], &costs["total"]["landed"]), (&1.into(), &1.into()), "{costs:#}");
    assert_eq!(costs["today"]["for_each_landed"]["cost_usd"], 0.25, "{costs:#}");
    assert_eq!(costs["tasks"][0]["number"].to_string(), one, "{costs:#}");
    assert_eq!(costs["tasks"][0]["today"]["cost_usd"], 0.25, "{costs:#}");
    supervisor.stop();
    // The journal knows as much as the supervisor did.
    assert_eq!(site.json(&["costs"]), costs);
    let stats = site.json(&["stats", "--by", "role"]);
    assert_eq!(stats["by_role"][0]["name"], "fixer", "{stats:#}");
    assert_eq!((&stats["total"]["succeeded"], &stats["total"]["cost_usd"]), (&1.into(), &0.25.into()), "{stats:#}");
    assert_eq!((&stats["by_day"], &stats["total"]["success_rate"]), (&serde_json::Value::Null, &1.0.into()));
    assert!(site.run(&["stats"]).out.contains("fixer"), "{}", site.run(&["stats"]).out);
    // What was taken back is no fix that the money was spent for.
    assert_eq!(site.run(&["undo", &one]).code, 0);
    let costs = site.json(&["costs"]);
    assert_eq!((&costs["today"]["landed"], &costs["total"]["landed"]), (&0.into(), &0.into()), "{costs:#}");
    assert_eq!(costs["today"]["for_each_landed"], serde_json::Value::Null, "{costs:#}");
    assert_eq!(costs["today"]["all"]["cost_usd"], 0.25, "{costs:#}");
}

#[test]
fn the_planner_goes_at_most_one_turn_past_a_line() {
    let site = site("day_usd = 1.0\ntask_usd = 0");
    let config = site.read("orchestrator.toml").replace("[fix]\n", "[fix]\nplanner = \"always\"\n");
    site.write("orchestrator.toml", &config);
    let wait = format!("{{ do = \"wait_for\", file = {:?} }}", site.outside("go"));
    site.script(&format!(
        "[[scenario]]\nmatch = \"[orchestrator-tui plan \"\nsteps = [{wait}, {{ do = \"usage\", cost = 3.0, input = 10, output = 0 }}, \
         {{ do = \"say\", text = \"PLANNED\" }}]\n[[scenario]]\nmatch = \"*\"\nsteps = [{{ do = \"usage\", cost = 0.5, input = 5, output = 0 }}]\n"
    ));
    let mut supervisor = site.start(&[]);
    supervisor.wait_count(2, "held");
    for task in ["1", "2"] {
        fix(&site, task);
    }
    // Both wait for it; it is asked for one, and the other's turn would be past the line.
    supervisor.wait_count(2, "attempt_started");
    fs::write(site.outside("go"), "").expect("written");
    supervisor.wait("the line", |fact| fact["kind"] == "neared" && fact["reached"] == true);
    let queued = |row: &Value| row["state"] == "queued";
    until("the end of all agents", || site.json(&["tasks"]).as_array().is_some_and(|rows| rows.iter().all(queued)));
    supervisor.stop();
    let planner = today(&site)["planner"].clone();
    assert_eq!((&planner["cost_usd"], &planner["unpriced"]), (&3.0.into(), &false.into()), "one turn: {planner:#}");
    assert_eq!(site.json(&["costs"])["parked"], "budget.day_usd");
}

#[test]
fn what_a_subagent_uses_counts() {
    let agent = json!({ "description": "look", "prompt": "LOOK AROUND", "subagent_type": "general-purpose" });
    let look = vec![bash("ls"), Reply::text("Nothing special.")];
    let mut steps = vec![Reply::Tool("Agent", agent)];
    steps.extend(mends("word.txt", "wrong", "right"));
    let config = format!(
        "[[check]]\nname = \"{MARK}\"\nrun = \"grep -q right word.txt || {{ echo 'word.txt:1:1: error: wrong'; exit 1; }}\"\n"
    );
    let site = Site::new(&[("word.txt", "wrong\n"), ("orchestrator.toml", &config)]);
    let more = "planner = \"off\"\n[policy]\nallow = [\"Agent\"]\n";
    let Some(claude) = Claude::with(&site, vec![(MARK, steps), ("LOOK AROUND", look)], more, "") else { return };
    assert_eq!(site.until_idle().code, 0);
    // Four of the fixer, two of its subagent; one more where the CLI lets that work in the background.
    let calls = claude.api.requests();
    assert!((6..=7).contains(&calls), "{calls} calls");
    let all = today(&site)["all"].clone();
    assert_eq!(all["tokens_in"], calls * TOKENS.0, "{calls} calls: {all:#}");
    assert!(all["cost_usd"].as_f64().is_some_and(|usd| usd > 0.0) && all["unpriced"] == false, "{all:#}");
}

#[test]
fn the_real_claude_stops_at_most_one_call_past_a_line() {
    // Each call costs 0.006 dollars or so, and 1,100 tokens; the third would go on for ever.
    for (budget, line) in
        [("[budget]\nday_usd = 0.0061\n", "budget.day_usd"), ("[budget]\nday_tokens = 1101\n", "budget.day_tokens")]
    {
        let steps = vec![bash("ls"), bash("ls -a"), Reply::Hang];
        let Some((site, claude)) = word(steps, budget) else { return };
        let mut supervisor = site.start(&[]);
        supervisor.wait_kind("held");
        fix(&site, "1");
        supervisor.wait("the line", |fact| fact["kind"] == "neared" && fact["reached"] == true);
        let end = supervisor.wait_kind("attempt_ended");
        assert!(!end["record"]["end"]["parked"].is_null(), "{end}");
        assert!((2..=3).contains(&claude.api.requests()), "{} calls", claude.api.requests());
        let costs = site.json(&["costs"]);
        assert_eq!(costs["parked"], line, "{costs:#}");
        let all = &costs["today"]["all"];
        let usd = all["cost_usd"].as_f64().unwrap_or_default();
        assert!((0.0061..0.05).contains(&usd), "{costs:#}");
        assert!((2200..=3300).contains(&all["tokens_in"].as_u64().map_or(0, |tokens| tokens + 200)), "{costs:#}");
        supervisor.stop();
    }
}
