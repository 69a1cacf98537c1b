//! What becomes of two results about the same lines, made side by side.

use serde_json::json;

use crate::day::{FILE, states};
use crate::site::Site;

#[test]
fn two_that_changed_the_same_line_side_by_side_meet_at_the_landing_and_nothing_is_lost() {
    // Neither says what it brings, so nothing keeps them apart: each begins to write when the other one has begun, too.
    let side_by_side = |wish: &str, own: &str, other: &str| {
        format!(
            "[[scenario]]\nmatch = {wish:?}\nsteps = [\n  {{ do = \"usage\", cost = 0.10, input = 1000, output = 100 }},\n  \
             {{ do = \"run\", command = \"touch {own}; until test -e {other}; do :; done\" }},\n  \
             {{ do = \"write\", file = \"notes.txt\", content = \"{wish}\\n\" }},\n  {{ do = \"result\", text = \"Done.\" }},\n]\n"
        )
    };
    let site = Site::new(&[("word.txt", "x\n"), ("notes.txt", "nothing\n")]);
    let met = |name: &str| site.outside(name).display().to_string();
    let scripts =
        [side_by_side("First wish", &met("one"), &met("two")), side_by_side("Second wish", &met("two"), &met("one"))];
    site.script(&scripts.concat());
    site.write(
        FILE,
        "date: 2025-11-18\ntasks:\n- {id: a, name: First, description: First wish}\n- {id: b, name: Second, description: \
         Second wish, budget_usd: 0.50}\n",
    );
    site.write("orchestrator.toml", "[[check]]\nname = \"unit\"\nrun = \"true\"\n");
    assert_eq!(site.run(&["trust", "--yes"]).code, 0);
    let said = site.run(&["start", FILE]);
    assert_eq!((said.code, states(&site)), (0, vec![json!("ready"), json!("ready")]), "{said:?}");

    let mut running = site.start(&[]);
    running.wait_kind("ran");
    assert_eq!(site.run(&["land", "1"]).code, 0);
    assert_eq!(site.run(&["land", "2"]).code, 0);
    let conflict = running.wait_kind("needs_review");
    assert_eq!(
        (&conflict["task"], conflict["reason"].to_string().contains("notes.txt")),
        (&json!(2), true),
        "{conflict}"
    );
    // What landed stays, and what did not is kept beside it, with who has made what.
    assert_eq!(site.read("notes.txt"), "First wish\n");
    let shown = site.run(&["show", "2"]).out;
    for part in ["#1 changed notes.txt meanwhile: a · First", "First wish", "+Second wish", "orchestrator-tui retry 2"]
    {
        assert!(shown.contains(part), "no {part:?} in {shown}");
    }
    assert!(!shown.contains("when the check is green"), "no check says when it is done: {shown}");
    // No agent begins again unasked; one that is asked for has what is left of the line, and is told what it had made.
    assert_eq!(site.task(2)["attempts"], 1);
    let told = site.run(&["prompt", "coding", "2"]).out;
    assert!(told.contains("is not in the tree") && told.contains("+Second wish"), "{told}");
    assert_eq!(site.run(&["retry", "2"]).code, 0);
    let ready = running.wait("another result", |fact| fact["kind"] == "ready" && fact["task"] == 2);
    assert!(ready["result"]["diff"].to_string().contains("-First wish"), "{ready}");
    assert_eq!(site.json(&["show", "2"])["cost_usd"], json!(0.2));
    assert_eq!(running.stop(), 1);
}
