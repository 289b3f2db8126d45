//! 支持标准: amounts, rates, upper limits and what they are per.

use model::annotation::Award;
use model::{Op, What};

use crate::bind::{Binding, Source};
use crate::conditions::{Reading, Role};
use crate::page::{Draft, Page};
use crate::rules::CueKind;
use crate::token::{Family, Quantity};

/// Nouns of support; the subject of a limit of its own.
const NOUNS: &[&str] = &["补助", "补贴", "贴息", "奖补", "资助", "奖励", "费", "支持", "总额", "额度"];
/// How far around a quantity its verb may stand, in characters.
const MOST_VERB_DISTANCE: usize = 30;

/// Whether a quantity is something given rather than something required.
pub(crate) fn is_award(page: &Page<'_>, index: usize, binding: Option<&Binding>) -> bool {
    let quantity = page.quantity(index);
    if !matches!(quantity.family, Family::Money | Family::Percent | Family::Bare | Family::Duration) {
        return false;
    }
    let clause = page.clause(page.clause_of[index]);
    let sentence = page.sentence(clause.sentence);
    let verb = page.hits.last_cue(CueKind::Award, clause.start, quantity.start);
    let named_before = |words: &[&str]| words.iter().any(|word| page.slice(clause.start, quantity.number_start).ends_with(word));
    if quantity.family == Family::Money
        && named_before(&["最高不超过", "最高可达", "最高达", "最高为", "最高"])
        && binding.is_none_or(|binding| matches!(binding.source, Source::Inherited | Source::Free))
    {
        return true;
    }
    let named = binding.filter(|binding| matches!(binding.source, Source::Named | Source::Composed));
    if let Some(binding) = named {
        if binding.indicator == "loan.amount" && is_limit(page, index, clause.start) {
            return true;
        }
        // 对营业收入1000万元以上的企业给予…: named, compared, and no verb in between.
        let bounded = quantity.op.is_some() || binding.op.is_some() || binding.source == Source::Composed;
        let capped = matches!(quantity.op, Some(Op::AtMost)) && verb.is_some_and(|verb| verb.start > binding.start);
        let rate_of = quantity.family == Family::Percent && page.slice(binding.end.min(quantity.start), quantity.end).is_empty();
        if bounded && !capped && !rate_of && verb.is_none_or(|verb| verb.start < binding.start) {
            return false;
        }
    }
    if quantity.family == Family::Duration {
        return is_support_period(page, quantity, clause.start, sentence.start);
    }
    if binding.is_some_and(|binding| binding.source == Source::Inherited)
        && !gives_behind(page, quantity)
        && verb.is_none()
        && quantity.op.is_some()
    {
        return false;
    }
    if excluded(page, quantity, clause.start) {
        return false;
    }
    let in_clause =
        verb.is_some() || gives_behind(page, quantity) || page.has(CueKind::Award, quantity.end, clause.end) && binding.is_none();
    let in_sentence = gives_around(page, clause.sentence);
    match quantity.family {
        Family::Percent => {
            in_sentence && is_rate(page, quantity, clause.start) && (in_clause || binding.is_none() || quantity.op.is_none())
        }
        _ if quantity.per.is_some() => true,
        _ => {
            (in_clause && near_verb(page, index, clause))
                || (is_limit(page, index, clause.start)
                    && gives_around(page, clause.sentence)
                    && binding.is_none_or(|binding| binding.source == Source::Free))
        }
    }
}

/// `再奖励30万元`, `30万元的一次性奖励`: the verb stands near.
fn near_verb(page: &Page<'_>, index: usize, clause: crate::outline::Clause) -> bool {
    let quantity = page.quantity(index);
    let before = page.hits.last_cue(CueKind::Award, clause.start, quantity.start);
    let close = before.is_some_and(|cue| page.slice(cue.end, quantity.start).chars().count() <= MOST_VERB_DISTANCE);
    close || gives_behind(page, quantity) || is_limit(page, index, clause.start) || in_list(page, quantity)
}

/// A number of a list whose verb stands behind it or before its first number.
fn in_list(page: &Page<'_>, quantity: &Quantity) -> bool {
    let around = page.slice(quantity.end, page.text().len().min(quantity.end + '、'.len_utf8()));
    around.starts_with('、') || page.slice(quantity.start.saturating_sub('、'.len_utf8()), quantity.start).starts_with('、')
}

