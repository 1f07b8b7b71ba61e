//! Currencies and the digits that their amounts have (ISO 4217).

use std::fmt;

use rust_decimal::{Decimal, RoundingStrategy};

/// A currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Currency {
    code: Box<str>,
    digits: u32,
}

/// A text that is no code of a currency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no currency (expected a code of ISO 4217, such as `EUR`)")]
pub struct UnknownCurrency(String);

impl Currency {
    /// Finds a currency by its code of three capitals.
    ///
    /// # Errors
    /// ISO 4217 has no such code.
    pub fn of(code: &str) -> Result<Self, UnknownCurrency> {
        let known = iso_currency::Currency::from_code(code).ok_or_else(|| UnknownCurrency(code.to_owned()))?;
        // Gold and the like have no minor unit; nothing is sold for them.
        let digits = known.exponent().unwrap_or(2);
        Ok(Self { code: code.into(), digits: u32::from(digits) })
    }

    /// Returns the code: `EUR`.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Returns how many decimals an amount has: 2 for the euro, 0 for the yen, 3 for the Kuwaiti dinar.
    #[must_use]
    pub fn digits(&self) -> u32 {
        self.digits
    }

    /// Rounds an amount to its decimals, half away from zero as a shop does.
    #[must_use]
    pub fn round(&self, amount: Decimal) -> Decimal {
        amount.round_dp_with_strategy(self.digits, RoundingStrategy::MidpointAwayFromZero)
    }

    /// Writes an amount with all its decimals: `12.50`. More than the currency has are kept, and zero has no sign.
    #[must_use]
    pub fn written(&self, amount: Decimal) -> String {
        let mut amount = amount.normalize();
        amount.rescale(amount.scale().max(self.digits));
        if amount.is_zero() {
            amount.set_sign_positive(true);
        }
        amount.to_string()
    }

    /// Returns the smallest amount: a cent.
    #[must_use]
    pub fn unit(&self) -> Decimal {
        Decimal::new(1, self.digits)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_the_decimals_of_their_currency() {
        let written = |code: &str, amount: &str| {
            let currency = Currency::of(code).unwrap();
            currency.written(currency.round(amount.parse().unwrap()))
        };
        assert_eq!(written("EUR", "12.5"), "12.50");
        assert_eq!(written("EUR", "-0.005"), "-0.01");
        assert_eq!(written("EUR", "-0.004"), "0.00");
        assert_eq!(written("JPY", "1126.50"), "1127");
        assert_eq!(written("KWD", "4.1250"), "4.125");
        assert_eq!(Currency::of("EUR").unwrap().written("0.0715".parse().unwrap()), "0.0715");
        assert_eq!(
            Currency::of("eur").unwrap_err().to_string(),
            "`eur` is no currency (expected a code of ISO 4217, such as `EUR`)"
        );
    }
}
