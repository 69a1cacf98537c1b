use shop::load;

#[test]
fn loads() {
    assert!(load("/nowhere".as_ref()).is_err());
}