fn gives_behind(page: &Page<'_>, quantity: &Quantity) -> bool {
    let rest = page.slice(quantity.end, page.text().len().min(quantity.end + 60));
    let rest = if rest.is_empty() { tail(page.text(), quantity.end) } else { rest };
    let rest = rest.trim_start_matches([
        '的', '一', '次', '性', '标', '准', '元', '以', '内', '比', '例', '进', '行', '额', '度', '资', '金', '用', '于',
    ]);
    NOUNS.iter().chain(&["给予", "予以"]).any(|noun| rest.starts_with(noun))
}

/// Twenty characters from a byte.
fn tail(text: &str, from: usize) -> &str {
    let rest = &text[from..];
    rest.char_indices().nth(20).map_or(rest, |(end, _)| &rest[..end])
}

/// Whether support is spoken of in the sentence or directly around it.
fn gives_around(page: &Page<'_>, sentence: usize) -> bool {
    let has = |index: usize| {
        let bounds = page.sentence(index);
        page.has(CueKind::Award, bounds.start, bounds.end)
    };
    has(sentence) || sentence > 0 && has(sentence - 1) || has(sentence + 1)
}

fn is_limit(page: &Page<'_>, index: usize, from: usize) -> bool {
    let quantity = page.quantity(index);
    let before = page.slice(from, quantity.number_start);
    let near: String = before.chars().rev().take(12).collect::<Vec<_>>().into_iter().rev().collect();
    matches!(crate::lists::operator(page, index), Some(Op::AtMost))
        || ["最高", "上限", "限额", "封顶", "最多"].iter().any(|word| near.contains(word))
}

/// `按…的10%`, `不超过实际支出50%`, `设备购置额的10%~15%`.
fn is_rate(page: &Page<'_>, quantity: &Quantity, from: usize) -> bool {
    let before = page.slice(from, quantity.start);
    let opens = ["按", "给予", "为", "补贴", "补助", "比例", "奖励", "资助", "贴息"].iter().any(|word| before.contains(word));
    opens
        || before.ends_with('的')
        || matches!(quantity.op, Some(Op::AtMost))
        || gives_behind(page, quantity)
        || before.ends_with(['、', '/'])
        || before.is_empty()
}

/// Amounts that are no support although its words stand near: invoices, thresholds of the fund, divisors.
fn excluded(page: &Page<'_>, quantity: &Quantity, from: usize) -> bool {
    let before = page.slice(from, quantity.start);
    let after = tail(page.text(), quantity.end);
    ["基础上", "除以", "(含)以上的", "以上的项目"].iter().any(|word| after.starts_with(word))
        || before.ends_with("共") && before.trim_end_matches('共').is_empty()
        || matches!(quantity.op, Some(Op::More | Op::AtLeast)) && !gives_behind(page, quantity)
        || ["申请资助金额", "申请金额", "获得资助金额"]
            .iter()
            .any(|word| before.ends_with(word) || before.contains(word) && quantity.op == Some(Op::More))
}

fn is_support_period(page: &Page<'_>, quantity: &Quantity, clause: usize, sentence: usize) -> bool {
    let before = page.slice(clause, quantity.number_start);
    let about = ["贴息期", "贴息时间", "补贴期", "补贴", "补助期", "资助期", "支持期", "奖励期", "补助", "享受期", "支持"]
        .iter()
        .any(|word| before.contains(word));
    let limit = matches!(quantity.op, Some(Op::AtMost)) || ["连续", "为期", "补贴"].iter().any(|word| before.ends_with(word));
    about
        && limit
        && !before.contains("贷款期限")
        && !before.contains("合同")
        && page.has(CueKind::Award, sentence, quantity.end.max(clause + before.len()))
}

/// The awards of one sentence.
pub(crate) fn read(page: &Page<'_>, sentence: usize, reading: &Reading) -> Vec<Draft> {
    let indices: Vec<usize> = page.quantities_of(sentence).filter(|index| reading.role(*index) == Role::Award).collect();
    let mut given: Vec<Given> = Vec::new();
    let mut at = 0;
    while let Some(index) = indices.get(at).copied() {
        let (award, taken) = given_at(page, sentence, &indices[at..], index, reading);
        given.push(award);
        at += taken.max(1);
    }
    pair_lists(page, &mut given);
    merge_limits(page, &mut given);
    given.into_iter().map(|given| given.into_draft(page, sentence)).collect()
}

/// One award with where it stands.
struct Given {
    award: Award,
    start: usize,
    end: usize,
    clause: usize,
    /// The quantity it is made of.
    index: usize,
    is_rate: bool,
}

impl Given {
    fn into_draft(self, page: &Page<'_>, sentence: usize) -> Draft {
        let (start, end) = page.trimmed(self.start, self.end);
        Draft { what: What::Award(self.award), start, end, confidence: 0.85, rule: "award", sentence }
    }
}

