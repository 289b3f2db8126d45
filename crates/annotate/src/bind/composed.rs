//! Indicators composed of two names: shares of one thing in another, and growth.

use super::{Binder, Binding, Earlier, MOST_DISTANCE, Source, floor};
use crate::lexicon::{Hit, within};
use crate::rules::Growth;

/// The share of people with a degree or a title.
const QUALIFIED: &str = "staff.qualified_ratio";
/// What grows where a text does not say it.
const GENERAL_GROWTH: &str = "fin.revenue_growth";

impl Binder<'_> {
    /// `甲占乙的比例不低于3%`, `甲不低于乙的3%`.
    pub(super) fn ratio(&self, earlier: Earlier<'_>) -> Option<Binding> {
        let (start, end) = (self.clause.start.max(self.quantity.start.saturating_sub(MOST_DISTANCE)), self.quantity.start);
        let start = floor(self.page.text(), start);
        let slice = self.page.slice(start, end);
        if let Some(binding) = self.qualified(slice, start) {
            return Some(binding);
        }
        let share = slice.rfind('占').map(|at| start + at).filter(|at| !self.page.slice(*at, end).starts_with("占比"));
        if let Some(at) = share {
            let composed = self.compose(self.clause.start, at, at + "占".len(), end, earlier)?;
            let start = if composed.1 { at } else { composed.2 };
            return Some(self.binding(&composed.0, Source::Composed, start));
        }
        if let Some(binding) = self.other_ratio(start, end, earlier) {
            return Some(binding);
        }
        // 不低于乙的3%: the operator stands before the second name.
        if self.quantity.op.is_some() && !self.quantity.op_behind
            || !slice.trim_end().ends_with('的') && !slice.ends_with("总数") && !slice.ends_with("人数")
        {
            return None;
        }
        let (op, word, behind) = self.page.lexer.last_word_in(self.page.text(), start, end)?;
        let composed = self.compose(self.clause.start, word, behind, end, earlier)?;
        let start = if composed.1 { word } else { composed.2 };
        Some(Binding { op: self.quantity.op.is_none().then_some(op), ..self.binding(&composed.0, Source::Composed, start) })
    }

    /// `大专以上学历、中级以上职称人员比例不低于70%`: the share of qualified people, in words that name no whole.
    fn qualified(&self, slice: &str, start: usize) -> Option<Binding> {
        let at = ["学历", "职称", "技术职务", "职业资格"].iter().filter_map(|word| slice.rfind(word)).max()?;
        let tail = crate::open::without_light(self.page, &slice[at..]);
        let share = [
            "学历占比",
            "职称占比",
            "学历比例",
            "职称比例",
            "学历的比例",
            "职称的比例",
            "人员比例",
            "人员的比例",
            "人员占比",
            "人员比重",
            "人员占",
            "人数比例",
            "职称者",
            "学历者",
            "资格者",
            "经历者",
        ]
        .iter()
        .any(|word| tail.ends_with(word));
        share.then(|| self.binding(QUALIFIED, Source::Composed, start + at))
    }

    /// `甲与乙之比`, `甲/乙`, `乙中甲的比例`.
    fn other_ratio(&self, start: usize, end: usize, earlier: Earlier<'_>) -> Option<Binding> {
        let slice = self.page.slice(start, end).trim_end_matches([' ', '应', '须', '需', '在']);
        let end = start + slice.len();
        let to =
            |word: &str| ["与", "和", "同", "/", "÷"].iter().find(|joint| word.starts_with(**joint)).map(|joint| joint.len());
        if let Some(body) =
            ["之比", "的比值", "比值", "的比率", "之比例", "的比例", "的比"].iter().find_map(|word| slice.strip_suffix(word))
            && let Some((at, length)) = body.char_indices().rev().find_map(|(at, _)| Some((at, to(&body[at..])?)))
            && let Some(composed) = self.compose(start, start + at, start + at + length, start + body.len(), earlier)
            && !composed.1
        {
            return Some(self.binding(&composed.0, Source::Composed, composed.2));
        }
        let names = within(&self.page.hits.aliases, start, end);
        if let [.., one, other] = names
            && self.page.slice(one.end, other.start) == "/"
            && let Some(composed) = self.compose(one.start, one.end, other.start, other.end, earlier)
        {
            return Some(self.binding(&composed.0, Source::Composed, one.start));
        }
        let part = ["比例", "比重", "占比"].iter().any(|word| slice.ends_with(word));
        let at = start + slice.find('中').filter(|_| part)?;
        let composed = self.compose(at, end, start, at, earlier).filter(|composed| !composed.1)?;
        Some(self.binding(&composed.0, Source::Composed, start.max(names.first().map_or(start, |hit| hit.start))))
    }

    /// The ratio of what stands in the first stretch to what stands in the second: its id, whether the first was taken
    /// over from before, and where its name starts.
    fn compose(&self, start: usize, end: usize, from: usize, to: usize, earlier: Earlier<'_>) -> Option<(String, bool, usize)> {
        let over_words = self.page.slice(from, to);
        let over: Vec<&str> = within(&self.page.hits.aliases, from, to).iter().map(|hit| self.id(hit)).collect();
        let under_hits: Vec<Hit<u16>> = within(&self.page.hits.aliases, start, end)
            .iter()
            .filter(|hit| !self.in_closed_parentheses(hit.start))
            .copied()
            .collect();
        let under_words = self.page.slice(start, end);
        let suits = |ratio: &&crate::rules::Ratio| {
            ratio.to.iter().any(|id| over.contains(&id.as_str()))
                || ratio.to_cues.iter().any(|cue| over_words.contains(cue.as_str()))
        };
        let ratios = || self.page.rules.ratios.iter().filter(suits);
        if let Some(ratio) = ratios().find(|ratio| ratio.numerator_cues.iter().any(|cue| under_words.contains(cue.as_str()))) {
            let at = ratio.numerator_cues.iter().filter_map(|cue| under_words.find(cue.as_str())).min().unwrap_or_default();
            return Some((ratio.indicator.clone(), false, start + at));
        }
        if let Some(found) = under_hits.iter().rev().find_map(|hit| {
            let id = self.id(hit);
            ratios().find(|ratio| ratio.of.iter().any(|of| of == id)).map(|ratio| (ratio.indicator.clone(), false, hit.start))
        }) {
            return Some(found);
        }
        if under_words.chars().count() > 8 {
            return None;
        }
        let taken_over = |last: &Binding| ratios().find(|ratio| ratio.of.contains(&last.indicator));
        // 以创意设计为主营业务,且占总收入的60%以上
        let previous = self.clause.previous.map(|index| self.page.clause(index));
        let words = previous.map_or("", |previous| self.page.slice(previous.start, previous.end));
        let cued = || ratios().find(|ratio| ratio.numerator_cues.iter().any(|cue| words.contains(cue.as_str())));
        let ratio = earlier.last().and_then(|(_, last)| taken_over(last)).or_else(cued)?;
        Some((ratio.indicator.clone(), true, start))
    }

    /// `甲增长10%`, `甲超过上年50%`.
    pub(super) fn growth(&self, earlier: Earlier<'_>, named: Option<&Binding>) -> Option<Binding> {
        let names = self.names_before();
        let slice = self.page.slice(self.clause.start, self.quantity.number_start);
        let since = names.last().map_or(slice, |hit| self.page.slice(hit.end, self.quantity.number_start));
        let grows = ["增长", "增幅", "增速", "提高", "增加"].iter().any(|word| since.contains(word))
            || ["上年", "上一年", "上年度", "去年"].iter().any(|word| since.ends_with(word));
        if !grows {
            return None;
        }
        let rule_for = |id: &str| self.page.rules.growths.iter().find(|growth| growth.of.iter().any(|of| of == id));
        if let Some((growth, hit)) = names.iter().rev().find_map(|hit| Some((rule_for(self.id(hit))?, hit))) {
            let apart =
                || self.page.lexer.last_word_in(self.page.text(), hit.end, self.quantity.number_start).map(|(op, _, _)| op);
            let op = if self.quantity.op.is_none() { apart() } else { None };
            return Some(Binding { op, ..self.binding(&growth.indicator, Source::Composed, hit.start) });
        }
        if named.is_some() {
            return None;
        }
        let bare = ["同比", "增长", "增幅", "增速", "年增长", "年增幅"]
            .iter()
            .any(|word| slice.trim_start_matches([' ', '且', '并', '其', '同', '时']).trim_start_matches('同').starts_with(word))
            || slice.trim_start_matches([' ', '且', '并']).starts_with("同比");
        let open = earlier.last().filter(|_| bare).and_then(|(_, last)| last.indicator.strip_prefix("free:"));
        if let Some(label) = open.filter(|label| !label.ends_with("增量")) {
            let indicator = format!("free:{label}增长率");
            return Some(self.binding(&indicator, Source::Free, self.clause.start));
        }
        let general = || self.page.rules.growths.iter().find(|growth| bare && growth.indicator == GENERAL_GROWTH);
        let growth = earlier
            .last()
            .and_then(|(_, last)| rule_for(&last.indicator))
            .or_else(|| self.grown_before(rule_for))
            .or_else(general)?;
        let start = ["同比", "比上年", "较上年", "增长", "增幅", "增速"].iter().filter_map(|word| slice.find(word)).min();
        Some(self.binding(&growth.indicator, Source::Composed, start.map_or(self.quantity.start, |at| self.clause.start + at)))
    }

    /// `产值净增量2亿元以上,且增速不低于10%`: what grows is named in the clause before.
    fn grown_before<'r>(&self, rule_for: impl Fn(&str) -> Option<&'r Growth>) -> Option<&'r Growth> {
        let previous = self.page.clause(self.clause.previous?);
        within(&self.page.hits.aliases, previous.start, previous.end).iter().rev().find_map(|hit| rule_for(self.id(hit)))
    }
}
