//! 要点: of each matter — what for, what is given, to whom, when, with what, how long — the one sentence that says most.
//!
//! A key point is a whole sentence of the text, from full stop to full stop or one entry of a list; headings, headers of
//! lists, pieces of broken lines and what points back at another sentence are none.

use model::annotation::KeyPoint;
use model::{Item, What};

use crate::page::Page;
use crate::rules::{CueKind, Section};

/// What a key point can be about.
const ABOUTS: [&str; 6] = ["purpose", "support", "condition", "window", "material", "validity"];
/// Sentences shorter or longer than this say too little or too much, in characters.
const LENGTHS: std::ops::RangeInclusive<usize> = 10..=200;
/// The longest of them in bytes.
const MOST_UNIT_BYTES: usize = 600;
/// A purpose stands at the head of a text, within this many sentences.
const MOST_PURPOSE_SENTENCES: usize = 12;

/// From full stop to full stop within one line.
#[derive(Debug, Clone, Copy)]
struct Unit {
    start: usize,
    end: usize,
    /// Its sentences, which semicolons part.
    first: usize,
    last: usize,
}

/// Chooses the key points; `found` says for each sentence which items stand in it.
pub(crate) fn choose(page: &Page<'_>, found: &[(usize, &Item)]) -> Vec<KeyPoint> {
    let mut best: [Option<(u32, Unit)>; ABOUTS.len()] = [None; ABOUTS.len()];
    let mut at = 0;
    for unit in units(page) {
        let from = at + found[at..].partition_point(|(sentence, _)| *sentence < unit.first);
        let to = from + found[from..].partition_point(|(sentence, _)| *sentence <= unit.last);
        at = to;
        if let Some((about, score)) = judge(page, unit, &found[from..to])
            && best[about].is_none_or(|(known, _)| score > known)
        {
            best[about] = Some((score, unit));
        }
    }
    let mut chosen: Vec<(Unit, &str)> =
        best.iter().zip(ABOUTS).filter_map(|(best, about)| best.map(|(_, unit)| (unit, about))).collect();
    chosen.sort_by_key(|(unit, _)| unit.start);
    chosen.into_iter().filter_map(|(unit, about)| key_point(page, unit, about)).collect()
}

fn key_point(page: &Page<'_>, unit: Unit, about: &str) -> Option<KeyPoint> {
    let (start, end) = page.trimmed(unit.start, unit.end);
    let span = page.reading.span(start, end);
    let quote = page.reading.quote(span);
    (!quote.is_empty()).then(|| KeyPoint { about: about.to_owned(), quote: quote.to_owned(), span })
}

/// The stretches between full stops, each within one line; where that is too long, what stands between semicolons.
fn units<'p>(page: &'p Page<'_>) -> impl Iterator<Item = Unit> + 'p {
    let sentences = &page.outline.sentences;
    let mut next = 0;
    let mut parts_until = 0;
    std::iter::from_fn(move || {
        let first = next;
        let opening = sentences.get(first)?;
        let mut last = first;
        if first >= parts_until {
            while let Some(following) = sentences.get(last + 1)
                && following.line == opening.line
                && !page.slice(sentences[last].end, following.start).contains(['。', '!', '?'])
            {
                last += 1;
            }
            if sentences[last].end - opening.start > MOST_UNIT_BYTES {
                (parts_until, last) = (last + 1, first);
            }
        }
        next = last + 1;
        Some(Unit { start: opening.start, end: sentences[last].end, first, last })
    })
}

/// What a unit is about, as an index into [`ABOUTS`], and how well it says so.
fn judge(page: &Page<'_>, unit: Unit, items: &[(usize, &Item)]) -> Option<(usize, u32)> {
    let slice = page.slice(unit.start, unit.end).trim();
    let heading = page.line(unit.first).is_none_or(|line| line.heading);
    if heading && items.is_empty() && !names_applicants(slice) || !LENGTHS.contains(&slice.chars().count()) {
        return None;
    }
    let purpose = purpose(slice, unit.first);
    if items.is_empty() && purpose == 0 && !names_applicants(slice) || !is_whole(page, unit, slice) {
        return None;
    }
    let scores = [
        purpose,
        support(page, unit, items),
        condition(page, unit, items),
        window(page, unit, items),
        material(slice, items),
        validity(slice, items),
    ];
    let about = (0..scores.len()).max_by_key(|about| (scores[*about], std::cmp::Reverse(*about)))?;
    // A header such as `…,现就有关事项通知如下` tells what for; of anything else it only says that it follows.
    let heads = about != 0 && (slice.ends_with(':') || HEADERS.iter().any(|word| slice.ends_with(word)));
    (scores[about] > 0 && !heads)
        .then(|| (about, scores[about] * 16 + 15 - u32::try_from(slice.len() / 60).unwrap_or(15).min(15)))
}

/// How the header of a list ends.
const HEADERS: [&str; 12] = [
    "如下",
    "以下条件",
    "下列条件",
    "以下要求",
    "下列要求",
    "以下材料",
    "下列材料",
    "之一",
    "之一的",
    "条件之一的",
    "如下条件",
    "以下情形",
];
/// What continues or points back at another sentence.
const CONTINUATIONS: [&str; 20] = [
    "并", "且", "或", "及", "以及", "等", "和", "与", "的", "其中", "同时", "此外", "另外", "该", "上述", "前款", "前述", "以上",
    "例如", "比如",
];

