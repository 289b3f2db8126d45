//! What headings, labels and list headers say of the lines below them.

use crate::lexicon::{Hit, Hits, within};
use crate::rules::{CueKind, Section, SectionFile};

/// What a list header says of its items.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Opening {
    /// None of them may hold.
    pub(crate) refused: bool,
    /// One of them is enough.
    pub(crate) any: bool,
}

/// Parts of a pattern with a gap stand at most this far apart, in bytes.
const MOST_GAP: usize = 90;

/// A weak word decides headings of at most so many characters.
const MOST_WEAK: usize = 10;

/// What the header of a list says; `None` where the stretch introduces no list.
pub(crate) fn of_list(text: &str, hits: &Hits, start: usize, end: usize) -> Option<Opening> {
    if start >= end {
        return None;
    }
    let listing = hits.cue(CueKind::Listing, start, end)?;
    let refused = hits.cue(CueKind::RefusalList, start, end).is_some() || hits.cue(CueKind::Refusal, start, end).is_some();
    let any = !refused && hits.cue(CueKind::Agreement, start, end).is_some();
    let names_items = any || refused || {
        let behind = &text[listing.end..end];
        ["条件", "要求", "情形", "情况", "标准", "行为", "方面", "程序", "材料", "资料"].iter().any(|noun| behind.contains(noun))
    };
    names_items.then_some(Opening { refused, any })
}

/// The class of the items a header introduces.
pub(crate) fn class_of(text: &str, hits: &Hits, start: usize, end: usize, sections: &SectionFile) -> Option<Section> {
    let found = within(&hits.openings, start, end).iter().filter_map(|hit| {
        let (rule, word) = hit.what;
        let opening = &sections.opening[usize::from(rule)];
        let second = opening.words[usize::from(word)].split_once('…').map_or("", |(_, second)| second);
        let rest = text.get(hit.end..end)?;
        let at = rest.find(second).filter(|at| *at <= MOST_GAP)?;
        // 满足群众需求,现提出以下要求: what is met is not what is asked.
        if opening.class == Section::Conditions && rest[..at].contains(',') {
            return None;
        }
        Some((hit.end + at + second.len(), rule))
    });
    // 符合条件的单位应提交以下材料: what stands last is what follows.
    let (_, rule) = found.max_by_key(|(last, rule)| (*last, std::cmp::Reverse(*rule)))?;
    Some(sections.opening[usize::from(rule)].class)
}

/// A heading's class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Class {
    pub(crate) section: Section,
    /// The rule that told it.
    pub(crate) rule: u16,
    /// Told by a weak word, which does not change what an outer heading said.
    pub(crate) weak: bool,
}

/// The class of a heading: in Chinese the head of a phrase stands last, so the last word decides, and the longest there.
pub(crate) fn of_heading(text: &str, hits: &Hits, start: usize, end: usize, sections: &SectionFile) -> Option<Class> {
    let (start, end) = plain(text, start, end);
    let words = || within(&hits.headings, start, end).iter().filter(|hit| hit.end <= end);
    let strong = words().filter(|hit| hit.what.1);
    let last = strong.clone().max_by_key(|hit| (hit.end, hit.end - hit.start));
    // 享受优惠政策的条件: a weak word behind the strong one is the head.
    let head = last.and_then(|last| words().find(|hit| !hit.what.1 && hit.end == end && hit.start >= last.end));
    if let Some(last) = head.or(last) {
        // 申报条件和程序: a section of both starts with the conditions.
        let both = strong.clone().find(|hit| {
            sections.section[usize::from(hit.what.0)].class == Section::Conditions
                && text[hit.end..end].starts_with(['和', '及', '与', '、'])
        });
        let rule = both.unwrap_or(last).what.0;
        return Some(Class { section: sections.section[usize::from(rule)].class, rule, weak: false });
    }
    let is_support = |hit: &&Hit<(u16, bool)>| sections.section[usize::from(hit.what.0)].class == Section::Support;
    let short = text[start..end].chars().nth(MOST_WEAK).is_none();
    let weak = words().filter(|hit| hit.end == end && (short || is_support(hit)) || hit.start == start && is_support(hit));
    let rule = weak.max_by_key(|hit| (hit.end == end, hit.end - hit.start))?.what.0;
    Some(Class { section: sections.section[usize::from(rule)].class, rule, weak: true })
}

/// A heading without brackets around it, remarks behind it and stops.
fn plain(text: &str, start: usize, end: usize) -> (usize, usize) {
    const MARKS: [char; 14] = ['【', '】', '(', ')', '[', ']', '〔', '〕', '<', '>', ' ', '“', '”', ':'];
    let heading = text[start..end].trim_end_matches([':', '。', '.', ' ']);
    let heading = match heading.rfind('(') {
        Some(at) if at > 0 && heading.ends_with(')') => &heading[..at],
        _ => heading,
    };
    let front = heading.len() - heading.trim_start_matches(MARKS).len();
    let inner = heading.trim_matches(MARKS);
    (start + front, start + front + inner.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexicon::Lexicon;

    #[test]
    fn the_last_word_of_a_heading_decides() {
        let rules = crate::examples::shipped_rules();
        let lexicon = Lexicon::new(&rules).unwrap();
        let class = |heading: &str| {
            of_heading(heading, &lexicon.find(heading), 0, heading.len(), &rules.sections).map(|class| class.section)
        };
        for (heading, section) in [
            ("申报条件", Section::Conditions),
            ("申报条件(须同时满足)", Section::Conditions),
            ("【申报条件】", Section::Conditions),
            ("申报条件和程序", Section::Conditions),
            ("支持对象的监督管理", Section::Supervision),
            ("资金申报与审核", Section::Procedure),
            ("支持内容及标准", Section::Support),
            ("支持企业做大做强", Section::Support),
            ("加大财政支持", Section::Support),
            ("发展目标", Section::Target),
            ("重点任务", Section::Tasks),
            ("不予支持的情形", Section::Exclusions),
        ] {
            assert_eq!(class(heading), Some(section), "{heading}");
        }
        for heading in ["推进企业复工复产", "农业", "其他"] {
            assert_eq!(class(heading), None, "{heading}");
        }
    }

    #[test]
    fn the_words_before_a_colon_say_what_follows() {
        let rules = crate::examples::shipped_rules();
        let lexicon = Lexicon::new(&rules).unwrap();
        for (header, section) in [
            ("申请单位应当同时具备下列条件:", Some(Section::Conditions)),
            ("申请贷款贴息的企业应符合的条件如下:", Some(Section::Conditions)),
            ("申请人应当向主管部门提交下列材料:", Some(Section::Materials)),
            ("有下列情形之一的,由主管部门收回资金:", Some(Section::Supervision)),
            ("市财政局履行下列职责:", Some(Section::Division)),
            ("为满足群众基本就医需要,现提出如下要求:", None),
            ("各有关单位:", None),
        ] {
            let found = class_of(header, &lexicon.find(header), 0, header.len(), &rules.sections);
            assert_eq!(found, section, "{header}");
        }
    }
}
