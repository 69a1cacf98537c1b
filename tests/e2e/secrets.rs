//! Secrets that checks and agents print: none is kept, none is shown, and an agent gets back what it said.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::site::{Site, until};

const CONFIG: &str = "[fix]\nattempts = 1\nafter = \"0s\"\nplanner = \"off\"\n[questions]\nunattended = \"wait\"\n[[check]]\nname = \"unit\"\nrun = \"sh check.sh\"\n";

/// Prints every variable whole, in two writes, and broken into lines of nine letters.
const CHECK: &str = r#"for name in $PRINTED; do
  eval "value=\$$name"
  printf 'here is %s.\n' "$value"
  rest=${value#?????????}
  printf '"%s' "${value%"$rest"}"; printf '%s"\n' "$rest"
  printf '\033[1m%s\033[0m\n' "$value" | fold -w 9 | sed 's/^/    /'
done
grep -q right word.txt || { echo "word.txt:1:1: error: wrong word for $DB_PASSWORD"; exit 1; }
"#;

/// Speaks as `claude` does: says secrets, asks with one in a command and one in an option, and keeps what it hears.
const AGENT: &str = r#"read -r prompt; printf '%s\n' "$prompt" > OUT.prompt
heard() { while IFS= read -r line; do case $line in *control_response*) printf '%s\n' "$line" >> OUT; return;; esac; done; }
echo '{"type":"system","subtype":"init","session_id":"s","model":"m"}'
printf 'no frame: %s\n' "$TOKEN_A"
printf 'to stderr: %s %s\n' "$DB_PASSWORD" "$TOKEN_B" >&2
printf '{"type":"assistant","message":{"id":"m1","content":[{"type":"text","text":"I see %s\\nand %s"}]}}\n' "$DB_PASSWORD" "$TOKEN_B"
printf '{"type":"control_request","request_id":"r1","request":{"subtype":"can_use_tool","tool_name":"Bash","input":{"z":1,"command":"curl -u me:%s https://u:%s@x.test/","a":"%s"}}}\n' "$DB_PASSWORD" "$TOKEN_C" "$TOKEN_A"
heard
printf '{"type":"control_request","request_id":"r2","request":{"subtype":"can_use_tool","tool_name":"AskUserQuestion","input":{"questions":[{"question":"Use %s?","header":"Key","multiSelect":false,"options":[{"label":"yes, %s","description":"d"},{"label":"no","description":""}]},{"question":"Which else?","header":"Else","multiSelect":false,"options":[]}]}}}\n' "$DB_PASSWORD" "$TOKEN_B"
heard
echo right > word.txt
printf '{"type":"result","subtype":"success","is_error":false,"result":"done with %s"}\n' "$TOKEN_A"
cat > /dev/null
"#;

fn variables() -> BTreeMap<&'static str, String> {
    let some = |length: usize| "a1B2c3D4e5F6g7H8i9J0".chars().cycle().take(length).collect::<String>();
    let mut variables = BTreeMap::from([
        ("DB_PASSWORD", "plum-Tree/77%+x~zebra".to_owned()),
        ("AGENT_ONLY_SECRET", "of-the-agent-4711".to_owned()),
        ("TOKEN_A", format!("ghp_{}", some(36))),
        ("TOKEN_B", format!("sk-ant-api03-{}", some(80))),
        ("TOKEN_C", "url-pass-1234".to_owned()),
    ]);
    let shapes = [
        format!("AKIA{}", "QWERTY23".repeat(2)),
        format!("glpat-{}", some(20)),
        format!("xoxb-{}", some(30)),
        format!("AIza{}", some(35)),
        format!("npm_{}", some(36)),
        format!("sk_live_{}", some(24)),
        format!("github_pat_{}", some(60)),
    ];
    // Their names say nothing.
    for (name, token) in ["V0", "V1", "V2", "V3", "V4", "V5", "V6"].into_iter().zip(shapes) {
        variables.insert(name, token);
    }
    variables
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => files(&entry.path(), found),
            kind if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
}

/// Looks for every secret in `bytes`, also where it is broken into lines.
fn assert_free(secrets: &BTreeMap<&str, String>, bytes: &[u8], what: &str) {
    let text = String::from_utf8_lossy(bytes);
    let joined =
        text.replace("\u{1b}[1m", "").replace("\u{1b}[0m", "").replace("\\n", "").replace(['\r', '\n', ' '], "");
    for (name, secret) in secrets {
        // The beginning as well: what came in two pieces must not be there in one.
        for part in [secret, &secret[..12]] {
            assert!(!text.contains(part) && !joined.contains(part), "{name} ({part}) is in {what}: {text}");
        }
    }
}

