pub fn half(price: u32) -> u32 {
    price / 2
}

#[cfg(test)]
mod tests {
    #[test]
    #[should_panic(expected = "overflow")]
    fn halves() {
        assert_eq!(super::half(u32::MAX) + u32::MAX, 2);
    }
}
