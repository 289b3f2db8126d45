//! The period a number is of, and how several years are taken together.

use super::Run;
use crate::bind::Source;
use crate::lexicon::within;
use crate::rules::{CueKind, WordKind};
use crate::token::Family;

/// `1-2月` behind a year, as its first and last month.
fn part_of_year(year: i16, rest: &str) -> Option<String> {
    let first = crate::number::latin(rest, 0)?;
    let next = rest[first.end..].strip_prefix(['-', '至', '~', '到'])?;
    let last = crate::number::latin(next, 0).filter(|last| next[last.end..].starts_with('月'))?;
    Some(format!("{year}-{:0>2}/{year}-{:0>2}", first.value.normalize().to_string(), last.value.normalize().to_string()))
}

/// How far behind a bare year the name it belongs to may start, in characters.
const MOST_YEAR_GAP: usize = 24;

/// Words for every one of the years said before.
const EACH: [&str; 7] = ["每一年度", "每一年", "每个年度", "每一会计年度", "任一年度", "各年度", "年均"];
/// How far behind the start of a year its 末 may stand, in bytes.
const MOST_YEAR_END: usize = 21;

/// How many clauses behind a clause that is only a period it may hold for.
const MOST_AHEAD: usize = 8;
/// The longest subject before such a period, in characters.
const MOST_SUBJECT: usize = 8;
/// The longest words of a period, in characters.
const MOST_PERIOD: usize = 9;

/// How far before a tier the name of all tiers may stand, in bytes.
const MOST_TIERS: usize = 420;

/// Whether an indicator is a rate of growth, which is itself measured against the year before.
fn is_growth(indicator: &str) -> bool {
    indicator.ends_with("_growth") || indicator.ends_with("增长率")
}