#[test]
fn nothing_secret_is_kept_or_shown_and_the_agent_gets_its_own_words() {
    let site = Site::new(&[("word.txt", "wrong\n"), ("check.sh", CHECK), ("orchestrator.toml", CONFIG)]);
    let secrets = variables();
    let (agent, heard) = (site.outside("agent.sh"), site.outside("heard"));
    fs::write(&agent, AGENT.replace("OUT", &heard.display().to_string())).unwrap();
    let user = format!(
        "[agent.claude]\nprogram = \"sh\"\nargs = [{:?}]\nenv = {{ AGENT_ONLY_SECRET = {:?} }}\n",
        agent.display().to_string(),
        secrets["AGENT_ONLY_SECRET"]
    );
    fs::write(site.outside("user.toml"), user).unwrap();
    let mirror = site.outside("mirror.json");
    let printed = secrets.keys().copied().filter(|name| *name != "TOKEN_C").collect::<Vec<_>>().join(" ");
    let mut set: Vec<(&str, &Path)> = secrets.iter().map(|(name, value)| (*name, Path::new(value))).collect();
    // A shape alone is not enough for a password in a URL that is printed without it.
    set.extend([("PRINTED", Path::new(&printed)), ("STATE_FILE", &mirror), ("ORCHESTRATOR_LOG", Path::new("trace"))]);
    let mut running = site.start_with(&["--until-idle", "--land", "auto"], &set);

    running.wait_kind("questioned");
    let outputs: RefCell<Vec<(String, String)>> = RefCell::default();
    let ask = |args: &[&str]| {
        let said = site.command(args).envs(set.iter().copied()).output().unwrap();
        let text = String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned();
        outputs.borrow_mut().push((args.join(" "), text.clone()));
        text
    };
    let shown = ask(&["questions"]);
    let want = "curl -u me:[secret DB_PASSWORD] https://u:[secret TOKEN_C]@x.test/";
    assert!(shown.contains(want), "{shown}");
    for args in [&["answer", "1"][..], &["tasks"], &["status"], &["show", "1"]] {
        ask(args);
    }
    let said = ask(&["answer", "1", "allow"]);
    assert!(said.contains("allowed once"), "{said}");
    running.wait_kind("questioned");
    let mine = format!("ask with Bearer {}", secrets["V1"]);
    let shown = ask(&["answer", "2"]);
    assert!(shown.contains("yes, [secret TOKEN_B]"), "{shown}");
    let said = ask(&["answer", "2", "1", &mine]);
    assert!(said.contains("ask with Bearer [secret: "), "{said}");
    let (code, facts) = running.end_with_facts();
    assert_eq!(code, 0, "{facts:#?}");
    outputs.borrow_mut().push(("run --json".to_owned(), facts.iter().map(Value::to_string).collect()));
    for verb in ["status", "tasks", "questions", "health"] {
        ask(&[verb]);
        ask(&[verb, "--json"]);
    }
    for args in [&["show", "1"][..], &["logs"], &["receipt", "1"], &["doctor", "--json"], &["gc", "--dry-run"]] {
        ask(args);
    }
    ask(&["show", "1", "--json"]);

    // What the agent said comes back to it as it said it.
    let answers: Vec<Value> =
        fs::read_to_string(&heard).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let input = &answers[0]["response"]["response"]["updatedInput"];
    let command = format!("curl -u me:{} https://u:{}@x.test/", secrets["DB_PASSWORD"], secrets["TOKEN_C"]);
    assert_eq!(input, &serde_json::json!({ "z": 1, "command": command, "a": secrets["TOKEN_A"] }));
    let said = &answers[1]["response"]["response"]["updatedInput"]["answers"];
    assert_eq!(said[format!("Use {}?", secrets["DB_PASSWORD"])], format!("yes, {}", secrets["TOKEN_B"]));
    assert_eq!(said["Which else?"], mine.as_str(), "what a person says is for the agent");

    let outputs = outputs.into_inner();
    let all: String = outputs.iter().map(|(_, text)| text.as_str()).collect();
    for label in ["[secret DB_PASSWORD]", "[secret: a GitLab token]", "[secret TOKEN_A]"] {
        assert!(all.contains(label), "{label} stands for what was there: {all}");
    }
    for (what, text) in &outputs {
        assert_free(&secrets, text.as_bytes(), what);
    }
    until("the mirror", || mirror.is_file());
    assert_free(&secrets, &fs::read(&mirror).unwrap(), "the mirror");
    assert_free(&secrets, &fs::read(site.outside("heard.prompt")).unwrap(), "the prompt");
    let mut kept = Vec::new();
    files(&site.state(), &mut kept);
    let kinds = ["journal.db", ".out", ".err", "log"];
    for kind in kinds {
        assert!(kept.iter().any(|file| file.to_string_lossy().ends_with(kind)), "no {kind} in {kept:#?}");
    }
    let transcripts = kept.iter().filter(|file| file.extension().is_some_and(|end| end == "out"));
    let text: String = transcripts.map(|file| String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned()).collect();
    assert!(text.contains("here is [secret DB_PASSWORD"), "{text}");
    for file in kept {
        assert_free(&secrets, &fs::read(&file).unwrap(), &file.display().to_string());
    }
    site.wait_until_empty();
}

