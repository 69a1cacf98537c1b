use shop::{say, total};

#[test]
fn says_the_total() {
    assert_eq!(say(total(&[1000, 205])), "12.05");
}