impl Run<'_> {
    /// The period meant and, over several years, how they are taken together.
    pub(super) fn period(&self) -> (Option<String>, Option<String>) {
        let (page, quantity) = (self.page, self.quantity());
        // A length of time or an area is not of a year.
        if matches!(quantity.family, Family::Duration | Family::Day | Family::Area) {
            return (None, None);
        }
        let clause = page.clause(page.clause_of[self.index]);
        if self.binding.source == Source::Limit {
            return (self.period_of_limit(clause), None);
        }
        let found = self
            .period_of_each(clause)
            .or_else(|| self.period_written(clause))
            .or_else(|| self.period_ahead())
            .or_else(|| self.yearly(clause))
            .or_else(|| self.period_taken_over())
            .or_else(|| self.period_of_balance())
            .or_else(|| self.period_of_tiers());
        let Some((mut period, start)) = found.filter(|(_, start)| !self.is_since_event(*start)) else { return (None, None) };
        let near = |start: usize| page.slice(start, quantity.number_start).chars().count() <= 4;
        let compared = page.slice(clause.start, start).ends_with(['较', '比', '同', '与', '超']) || near(start);
        let measured_against = is_growth(&self.binding.indicator) && compared;
        if measured_against && period == "last_year" {
            return (None, None);
        }
        let part = period.contains('Q') || period.contains('/');
        if part && is_growth(&self.binding.indicator) {
            period.push_str("_yoy");
        }
        // A compound rate is of all years as it is.
        if !period.ends_with("_years") || self.binding.indicator.contains("cagr") {
            return (Some(period), None);
        }
        // 每年均: each, and no mean; what a clause further ahead takes together is its own.
        let apart = start < clause.start && clause.previous.is_some_and(|previous| page.clause(previous).start > start);
        let aggregates = within(&page.hits.aggregates, if apart { clause.start } else { start }, quantity.number_start);
        let own = aggregates.iter().rev().find(|hit| {
            let of_each = page.slice(hit.start, hit.end) == "年均" && page.text()[..hit.start].ends_with('每');
            !of_each && !page.slice(hit.start, quantity.number_start).contains("占全部")
        });
        let agg = own.map(|hit| page.rules.units.aggregate[usize::from(hit.what)].value.clone());
        (Some(period), agg)
    }

    /// `毕业五年内的学生`, `近五年毕业的博士`: the years run since an event, and are not those of the number.
    fn is_since_event(&self, start: usize) -> bool {
        let page = self.page;
        let periods = &page.hits.periods;
        let at = periods.partition_point(|hit| hit.start < start);
        let Some(hit) = periods.get(at).filter(|hit| hit.start == start) else { return false };
        let value = page.rules.units.period[usize::from(hit.what)].value.as_str();
        if !value.ends_with("_years") && !value.ends_with("_months") {
            return false;
        }
        let before = page.text()[..start].trim_end_matches(['后', '未', '满']);
        let behind = page.text()[hit.end..].trim_start_matches('内');
        page.rules.numbers.ends(WordKind::Elapsed, before).is_some() || behind.starts_with("毕业")
    }

    /// `同一企业同一年度只能…`, `每年,每家企业只能…`.
    fn period_of_limit(&self, clause: crate::outline::Clause) -> Option<String> {
        let outer = clause.previous.map(|previous| self.page.clause(previous));
        let at = self.quantity().number_start;
        crate::limits::period(self.page, clause, at)
            .or_else(|| outer.and_then(|outer| crate::limits::period(self.page, outer, outer.end)))
    }

    /// The period written before the number; a bare year only close to the name it belongs to.
    fn period_written(&self, clause: crate::outline::Clause) -> Option<(String, usize)> {
        let page = self.page;
        let (period, start) = self.period_in(clause, self.quantity().number_start)?;
        let from = page.tokens.years.partition_point(|year| year.start < clause.start);
        let years = || page.tokens.years[from..].iter().take_while(|year| year.start <= start);
        // 2022年首次交易且当年…: of that year.
        if let Some(year) = years().last().filter(|_| period == "current_year") {
            return Some((year.year.to_string(), year.start));
        }
        let Some(year) = years().find(|year| year.start == start) else { return Some((period, start)) };
        let name = if self.binding.start > year.start { self.binding.start } else { self.quantity().start };
        let gap = page.slice(year.end, name.max(year.end));
        let apart = gap.chars().count() > MOST_YEAR_GAP
            || gap.starts_with(['至', '到', '前', '后', '底', '-', '—', '~'])
            || gap.contains("首次") && !gap.contains("当年")
            || ["以来", "以后", "期间", "竣工", "投产", "获", "认定"].iter().any(|word| gap.contains(word));
        (!apart).then_some((period, start))
    }

    /// The period of a clause before a position, with the part of the year written behind a year: `2023年一季度`, `2023年1-2月`.
    fn period_in(&self, clause: crate::outline::Clause, at: usize) -> Option<(String, usize)> {
        let page = self.page;
        let (period, start) = page.period_before(clause, at)?;
        let years = &page.tokens.years;
        let before = years.partition_point(|year| year.end <= start).checked_sub(1).map(|index| &years[index]);
        if let (Some(quarter), Some(year)) = (period.strip_prefix('Q'), before.filter(|year| year.end + 6 >= start)) {
            return Some((format!("{}Q{quarter}", year.year), year.start));
        }
        let here = years.partition_point(|year| year.start < start);
        let Some(year) = years.get(here).filter(|year| year.start == start) else { return Some((period, start)) };
        Some((part_of_year(year.year, page.slice(year.end, at)).unwrap_or(period), start))
    }

    /// `近三年累计不低于900万元,或每一年度均在250万元以上`: each of the years said before.
    fn period_of_each(&self, clause: crate::outline::Clause) -> Option<(String, usize)> {
        let words = self.page.slice(clause.start, self.quantity().start);
        let own = within(&self.page.hits.periods, clause.start, self.quantity().start);
        if !own.is_empty() || !EACH.iter().any(|word| words.contains(word)) {
            return None;
        }
        let sentence = self.page.sentence(self.sentence);
        let before = within(&self.page.hits.periods, sentence.start, clause.start);
        let value = |hit: &crate::lexicon::Hit<u16>| self.page.rules.units.period[usize::from(hit.what)].value.as_str();
        let hit = before.iter().rev().find(|hit| value(hit).ends_with("_years"))?;
        Some((value(hit).to_owned(), hit.start))
    }

    /// `企业2020年末从业人员少于300人,营业收入低于2亿元,资产总额低于3亿元`: the measures of one balance are of one year.
    fn period_of_balance(&self) -> Option<(String, usize)> {
        let page = self.page;
        let mut clause = page.clause(page.clause_of[self.index]);
        if self.binding.source != Source::Named || self.quantity().family == Family::Percent {
            return None;
        }
        for _ in 0..MOST_AHEAD {
            let previous = page.clause(clause.previous?);
            if !page.slice(previous.end, clause.start).trim_matches([',', '、', ' ']).is_empty() {
                return None;
            }
            clause = previous;
            let Some((period, start)) = self.period_in(clause, clause.end) else { continue };
            let year = period == "last_year" || period.len() == 4 && period.bytes().all(|byte| byte.is_ascii_digit());
            let end = page.text()[start..].find(['末', '底']).is_some_and(|at| at <= MOST_YEAR_END);
            return (year && end).then_some((period, start));
        }
        None
    }

    /// `上年度产值1000万元至5000万元的,奖励…;5000万元至1亿元的,奖励…`: all tiers are of the period said with the name.
    fn period_of_tiers(&self) -> Option<(String, usize)> {
        if self.binding.source != Source::Inherited {
            return None;
        }
        let page = self.page;
        let reach = crate::bind::floor(page.text(), self.binding.start.saturating_sub(MOST_TIERS));
        let line = page.sentence(self.sentence).line;
        let names = within(&page.hits.aliases, reach, self.binding.start).iter().rev();
        let hit = names.into_iter().find(|hit| page.rules.indicators[usize::from(hit.what)].id == self.binding.indicator)?;
        let sentence = (0..=self.sentence).rev().find(|sentence| page.sentence(*sentence).start <= hit.start)?;
        let named = page.sentence(sentence);
        if named.line != line {
            return None;
        }
        let from = crate::lists::after_last(page.slice(named.start, hit.start), &[',', ';', ':', '。']);
        let clause =
            crate::outline::Clause { start: named.start + from, end: hit.start, ..page.clause(page.clause_of[self.index]) };
        self.period_in(clause, hit.start)
    }

    /// `年服务企业120家以上`, `年综合能耗`: what is counted by the year. Revenues are of the last year anyway.
    fn yearly(&self, clause: crate::outline::Clause) -> Option<(String, usize)> {
        let id = self.binding.indicator.as_str();
        let open = id.starts_with("free:") || id.starts_with("service.") || id == "fin.output_value" || id.starts_with("tax.");
        let at = self.binding.start;
        if !open || self.quantity().family == Family::Percent || at > self.quantity().start {
            return None;
        }
        let before = self.page.slice(clause.start, at);
        let name = self.page.slice(at, self.quantity().start);
        let every = ["每年", "每年度"].iter().any(|word| self.page.slice(clause.start, self.quantity().start).contains(word));
        for (words, period) in [(["每日", "每天"], "day"), (["每月", "每个月"], "month")] {
            if words.iter().any(|word| before.ends_with(word) || name.starts_with(word)) {
                return Some((period.to_owned(), at));
            }
        }
        let year = every
            || ["年", "年度", "年均", "每年", "全年"].iter().any(|word| before.ends_with(word))
            || name.starts_with('年') && !name.starts_with("年龄");
        let other =
            ["上年", "上一年", "近年", "历年", "多年", "成立年", "去年", "当年"].iter().any(|word| before.ends_with(word));
        let digit = before
            .trim_end_matches(['年', '度'])
            .ends_with(|last: char| last.is_ascii_digit() || crate::number::starts_chinese(last));
        (year && !other && !digit).then(|| ("year".to_owned(), at))
    }

    /// `近3年,甲均不低于90%,乙均不少于30户`: a clause that is only a period holds for all clauses behind it.
    fn period_ahead(&self) -> Option<(String, usize)> {
        let page = self.page;
        let mut clause = page.clause(page.clause_of[self.index]);
        for _ in 0..MOST_AHEAD {
            clause = page.clause(clause.previous?);
            let Some((period, start)) = self.period_in(clause, clause.end) else { continue };
            let before = page.slice(clause.start, start).trim_end_matches(['在', '的', '应', '其', '中', '近', '最']);
            let letters = before.chars().filter(|character| character.is_alphabetic()).count();
            let subject =
                || letters <= MOST_SUBJECT && (before.starts_with('申') || page.has(CueKind::Applicant, clause.start, start));
            let opens = before.chars().count() <= 4 && letters == 0 || subject();
            let words = page.slice(start, clause.end).trim_end_matches(['内', '中', '里', '间', '来', '度', '以', '的']);
            return (opens && words.chars().count() <= MOST_PERIOD).then_some((period, start));
        }
        None
    }

    /// `上年度研发费用不低于100万元,且占营业收入比重不低于3%`: the period of the clause before goes on.
    fn period_taken_over(&self) -> Option<(String, usize)> {
        let page = self.page;
        let clause = page.clause(page.clause_of[self.index]);
        let outer = clause.parent.map(|parent| page.clause(parent));
        // 不高于上年度控制目标(5%): the year is that of the target.
        let until = |start: usize| match self.binding.op {
            Some(_) => page.lexer.last_word_in(page.text(), start, clause.start).map_or(clause.start, |(_, at, _)| at),
            None => clause.start,
        };
        if let Some(found) = outer.and_then(|outer| self.period_in(outer, until(outer.start))) {
            return Some(found);
        }
        let starts = page.slice(clause.start, clause.end).trim_start();
        let goes_on =
            ["且", "并", "占", "其中", "每年", "同比", "或虽", "或者虽", "虽", "但"].iter().any(|word| starts.starts_with(word));
        let quarter = || starts.starts_with("同比");
        let previous = page.clause(clause.previous?);
        (goes_on || quarter()).then(|| self.period_in(previous, previous.end)).flatten()
    }
}