#[test]
fn what_a_killed_supervisor_leaves_of_its_runs_goes_at_the_next_start() {
    const SECRET: &str = "plum-Tree/77x";
    let config = format!(
        "[fix]\nafter = \"0s\"\nplanner = \"always\"\n[[check]]\nname = \"unit\"\n\
         run = \"DB_PASSWORD={SECRET} sh check.sh\"\n"
    );
    let check = "grep -q right word.txt || { echo 'word.txt:1:1: error: wrong'; exit 1; }\n";
    let site = Site::new(&[("word.txt", "wrong\n"), ("check.sh", check), ("orchestrator.toml", &config)]);
    let said = |name: &str| format!("{{ do = \"touch\", file = {:?} }}", site.outside(name));
    site.script(&format!(
        "[[scenario]]\nmatch = \"[orchestrator-tui plan \"\nsteps = [{{ do = \"say\", text = \"PLANNED\" }}]\n\
         [[scenario]]\nmatch = \"*\"\nsteps = [{}, {{ do = \"silent\" }}]\n",
        said("works")
    ));
    let temporary = site.outside("tmp");
    // Others that are called like ours: nobody said of them that they are.
    for name in ["orchestrator-agent-theirs", "orchestrator-agent-another"] {
        fs::create_dir_all(temporary.join(name)).unwrap();
    }
    fs::write(temporary.join("orchestrator-agent-another/.orchestrator-tui"), "0123456789abcdef 1").unwrap();
    let variables = [("TMPDIR", temporary.as_path()), ("DB_PASSWORD", Path::new(SECRET))];
    let supervisor = site.start_with(&["--until-idle"], &variables);
    until("both roles", || site.outside("works").exists());
    let ours = || {
        let names = fs::read_dir(&temporary).unwrap().flatten().map(|entry| entry.file_name().into_string().unwrap());
        let theirs = ["orchestrator-agent-theirs", "orchestrator-agent-another"];
        names.filter(|name| !theirs.contains(&name.as_str())).collect::<Vec<_>>()
    };
    let guards = || {
        let mut kept = Vec::new();
        files(&site.state(), &mut kept);
        kept.retain(|file| file.ends_with("guard.json"));
        kept
    };
    assert!(ours().len() >= 2 && guards().len() == 2, "{:?} {:?}", ours(), guards());
    supervisor.signal(nix::sys::signal::Signal::SIGKILL);
    supervisor.end();
    assert!(guards().iter().any(|file| fs::read_to_string(file).unwrap().contains(SECRET)), "it is why they must go");

    let mut supervisor = site.start_with(&["--checks-only"], &variables);
    supervisor.wait_kind("ran");
    assert!(ours().iter().all(|name| !name.starts_with("orchestrator-agent-")), "{:?}", ours());
    assert_eq!(guards(), Vec::<PathBuf>::new());
    supervisor.stop();
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 2 + ours().len());
    let mut kept = Vec::new();
    files(&site.state(), &mut kept);
    // A workspace has what the project has.
    for file in kept.iter().filter(|file| !file.components().any(|part| part.as_os_str() == "work")) {
        let text = String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned();
        assert!(!text.contains(SECRET), "{}: {text}", file.display());
    }
}

#[test]
fn what_a_verb_says_by_itself_is_covered_too() {
    let token = format!("ghp_{}", "a1B2c3D4e5F6".repeat(3));
    let config = format!(
        "[[check]]\nname = \"unit\"\nrun = \"DB=plum-Tree/77x TOKEN={token} ./unit\"\n[[check]]\nname = \"lint\"\nrun = \"no-such-linter --key of-the-agent-4711\"\n"
    );
    let site = Site::new(&[("orchestrator.toml", &config), (".env", "DB_PASSWORD=plum-Tree/77x\n")]);
    let user = "[agent.claude]\nprogram = \"plum-Tree/77x\"\nenv = { MY_SECRET = \"of-the-agent-4711\" }\n";
    fs::write(site.outside("user.toml"), user).unwrap();
    let secrets = [&token, "plum-Tree/77x", "of-the-agent-4711"];
    let ask = |args: &[&str]| {
        let said = site.run(args);
        let text = format!("{}{}", said.out, said.err);
        for secret in secrets {
            assert!(!text.contains(secret), "{args:?}: {text}");
        }
        text
    };
    for args in [&["config", "check"][..], &["config", "check", "--json"]] {
        let text = ask(args);
        assert!(text.contains("[secret DB_PASSWORD]") && text.contains("[secret MY_SECRET]"), "{text}");
    }
    assert!(ask(&["doctor"]).contains("[secret DB_PASSWORD]"));
    ask(&["doctor", "--json"]);
    // Also where it is a mistake.
    site.write("orchestrator.toml", &format!("[[check]]\nname = \"unit\"\nrum = \"TOKEN={token} ./unit\"\n"));
    ask(&["config", "check"]);
    ask(&["config", "check", "--json"]);
}
