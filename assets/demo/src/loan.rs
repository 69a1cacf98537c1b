//! Loans: when they are due and what a late return costs. Days are counted from an arbitrary day zero.

/// A day, as a count.
pub type Day = u32;

/// The rules of the desk.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// How many days a loan may be kept, the day of lending not counted.
    pub days: u32,
    /// How many days after the due day cost nothing.
    pub grace: u32,
    /// What each later day costs, in cents.
    pub fee_per_day: u32,
    /// The most that one loan can cost, in cents.
    pub fee_cap: u32,
}

impl Terms {
    /// The rules for a usual book.
    pub const BOOK: Terms = Terms { days: 21, grace: 2, fee_per_day: 25, fee_cap: 1000 };
}

/// One book in somebody's hands.
#[derive(Clone, Copy, Debug)]
pub struct Loan {
    lent: Day,
    renewals: u32,
    terms: Terms,
}

impl Loan {
    /// Lends a book on a day.
    pub fn new(lent: Day, terms: Terms) -> Loan {
        Loan { lent, renewals: 0, terms }
    }

    /// Grants the full time once more, counted from the due day.
    pub fn renew(&mut self) {
        self.renewals += 1;
    }

    /// The last day on which it can be returned on time.
    pub fn due(&self) -> Day {
        self.lent + self.terms.days * (self.renewals + 1)
    }

    /// How many days after the due day it is.
    pub fn days_late(&self, today: Day) -> u32 {
        today.saturating_sub(self.due())
    }

    /// What must be paid if it is returned today, in cents.
    pub fn late_fee(&self, today: Day) -> u32 {
        let late = self.days_late(today);
        if late < self.terms.grace {
            return 0;
        }
        let charged = late - self.terms.grace + 1;
        (charged * self.terms.fee_per_day).min(self.terms.fee_cap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lent_on(day: Day) -> Loan {
        Loan::new(day, Terms::BOOK)
    }

    #[test]
    fn a_book_is_due_three_weeks_later() {
        assert_eq!(lent_on(100).due(), 121);
    }

    #[test]
    fn a_renewal_adds_the_full_time() {
        let mut loan = lent_on(100);
        loan.renew();
        assert_eq!(loan.due(), 142);
    }

    #[test]
    fn returning_early_or_on_the_due_day_is_free() {
        assert_eq!(lent_on(100).late_fee(105), 0);
        assert_eq!(lent_on(100).late_fee(121), 0);
    }

    #[test]
    fn the_days_of_grace_are_free() {
        assert_eq!(lent_on(100).late_fee(122), 0);
        assert_eq!(lent_on(100).late_fee(123), 0, "the second day of grace");
    }

    #[test]
    fn each_day_after_the_grace_costs() {
        assert_eq!(lent_on(100).late_fee(124), 25);
        assert_eq!(lent_on(100).late_fee(127), 100);
    }

    #[test]
    fn the_fee_is_capped() {
        assert_eq!(lent_on(100).late_fee(400), 1000);
    }
}