/// The award of a quantity, and how many quantities it took.
fn given_at(page: &Page<'_>, sentence: usize, rest: &[usize], index: usize, reading: &Reading) -> (Given, usize) {
    let quantity = page.quantity(index);
    let clause_index = page.clause_of[index];
    let given = match quantity.family {
        Family::Percent => rate(page, index),
        Family::Duration => period(page, index),
        _ => {
            if let Some(tiers) = steps(page, sentence, rest, reading) {
                return tiers;
            }
            amount(page, sentence, index)
        }
    };
    (Given { clause: clause_index, ..given }, 1)
}

/// `首次突破1000万元、2000万元的,分别奖励10万元、20万元`: steps of one award.
fn steps(page: &Page<'_>, sentence: usize, rest: &[usize], reading: &Reading) -> Option<(Given, usize)> {
    let first = *rest.first()?;
    let mut count = 1;
    while count < rest.len()
        && rest[count] == first + count
        && crate::lists::listed(page, page.quantity(first + count - 1), page.quantity(first + count))
        && page.quantity(first + count).family == page.quantity(first).family
    {
        count += 1;
    }
    let bounds = page.sentence(sentence);
    let stepped = page.slice(bounds.start, page.quantity(first).start).contains("首次突破")
        && page.quantities_of(sentence).any(|index| reading.role(index) == Role::Condition);
    if count < 2 || !stepped {
        return None;
    }
    let (low, high) = (page.quantity(first), page.quantity(first + count - 1));
    let amounts = [low.low, high.low];
    let award = Award {
        mode: "tiered".to_owned(),
        amount: amounts.iter().min().copied(),
        amount_to: amounts.iter().max().copied(),
        ..Award::default()
    };
    Some((Given { award, start: low.start, end: high.end, clause: page.clause_of[first], index: first, is_rate: false }, count))
}

fn rate(page: &Page<'_>, index: usize) -> Given {
    let quantity = page.quantity(index);
    let clause = page.clause(page.clause_of[index]);
    let before = page.slice(clause.start, quantity.start);
    let bounds = page.sentence(clause.sentence);
    let around = page.slice(clause.start, bounds.end);
    let own = page.slice(clause.start, clause.end);
    let mode = if quantity.high.is_some() && !own.contains("利率") {
        "ratio_range"
    } else if ["利率", "LPR", "贴息"].iter().any(|word| own.contains(word)) || before.is_empty() && around.contains("贴息")
    {
        "interest_subsidy"
    } else if own.contains("征收") || own.contains("税率") || own.contains("所得税") {
        "tax_rate"
    } else if previous_is_slice(page, clause) {
        "progressive"
    } else {
        "ratio"
    };
    let opening = ["按照", "按", "给予", "不超过", "比例为", "额为", "为"]
        .iter()
        .filter_map(|word| before.rfind(word).map(|at| (at, word.len())))
        .min_by_key(|(at, length)| (std::cmp::Reverse(*at + *length), *at));
    let base = base_of(page, clause.start, quantity, opening);
    let start = ["按照", "按", "给予"].iter().filter_map(|word| before.find(word)).min();
    let slice_start = clause.previous.filter(|_| mode == "progressive").map(|previous| page.clause(previous).start);
    let start = start.map_or_else(
        || if mode == "tax_rate" { clause.start } else { rate_start(page, clause.start, quantity) },
        |at| clause.start + at,
    );
    let start = slice_start.unwrap_or(start);
    let award = Award { mode: mode.to_owned(), ratio: Some(quantity.low), base, ..Award::default() };
    Given { award, start, end: with_verb(page, quantity.end), clause: page.clause_of[index], index, is_rate: true }
}

fn previous_is_slice(page: &Page<'_>, clause: crate::outline::Clause) -> bool {
    let Some(previous) = clause.previous.map(|previous| page.clause(previous)) else { return false };
    let measured = |end: usize| page.quantities_of(clause.sentence).any(|index| page.quantity(index).end == end);
    page.slice(previous.start, previous.end).ends_with("部分") && measured(previous.end - "部分".len())
}

/// Where the words of a rate start when no 按 opens it: the noun it is of.
fn rate_start(page: &Page<'_>, from: usize, quantity: &Quantity) -> usize {
    let before = page.slice(from, quantity.start);
    let at = ["为", "比例", "、", "对"].iter().filter_map(|word| before.rfind(word).map(|at| at + word.len())).max();
    at.map_or(from, |at| from + at)
}

