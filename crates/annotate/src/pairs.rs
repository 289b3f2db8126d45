//! 分别: several numbers for several names or cases, by position: `营业收入、研发费用分别不低于5000万元、200万元`,
//! `工业、服务业企业营业收入分别不低于…`, `营业收入分别在2亿元、5000万元以上的批发、零售企业`.

use crate::lexicon::within;
use crate::lists;
use crate::outline::Clause;
use crate::page::Page;
use crate::token::Family;

/// What one of the numbers is paired with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    /// The indicator it is of, where each number has its own.
    pub(crate) indicator: Option<u16>,
    /// Where the name of that indicator starts.
    pub(crate) start: usize,
    /// The case it is for, where all numbers are of one indicator.
    pub(crate) case: Option<String>,
}

/// The word that pairs.
const RESPECTIVELY: &str = "分别";
/// Between 分别 and its first number stands no more than this, in bytes.
const MOST_GAP: usize = 30;
/// The longest name of a case, in characters.
const MOST_CASE: usize = 14;

/// What the number at `index` is paired with, if a 分别 stands before its list.
pub(crate) fn of(page: &Page<'_>, sentence: usize, index: usize, clause: Clause) -> Option<Pair> {
    let range = page.quantities_of(sentence);
    let (mut first, mut last) = (index, index);
    while first > range.start && lists::listed(page, page.quantity(first - 1), page.quantity(first)) {
        first -= 1;
    }
    while last + 1 < range.end && lists::listed(page, page.quantity(last), page.quantity(last + 1)) {
        last += 1;
    }
    if first == last {
        return None;
    }
    let before = page.slice(clause.start, page.quantity(first).start);
    let at = clause.start + before.rfind(RESPECTIVELY).filter(|at| before.len() - at <= MOST_GAP)?;
    let (count, position) = (last - first + 1, index - first);
    by_name(page, clause.start, at, first, count, position)
        .or_else(|| by_case_before(page, clause.start, at, count, position))
        .or_else(|| by_case_behind(page, page.quantity(last).end, clause.end, count, position))
}

fn family(page: &Page<'_>, indicator: u16) -> Family {
    Family::of(page.rules.indicators[usize::from(indicator)].unit_family.as_deref().unwrap_or("none"))
}

/// As many names before 分别 as numbers behind it.
fn by_name(page: &Page<'_>, start: usize, at: usize, first: usize, count: usize, position: usize) -> Option<Pair> {
    let names: Vec<_> =
        within(&page.hits.aliases, start, at).iter().filter(|hit| family(page, hit.what) != Family::Other).collect();
    let names = names.get(names.len().checked_sub(count)?..)?;
    let fits =
        |(offset, hit): (usize, &&crate::lexicon::Hit<u16>)| page.quantity(first + offset).family.fits(family(page, hit.what));
    let joined = names.windows(2).all(|pair| {
        let between = page.slice(pair[0].end, pair[1].start);
        between.contains(['、', '和', '与', '及']) && between.chars().count() <= MOST_CASE
    });
    let distinct = names.windows(2).all(|pair| pair[0].what != pair[1].what);
    (joined && distinct && names.iter().enumerate().all(fits)).then(|| Pair {
        indicator: Some(names[position].what),
        start: names[position].start,
        case: None,
    })
}

/// As many cases before the name as numbers.
fn by_case_before(page: &Page<'_>, start: usize, at: usize, count: usize, position: usize) -> Option<Pair> {
    let name = within(&page.hits.aliases, start, at).last()?;
    let period = within(&page.hits.periods, start, name.start).first();
    let end = period.map_or(name.start, |hit| hit.start);
    let case = nth_case(page.slice(start, end), count, position)?;
    Some(Pair { indicator: None, start: name.start, case: Some(case) })
}

/// As many cases behind the numbers: `…及以上的批发、零售企业`.
fn by_case_behind(page: &Page<'_>, start: usize, end: usize, count: usize, position: usize) -> Option<Pair> {
    let rest = page.slice(start, end).strip_prefix('的')?;
    let stop = rest.find([',', ';']).unwrap_or(rest.len());
    let stop = ["给予", "奖励", "按"].iter().filter_map(|word| rest[..stop].find(word)).min().unwrap_or(stop);
    let names = &rest[..stop];
    let names = ["企业", "单位", "机构", "项目"].iter().find_map(|noun| names.find(noun).map(|at| &names[..at])).unwrap_or(names);
    let case = nth_case(names, count, position)?;
    Some(Pair { indicator: None, start: 0, case: Some(case) })
}

/// The case at a position of a list that has as many entries as there are numbers.
fn nth_case(list: &str, count: usize, position: usize) -> Option<String> {
    let list = list.trim_start_matches(['对', ' ', ',']);
    let parts: Vec<&str> =
        list.split(['、', '和', '与', '及', '或', '/']).map(|part| part.trim_matches([' ', '的', '以'])).collect();
    if parts.len() != count || parts.iter().any(|part| part.is_empty() || part.chars().count() > MOST_CASE) {
        return None;
    }
    Some(parts[position].to_owned())
}
