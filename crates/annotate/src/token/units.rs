//! Units behind numerals.

use rust_decimal::Decimal;

use super::{Family, Lexer, Quantity, UnitWord};

/// Characters that make another word of a unit: 一次性, 2项目.
fn spoils(unit: &str, next: char) -> bool {
    match unit {
        "分" => "别之支类配析级局公工".contains(next),
        "次" => next == '性',
        "项" => next == '目',
        "名" => "单录称额义".contains(next),
        "年" => "级底初终".contains(next),
        "个" => "人体别性".contains(next),
        "家" => "庭".contains(next),
        "级" => "别".contains(next),
        "条" => "件".contains(next),
        "批" => "准复".contains(next),
        "单" => !"以及的,。、;或左".contains(next),
        "成" => !"以及的,。、;或左".contains(next),
        "种" => "植子业".contains(next),
        "部" => "门分委署长级省属".contains(next),
        "间" => "隔接".contains(next),
        "株" => next == '洲',
        _ => false,
    }
}

impl Lexer {
    pub(super) fn unit_at(&self, text: &str, at: usize) -> Option<(&UnitWord, usize)> {
        let rest = &text[at..];
        let words = self.units.get(&rest.chars().next()?)?;
        let unit = words.iter().find(|unit| rest.starts_with(unit.word.as_str()))?;
        let end = at + unit.word.len();
        let spoiled = text[end..].chars().next().is_some_and(|next| spoils(&unit.word, next));
        (!spoiled).then_some((unit, end))
    }

    /// `/平方米/月` behind a unit of money.
    pub(super) fn per(&self, text: &str, at: usize) -> (Option<String>, usize) {
        let mut end = at;
        while text[end..].starts_with('/') {
            let Some((_, next)) = self
                .unit_at(text, end + 1)
                .or_else(|| text[end + 1..].starts_with('月').then(|| end + 1 + "月".len()).map(|end| (self.any_unit(), end)))
            else {
                break;
            };
            end = next;
        }
        if end == at { (None, at) } else { (Some(text[at + 1..end].to_owned()), end) }
    }

    /// Stands in where only the end matters.
    fn any_unit(&self) -> &UnitWord {
        static ANY: std::sync::LazyLock<UnitWord> = std::sync::LazyLock::new(|| UnitWord {
            word: String::new(),
            family: Family::Other,
            base: String::new(),
            factor: Decimal::ONE,
        });
        &ANY
    }

    /// `10万(含)以上人次`: the unit stands behind the bound.
    pub(super) fn late_unit(&self, text: &str, quantity: &mut Quantity) {
        if quantity.family != Family::Bare || !quantity.op_behind {
            return;
        }
        let unit = self.unit_at(text, quantity.end).filter(|(unit, _)| matches!(unit.family, Family::Count | Family::Other));
        if let Some((unit, end)) = unit {
            quantity.unit += &unit.word;
            (quantity.base, quantity.family, quantity.end) = (unit.base.clone(), unit.family, end);
        }
    }
}