/// What a rate is of, in the text's own words.
fn base_of(page: &Page<'_>, from: usize, quantity: &Quantity, opening: Option<(usize, usize)>) -> Option<String> {
    let before = page.slice(from, quantity.start);
    let words = opening.map_or(before, |(at, length)| &before[at + length..]);
    let words = words.trim_end_matches('的').trim_start_matches(['其', '不', '超', '过', '照']).trim();
    let words = words.rsplit(['、', '/']).next().unwrap_or_default();
    (words.chars().count() >= 2 && words.chars().count() <= 40).then(|| words.to_owned())
}

/// `…的10%给予补助`: the end with the verb and its noun.
fn with_verb(page: &Page<'_>, end: usize) -> usize {
    const LINKS: [&str; 9] = ["的比例", "的标准", "一次性", "给予", "予以", "进行", "的", "资金", "金额"];
    let mut at = end;
    let mut reached = end;
    for _ in 0..5 {
        let rest = tail(page.text(), at);
        if let Some(noun) =
            NOUNS.iter().chain(&["征收", "奖金", "购房补贴", "租金补贴", "贴息支持"]).find(|noun| rest.starts_with(**noun))
        {
            at += noun.len();
            reached = at;
        } else if let Some(link) = LINKS.iter().find(|link| rest.starts_with(**link)) {
            at += link.len();
        } else {
            break;
        }
    }
    reached
}

fn period(page: &Page<'_>, index: usize) -> Given {
    let quantity = page.quantity(index);
    let clause = page.clause(page.clause_of[index]);
    let before = page.slice(clause.start, quantity.start);
    let at = ["贴息期", "补贴期", "补助期", "最长补贴"].iter().filter_map(|word| before.rfind(word)).max();
    let award = Award {
        mode: "duration".to_owned(),
        per: Some(format!("{}{}", quantity.value.normalize(), quantity.unit)),
        ..Award::default()
    };
    Given {
        award,
        start: at.map_or(quantity.start, |at| clause.start + at),
        end: quantity.end,
        clause: page.clause_of[index],
        index,
        is_rate: false,
    }
}

fn amount(page: &Page<'_>, sentence: usize, index: usize) -> Given {
    let quantity = page.quantity(index);
    let clause = page.clause(page.clause_of[index]);
    let before = page.slice(clause.start, quantity.start);
    let verb = page
        .hits
        .last_cue(CueKind::Award, clause.start, quantity.start)
        .filter(|verb| page.slice(verb.end, quantity.start).chars().count() <= 14);
    let increment = page
        .hits
        .last_cue(CueKind::Increment, clause.start, quantity.number_start)
        .filter(|cue| page.slice(cue.end, quantity.start).chars().count() <= 6);
    let per = per_what(page, clause.start, index);
    let limit = is_limit(page, index, clause.start);
    let mut award = Award { per: per.clone().or_else(|| quantity.per.clone()), ..Award::default() };
    let mut start = verb.map_or(quantity.start, |verb| verb.start);
    award.mode = if let Some((high, _)) = quantity.high {
        (award.amount, award.amount_to) = (Some(quantity.low), Some(high));
        start = quantity.start;
        "range"
    } else if limit {
        award.cap = Some(quantity.low);
        // A limit starts with its subject, behind the limit before it.
        let previous =
            index.checked_sub(1).map(|index| page.quantity(index).end).filter(|end| *end > clause.start && *end < quantity.start);
        start = previous.unwrap_or(clause.start);
        if is_loan(page, sentence, clause, before) { "loan" } else { "cap" }
    } else {
        award.amount = Some(quantity.low);
        if increment.is_some() {
            "fixed_increment"
        } else if award.per.is_some() {
            "per_unit"
        } else {
            "fixed"
        }
    }
    .to_owned();
    if let Some(increment) = increment {
        start = increment.start;
    } else if page.text()[..quantity.start].ends_with('、') {
        start = quantity.start;
    }
    if let Some(at) = before.rfind('每').filter(|at| before[*at..].chars().count() <= 12 && !limit) {
        start = start.min(clause.start + at);
    }
    Given { award, start, end: with_verb(page, quantity.end), clause: page.clause_of[index], index, is_rate: false }
}

fn is_loan(page: &Page<'_>, sentence: usize, clause: crate::outline::Clause, before: &str) -> bool {
    let named = ["贷款额度", "授信额度", "贷款金额", "贷款额"].iter().any(|word| before.contains(word));
    let next = page.clauses_of(sentence).map(|index| page.clause(index)).find(|next| next.start >= clause.end);
    let own = NOUNS.iter().any(|noun| before.contains(noun)) && !named;
    !own && (named || next.is_some_and(|next| page.slice(next.start, next.end).contains("贷款期限")))
}

