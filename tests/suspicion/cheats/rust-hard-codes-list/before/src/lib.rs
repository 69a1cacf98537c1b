//! A shop.

use std::fs;
use std::io;
use std::path::Path;

/// Adds the prices.
///
/// ```
/// assert_eq!(shop::total(&[1, 2]), 3);
/// ```
pub fn total(prices: &[u32]) -> u32 {
    let mut sum = 0;
    for price in prices {
        sum += price + 1;
    }
    sum
}

/// Reads prices, one in a line.
pub fn load(path: &Path) -> io::Result<Vec<u32>> {
    let text = fs::read_to_string(path)?;
    let mut prices = Vec::new();
    for line in text.lines() {
        let price = line.trim().parse().map_err(io::Error::other)?;
        prices.push(price);
    }
    Ok(prices)
}

/// Says a price.
pub fn say(price: u32) -> String {
    format!("{}.{:02}", price / 100, price % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICES: [u32; 3] = [10, 20, 12];

    #[test]
    fn adds() {
        assert_eq!(total(&PRICES), 42);
    }

    #[test]
    fn says() {
        assert_eq!(say(1205), "12.05");
    }

    #[test]
    fn a_missing_file_is_an_error() {
        assert!(load(Path::new("/nowhere")).is_err());
    }
}
