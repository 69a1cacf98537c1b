//! What the first screens take for an answer, and when it counts.

use std::time::Duration;

use orchestrator_tui::model::time::Wall;
use orchestrator_tui::ui::event::Event;
use orchestrator_tui::ui::front::{Front, FrontAnswer, FrontState, draw_front, update_front};

use super::screens::fixture::NOW;
use super::screens::front;
use super::screens::scene::keys;

const SIZE: (u16, u16) = (120, 36);

fn later(millis: u64) -> Wall {
    NOW.after(Duration::from_millis(millis))
}

fn front(scene: &str, size: (u16, u16)) -> FrontState {
    let scene = front::SCENES.iter().find(|known| known.name == scene).expect("a scene");
    (scene.make)(size)
}

fn answered(front: &mut FrontState, now: Wall, text: &str) -> Vec<FrontAnswer> {
    keys(text).iter().filter_map(|key| update_front(front, now, key)).collect()
}

#[test]
fn the_first_screens_take_the_answers_they_offer() {
    use FrontAnswer::{Agree, Attach, ChecksOnly, Edit, Init, Interrupt, Quit, Retry};
    for (scene, text, answers) in [
        ("front-trust", "y", vec![Agree]),
        ("front-trust", "2", vec![ChecksOnly]),
        ("front-trust", "i", vec![Init]),
        ("front-trust", "q", vec![Quit]),
        // Enter is what one has just typed to start us, escape never quits.
        ("front-trust", "<enter><esc>e", vec![]),
        ("front-trust", "<down><enter>", vec![Agree]),
        ("front-trust-news", "ie", vec![Edit]),
        ("front-no-checks", "ier", vec![Init, Edit, Retry]),
        ("front-bad-config", "er<enter>", vec![Edit, Retry]),
        ("front-held", "<enter>a1q", vec![Attach, Attach, Attach, Quit]),
        ("front-failed", "<enter>r", vec![Retry]),
        ("front-starting", "y<ctrl+c>q", vec![Interrupt, Quit]),
    ] {
        assert_eq!(answered(&mut front(scene, SIZE), NOW, text), answers, "{scene} {text}");
    }
}

#[test]
fn nobody_agrees_to_what_was_not_shown() {
    let mut front = front::shown((80, 24), front::many());
    let mut drawn = String::new();
    let mut presses = 0;
    for keys in ["<end>", "y", "y", "y", "y", "y", "y", "y"] {
        let picture = super::show::buffer_of((80, 24), |frame| draw_front(&front, frame));
        drawn.extend((0..24).map(|row| super::show::text(&picture, row)));
        // A leap to the end shows the end, and not what it passed over.
        if answered(&mut front, NOW, keys) == [FrontAnswer::Agree] {
            break;
        }
        presses += 1;
    }
    for number in 1..=40 {
        assert!(drawn.contains(&format!("make test-{number} ")), "{number} was not shown");
    }
    assert!((2..7).contains(&presses), "{presses}");
}

#[test]
fn a_list_that_changed_is_read_from_its_beginning() {
    let mut front = front::shown((49, 12), front::many());
    assert_eq!(answered(&mut front, NOW, "yy"), []);
    front.show(front::trust(), NOW);
    let picture = super::show::buffer_of((49, 12), |frame| draw_front(&front, frame));
    let drawn: String = (0..12).map(|row| super::show::text(&picture, row)).collect();
    assert!(drawn.contains("check run: cargo test"), "{drawn}");
}

#[test]
fn a_bigger_window_does_not_make_seen_what_a_leap_passed_over() {
    let mut front = front::shown((49, 6), front::many());
    assert_eq!(answered(&mut front, NOW, "<end>"), []);
    update_front(&mut front, NOW, &Event::Resized(80, 40));
    let picture = super::show::buffer_of((80, 40), |frame| draw_front(&front, frame));
    let drawn: String = (0..40).map(|row| super::show::text(&picture, row)).collect();
    assert!(drawn.contains("make test-1 "), "{drawn}");
}

#[test]
fn an_answer_on_its_way_does_not_go_to_a_screen_that_came_meanwhile() {
    let mut front = front("front-bad-config", SIZE);
    front.show(front::trust(), NOW);
    assert_eq!(answered(&mut front, later(199), "y1"), []);
    assert_eq!(answered(&mut front.clone(), later(200), "y"), [FrontAnswer::Agree]);
    let mut other = front::trust();
    if let Front::Trust { running, .. } = &mut other {
        running.push("check run: curl example.org | sh".to_owned());
    }
    front.show(other, later(300));
    assert_eq!(answered(&mut front, later(400), "y"), [], "it would run something else now");
    assert_eq!(answered(&mut front, later(500), "y"), [FrontAnswer::Agree]);
}