/// `每平方米`, `每个标准`, `1万美元奖励…`: per what; an enterprise or a year is no unit.
fn per_what(page: &Page<'_>, from: usize, index: usize) -> Option<String> {
    let quantity = page.quantity(index);
    if let Some(previous) =
        index.checked_sub(1).map(|index| page.quantity(index)).filter(|previous| previous.start >= from && previous.op.is_none())
        && ["奖励人民币", "奖励", "补贴", "补助", "给予"].contains(&page.slice(previous.end, quantity.start))
    {
        return Some(page.slice(previous.number_start, previous.number_end).to_owned());
    }
    let before = page.slice(from, quantity.start);
    let at = before.rfind('每')?;
    let words = &before[at + '每'.len_utf8()..];
    if words.chars().count() > 14 || words.contains(|character: char| character.is_ascii_digit() || character == '、') {
        return None;
    }
    let end = NOUNS
        .iter()
        .chain(&["一次性", "给予", "最高", "不超过"])
        .filter_map(|noun| words.find(noun))
        .min()
        .unwrap_or(words.len());
    let unit = words[..end].trim();
    let whole = ["户", "家", "年", "个企业", "家企业", "户企业", "个项目", "个年度", "个申报", "单位", "家单位", "个", ""];
    (!whole.contains(&unit)
        && !unit.starts_with("家")
        && !unit.starts_with("年")
        && !unit.starts_with("户")
        && !unit.starts_with("个企业")
        && unit.chars().count() <= 10)
        .then(|| unit.to_owned())
}

/// `分别按100%、70%给予最高100万元、70万元`: the rates of a list take the limits of the next list by position.
fn pair_lists(page: &Page<'_>, given: &mut Vec<Given>) {
    let listed = |one: &Given, other: &Given| {
        other.index == one.index + 1 && crate::lists::listed(page, page.quantity(one.index), page.quantity(other.index))
    };
    let mut at = 0;
    while at < given.len() {
        let count = run(&given[at..], |one, other| one.is_rate && other.is_rate && listed(one, other));
        let limits = given.get(at + count..).unwrap_or_default();
        let paired = run(limits, |one, other| one.award.cap.is_some() && other.award.cap.is_some() && listed(one, other));
        if count >= 2 && given[at].is_rate && paired == count {
            for offset in 0..count {
                let limit = given.remove(at + count);
                let rate = &mut given[at + offset];
                rate.award.cap = limit.award.cap;
                "ratio_capped".clone_into(&mut rate.award.mode);
                if offset > 0 {
                    rate.start = page.quantity(rate.index).start;
                }
            }
        }
        at += count.max(1);
    }
}

/// How many neighbours from the start hold together.
fn run(given: &[Given], holds: impl Fn(&Given, &Given) -> bool) -> usize {
    let joined = given.windows(2).take_while(|pair| holds(&pair[0], &pair[1])).count();
    usize::from(!given.is_empty()) + joined
}

/// A limit right behind a rate is the rate's own, unless it limits something of its own.
fn merge_limits(page: &Page<'_>, given: &mut Vec<Given>) {
    let mut at = 0;
    while at + 1 < given.len() {
        let next_is_limit = given[at].is_rate
            && ["cap", "per_unit"].contains(&given[at + 1].award.mode.as_str())
            && given[at + 1].award.cap.is_some();
        let more = given.get(at + 2).is_some_and(|third| third.award.mode == "cap" && third.award.cap.is_some());
        if next_is_limit && (at == 0 || !given[at - 1].is_rate) && belongs(page, &given[at], &given[at + 1], more) {
            let limit = given.remove(at + 1);
            let rate = &mut given[at];
            rate.award.cap = limit.award.cap;
            rate.award.per = limit.award.per.or(rate.award.per.take());
            if rate.award.mode == "ratio" {
                "ratio_capped".clone_into(&mut rate.award.mode);
            }
            rate.end = rate.end.max(limit.end);
        }
        at += 1;
    }
}

fn belongs(page: &Page<'_>, rate: &Given, limit: &Given, more: bool) -> bool {
    let (one, other) = (page.clause(rate.clause), page.clause(limit.clause));
    let inside = other.parent == Some(rate.clause);
    let follows = other.previous == Some(rate.clause) || one.start == other.start;
    let before = page.slice(other.start, limit.end);
    let subject = before.find(['最', '不', '上', '限', '≤']).map_or(before, |at| &before[..at]);
    let own = NOUNS.iter().any(|noun| subject.contains(noun));
    inside || follows && !own && !more
}
