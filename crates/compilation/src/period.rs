//! The period a compilation covers: a month, a quarter, half a year or a year.

use jiff::civil::Date;

/// A span of days, both ends included, with the words for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// First day.
    pub from: Date,
    /// Last day, included.
    pub to: Date,
    /// What readers see, e.g. `2026年第三季度`.
    pub label: String,
    /// The name it was given by, in its normal form, e.g. `2026Q3`; fit for file names.
    pub name: String,
}

impl Period {
    /// Reads `2026`, `2026H1`, `2026Q3` or `2026-09`.
    ///
    /// # Errors
    /// Names the text and the forms that are understood.
    pub fn parse(text: &str) -> Result<Self, String> {
        let trimmed = text.trim().to_ascii_uppercase();
        Self::read(&trimmed).ok_or_else(|| {
            format!("period `{}` is not understood; expected a form like 2026, 2026H1, 2026Q3 or 2026-09", text.trim())
        })
    }

    fn read(text: &str) -> Option<Self> {
        let (year, rest) = (text.get(..4)?, text.get(4..)?);
        let year: i16 = year.bytes().all(|byte| byte.is_ascii_digit()).then(|| year.parse().ok())??;
        if !(1949..=2099).contains(&year) {
            return None;
        }
        let number = |digits: &str, most: i8| -> Option<i8> {
            let number: i8 = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
            (1..=most).contains(&number).then_some(number)
        };
        let (first_month, months, label, name) = match rest.as_bytes().first() {
            None => (1, 12, format!("{year}年"), year.to_string()),
            Some(b'H') => {
                let half = number(rest.get(1..)?, 2)?;
                let word = if half == 1 { "上半年" } else { "下半年" };
                (half * 6 - 5, 6, format!("{year}年{word}"), format!("{year}H{half}"))
            }
            Some(b'Q') => {
                let quarter = number(rest.get(1..)?, 4)?;
                let word = ["一", "二", "三", "四"].get(usize::try_from(quarter - 1).ok()?)?;
                (quarter * 3 - 2, 3, format!("{year}年第{word}季度"), format!("{year}Q{quarter}"))
            }
            Some(b'-') => {
                let month = number(rest.get(1..)?, 12)?;
                (month, 1, format!("{year}年{month}月"), format!("{year}-{month:02}"))
            }
            Some(_) => return None,
        };
        let from = Date::new(year, first_month, 1).ok()?;
        let last_month = Date::new(year, first_month + months - 1, 1).ok()?;
        Some(Self { from, to: last_month.last_of_month(), label, name })
    }

    /// The quarter that contains a day.
    #[must_use]
    pub fn quarter_of(day: Date) -> Self {
        let quarter = (day.month() - 1) / 3 + 1;
        Self::read(&format!("{:04}Q{quarter}", day.year())).unwrap_or_else(|| Self {
            from: day.first_of_year(),
            to: day.last_of_year(),
            label: format!("{}年", day.year()),
            name: day.year().to_string(),
        })
    }

    /// Whether a day lies in it.
    #[must_use]
    pub fn contains(&self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, from: &str, to: &str, label: &str) {
        let period = Period::parse(text).unwrap();
        assert_eq!((period.from.to_string(), period.to.to_string()), (from.to_owned(), to.to_owned()), "{text}");
        assert_eq!(period.label, label);
    }

    #[test]
    fn months_quarters_halves_and_years_have_their_first_and_last_day() {
        check("2026", "2026-01-01", "2026-12-31", "2026年");
        check("2026H2", "2026-07-01", "2026-12-31", "2026年下半年");
        check(" 2026q3 ", "2026-07-01", "2026-09-30", "2026年第三季度");
        check("2024-02", "2024-02-01", "2024-02-29", "2024年2月");
        check("2026-9", "2026-09-01", "2026-09-30", "2026年9月");
    }

    #[test]
    fn other_texts_are_refused_with_the_forms_that_are_understood() {
        for text in ["", "2026Q5", "2026Q", "2026-13", "2026-00", "26Q3", "二〇二六", "2026Q3x", "1900", "2026-+1", "２０２６"]
        {
            let error = Period::parse(text).unwrap_err();
            assert!(error.contains(&format!("`{text}`")) && error.contains("2026Q3"), "{error}");
        }
    }

    #[test]
    fn a_quarter_contains_its_first_and_last_day_only() {
        let period = Period::quarter_of(Date::constant(2026, 8, 15));
        assert_eq!(period.name, "2026Q3");
        assert!(period.contains(period.from) && period.contains(period.to));
        assert!(!period.contains(Date::constant(2026, 6, 30)) && !period.contains(Date::constant(2026, 10, 1)));
    }
}
