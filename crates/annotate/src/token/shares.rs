//! Shares and halves in words, and numbers that share the unit of their list.

use model::Op;
use rust_decimal::Decimal;

use super::{Family, Lexer, Limits, Quantity, Tokens};
use crate::number::{self, Numeral};

/// More numbers than this share no unit.
const MOST_SHARED: usize = 8;

/// What is measured by a number alone.
const RATIOS: [&str; 9] = ["之比", "比率", "比值", "系数", "指数", "倍数", "能效比", "容积率", "PUE值"];

/// A share in words.
pub(super) struct Share {
    shown: Decimal,
    ratio: Decimal,
    unit: &'static str,
    end: usize,
}

/// `三分之一`: the numeral before 分之 divides the one behind it.
pub(super) fn fraction(text: &str, below: Numeral) -> Option<Share> {
    let at = below.end + "分之".len();
    if !text[below.end..].starts_with("分之") {
        return None;
    }
    let above = number::chinese(text, at)?;
    let ratio = above.value.checked_div(below.value)?.round_dp(MOST_PLACES);
    Some(Share { shown: ratio, ratio, unit: "", end: above.end })
}

/// `2/3`: the numeral before the stroke is part of the one behind it.
pub(super) fn slashed(text: &str, above: Numeral) -> Option<Share> {
    let below = number::latin(text, above.end + text[above.end..].strip_prefix('/').map(|_| 1)?)?;
    let ratio = above.value.checked_div(below.value)?.round_dp(MOST_PLACES);
    let plain = above.value < below.value && below.value <= Decimal::from(MOST_PARTS);
    plain.then_some(Share { shown: ratio, ratio, unit: "", end: below.end })
}

/// Wholes are cut into no more parts than this.
const MOST_PARTS: i64 = 20;

/// Decimal places of a third.
const MOST_PLACES: u32 = 16;

impl Lexer {
    /// `流动比率高于1`, `之比不超过1.5`: a number compared with a ratio has no unit.
    pub(super) fn is_ratio(&self, text: &str, at: usize, end: usize) -> bool {
        let rest = &text[end..];
        let alone =
            rest.is_empty() || rest.starts_with([',', ';', '。', '、', ')', '的', '\n', '及', '且']) || rest.starts_with("以");
        let name = || Some(text[..self.word_before(text, at)?.1].trim_end_matches(['应', '须', '需', ' ', '均', '总', '体']));
        alone && name().is_some_and(|name| RATIOS.iter().any(|word| name.ends_with(word)))
    }

    /// A share with a stroke is compared with something: 10/12 of a date or a serial number is not.
    pub(super) fn is_share(&self, text: &str, at: usize, share: &Share) -> bool {
        let behind = &text[share.end..];
        let ends = !behind.starts_with(|next: char| next.is_ascii_alphanumeric() || matches!(next, '/' | '年' | '月' | '日'));
        ends && (self.word_after(text, share.end).is_some() || self.word_before(text, at).is_some())
    }

    pub(super) fn percent_in_words(&self, text: &str, at: usize, tokens: &mut Tokens) -> usize {
        let number_at = at + "百分之".len();
        let Some(numeral) = number::chinese(text, number_at).or_else(|| number::latin(text, number_at)) else { return number_at };
        let share = Share { shown: numeral.value, ratio: numeral.value * Decimal::new(1, 2), unit: "%", end: numeral.end };
        self.share(text, at, share, tokens)
    }

    /// `半年`, `过半`, `半数以上`, `一半以上`; gives the byte to go on from.
    pub(super) fn half(&self, text: &str, at: usize, previous: char, tokens: &mut Tokens) -> usize {
        let end = at + '半'.len_utf8();
        let rest = &text[end..];
        let half = Decimal::new(5, 1);
        if rest.starts_with('年')
            && !rest["年".len()..].starts_with(['度', '报', '来', '总'])
            && !"年个上下前后头".contains(previous)
        {
            let mut quantity = Quantity::plain(at, end + "年".len(), half, "年", "年", Family::Duration);
            self.bounds(text, &mut quantity, Limits::default());
            let end = quantity.end;
            tokens.quantities.push(quantity);
            return end;
        }
        if previous == '过' || rest.starts_with("数以上") || previous == '一' && rest.starts_with("以上") {
            let start = if matches!(previous, '过' | '一') { at - previous.len_utf8() } else { at };
            let stop = if rest.starts_with('数') { end + "数".len() } else { end };
            let mut quantity = Quantity::plain(start, stop, half, "", "ratio", Family::Percent);
            quantity.op = (previous == '过').then_some(Op::More);
            self.bounds(text, &mut quantity, Limits::default());
            let end = quantity.end;
            tokens.quantities.push(quantity);
            return end;
        }
        end
    }

    /// `5、10、15%`: a number that shares the unit of the list it stands in.
    pub(super) fn distributed(&self, text: &str, at: usize, previous: char, numeral: Numeral) -> Option<Quantity> {
        if matches!(previous, '\n' | '(') || at == 0 {
            return None;
        }
        let mut end = numeral.end;
        for _ in 0..MOST_SHARED {
            let next = text[end..].strip_prefix('、').map(|rest| text.len() - rest.len())?;
            let other = number::latin(text, next)?;
            let measured = self.measured(text, other)?;
            if !measured.is_plain() {
                let shared = matches!(measured.family, Family::Percent | Family::Money | Family::MoneyFx);
                let low = numeral.value.checked_mul(measured.factor)?;
                let mut quantity = Quantity::plain(at, numeral.end, low, &measured.unit, &measured.base, measured.family);
                quantity.value = numeral.value;
                self.bounds(text, &mut quantity, Limits::default());
                return shared.then_some(quantity);
            }
            end = other.end;
        }
        None
    }

    /// A share written in words becomes a quantity; gives the byte to go on from.
    pub(super) fn share(&self, text: &str, at: usize, share: Share, tokens: &mut Tokens) -> usize {
        let mut quantity = Quantity {
            start: at,
            end: share.end,
            number_start: at,
            number_end: share.end,
            value: share.shown,
            low: share.ratio,
            high: None,
            unit: share.unit.to_owned(),
            base: "ratio".to_owned(),
            family: Family::Percent,
            op: None,
            op_behind: false,
            per: None,
            bounds: None,
        };
        self.bounds(text, &mut quantity, Limits::default());
        let end = quantity.end;
        tokens.quantities.push(quantity);
        end
    }
}
