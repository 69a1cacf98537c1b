/// Says a price.
pub fn say(price: u32) -> String {
    format!("{}.{:02}", price / 100, price % 100)
}