/// Whether a stretch is a sentence by itself: closed, not broken off, not a continuation.
fn is_whole(page: &Page<'_>, unit: Unit, slice: &str) -> bool {
    let continues =
        CONTINUATIONS.iter().any(|word| slice.starts_with(word)) || slice.starts_with([',', '、', ')', '》', '”', ';', '→']);
    let count = |character: char| slice.matches(character).count();
    let open = [('(', ')'), ('《', '》'), ('“', '”'), ('[', ']')].iter().any(|(open, close)| count(*open) != count(*close));
    if continues || open || slice.contains('→') || slice.contains("……") {
        return false;
    }
    let Some(line) = page.line(unit.first) else { return false };
    // A paragraph that ends without a mark goes on in the next line, unless it is an entry or `服务对象:…`.
    let stopped = unit.end < line.end || slice.ends_with([')', '”', '。', ';', ':']);
    let labelled = slice.char_indices().nth(10).is_none_or(|(at, _)| slice[..at].contains(':'));
    let entry = line.level > 0 || line.list.is_some() || line.section != Section::Other;
    stopped || labelled || entry
}

/// `为…,现就…通知如下`, at the head of a text.
fn purpose(slice: &str, sentence: usize) -> u32 {
    const OPENINGS: [&str; 15] = [
        "为了",
        "为贯彻",
        "为落实",
        "为进一步",
        "为促进",
        "为推动",
        "为支持",
        "为加快",
        "为规范",
        "为做好",
        "为加强",
        "为深入",
        "为全面",
        "为切实",
        "为充分",
    ];
    if sentence >= MOST_PURPOSE_SENTENCES {
        return 0;
    }
    let opens = OPENINGS.iter().any(|word| slice.starts_with(word));
    let inner = OPENINGS.iter().any(|word| slice.match_indices(word).any(|(at, _)| slice[..at].ends_with([',', '。', ':'])));
    let early = u32::try_from(MOST_PURPOSE_SENTENCES - sentence).unwrap_or(0) / 4;
    if opens {
        6 + early
    } else if inner || slice.contains("旨在") {
        3 + early
    } else {
        0
    }
}

fn count(items: &[(usize, &Item)], wanted: impl Fn(&What) -> bool) -> u32 {
    u32::try_from(items.iter().filter(|(_, item)| wanted(&item.what)).count().min(4)).unwrap_or(0)
}

fn support(page: &Page<'_>, unit: Unit, items: &[(usize, &Item)]) -> u32 {
    let exact = count(items, |what| matches!(what, What::Award(award) if award.amount.is_some() || award.ratio.is_some()));
    let all = count(items, |what| matches!(what, What::Award(_)));
    if all == 0 {
        return 0;
    }
    let section = u32::from(page.line(unit.first).is_some_and(|line| line.section == Section::Support));
    let given = u32::from(page.has(CueKind::Award, unit.start, unit.end));
    // Who gets it belongs to what is given.
    let to_whom =
        u32::from(page.slice(unit.start, unit.end).contains('对') || page.has(CueKind::Applicant, unit.start, unit.end));
    all * 2 + exact * 5 + section * 2 + given + to_whom * 3
}

/// `服务对象:…`
fn names_applicants(slice: &str) -> bool {
    const LABELS: [&str; 10] =
        ["服务对象", "支持对象", "申报对象", "适用对象", "适用范围", "奖励对象", "补贴对象", "资助对象", "申报主体", "申报范围"];
    LABELS.iter().any(|label| slice.strip_prefix(label).is_some_and(|rest| rest.starts_with(':')))
}

fn condition(page: &Page<'_>, unit: Unit, items: &[(usize, &Item)]) -> u32 {
    let all = count(items, |what| matches!(what, What::Condition(_)));
    let slice = page.slice(unit.start, unit.end).trim();
    let labelled = names_applicants(slice);
    // Who else may apply by analogy is not who the policy is for.
    if all == 0 && !labelled || slice.contains("参照") {
        return 0;
    }
    let refused = count(items, |what| matches!(what, What::Condition(condition) if condition.negated));
    let section = u32::from(page.line(unit.first).is_some_and(|line| line.section == Section::Conditions));
    let who = u32::from(page.has(CueKind::Applicant, unit.start, unit.end));
    (all * 4 + section * 4 + who * 2 + u32::from(labelled) * 6).saturating_sub(refused * 3)
}

fn window(page: &Page<'_>, unit: Unit, items: &[(usize, &Item)]) -> u32 {
    let windows = count(
        items,
        |what| matches!(what, What::Window(window) if window.role == "applicant" && (window.end.is_some() || window.start.is_some() || window.recurrence.is_some())),
    );
    let ends = count(items, |what| matches!(what, What::Window(window) if window.role == "applicant" && window.end.is_some()));
    let applies = ["申报", "申请", "受理", "报名", "提交", "报送", "截止", "征集", "报至", "上报"]
        .iter()
        .any(|word| page.slice(unit.start, unit.end).contains(word));
    if windows == 0 || !applies {
        return 0;
    }
    let section = u32::from(page.line(unit.first).is_some_and(|line| line.section == Section::Window));
    windows * 6 + ends * 3 + section * 6
}

/// Materials named one a line are a list to be read as such; a sentence that names several is a key point.
fn material(slice: &str, items: &[(usize, &Item)]) -> u32 {
    let named = count(items, |what| matches!(what, What::Material { .. }));
    let asks = ["提交", "提供", "报送", "包括", "附", "申报材料", "申请材料"].iter().any(|word| slice.contains(word));
    if named == 0 || named < 2 && !asks { 0 } else { named * 3 + u32::from(asks) * 3 }
}

fn validity(slice: &str, items: &[(usize, &Item)]) -> u32 {
    const OWN: [&str; 10] = ["有效期", "施行", "失效", "执行期", "执行至", "自印发", "自发布", "自公布", "实施期", "试行期"];
    let own = OWN.iter().any(|word| slice.contains(word));
    if own { count(items, |what| matches!(what, What::Validity { of, .. } if of == "policy")) * 9 } else { 0 }
}
