//! The part of a text worth showing: a window of about 120 characters, cut at sentences, where the matches stand closest.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use model::Normal;
use model::number::find_numbers;
use model::query::{MARK_END, MARK_START};

use crate::entry::number_key;

/// Length of a snippet in characters; two lines of a list of hits.
const WINDOW: usize = 120;
/// A sentence may begin this far before the first match of the window.
const LEAD: usize = 40;
/// Lines of a printed page have at least so many characters.
const PRINTED_LINE: usize = 25;
/// Matches looked at in one text; a text with more is dense everywhere.
const MOST_MATCHES: usize = 2_000;

/// Finds and marks what a question looked for.
#[derive(Debug)]
pub(crate) struct Highlighter {
    finder: Option<AhoCorasick>,
    /// Characters of each needle: longer ones weigh more.
    weights: Vec<usize>,
    numbers: Vec<String>,
}

/// A match in a text, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Match {
    start: usize,
    end: usize,
    /// Which needle; numbers come after the needles.
    needle: usize,
    weight: usize,
}

impl Highlighter {
    /// A highlighter for texts in normal form and keys of document numbers.
    pub(crate) fn new(needles: &[&str], numbers: &[String]) -> Self {
        // Quick to build, for a page of hits: tables for speed would take longer than all the searching.
        let kind = Some(AhoCorasickKind::NoncontiguousNFA);
        let builder = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).kind(kind).build(needles);
        Self {
            finder: builder.ok().filter(|_| !needles.is_empty()),
            weights: needles.iter().map(|needle| needle.chars().count()).collect(),
            numbers: numbers.to_vec(),
        }
    }

    /// The best window of a text, matches marked.
    pub(crate) fn snippet(&self, text: &str) -> String {
        let matches = self.matches(text);
        let characters: Vec<char> = text.chars().collect();
        let window = window(&characters, &matches);
        marked(&characters, &matches, window)
    }

    /// The whole of a short text, matches marked.
    pub(crate) fn marked(&self, text: &str) -> String {
        let matches = self.matches(text);
        let characters: Vec<char> = text.chars().collect();
        let all = 0..characters.len();
        marked(&characters, &matches, all)
    }

    /// Matches in order, none overlapping.
    fn matches(&self, text: &str) -> Vec<Match> {
        let mut found = Vec::new();
        if !self.numbers.is_empty() {
            let wanted = find_numbers(text).into_iter().filter(|(number, _)| self.numbers.contains(&number_key(&number.key())));
            found.extend(wanted.map(|(_, span)| Match {
                start: span.start as usize,
                end: span.end as usize,
                needle: self.weights.len(),
                weight: span.len() as usize,
            }));
        }
        if let Some(finder) = &self.finder {
            let normal = Normal::new(text);
            let lower = normal.text().to_ascii_lowercase();
            for hit in finder.find_iter(&lower).take(MOST_MATCHES) {
                let span = normal.span(hit.start(), hit.end());
                let needle = hit.pattern().as_usize();
                found.push(Match { start: span.start as usize, end: span.end as usize, needle, weight: self.weights[needle] });
            }
        }
        found.sort_by_key(|found| (found.start, std::cmp::Reverse(found.end)));
        let mut end = 0;
        found.retain(|found| {
            let free = found.start >= end;
            end = if free { found.end } else { end };
            free
        });
        found
    }
}

/// Text that is shown never contains our marks, whatever was fetched.
pub(crate) fn without_marks(text: &str) -> String {
    text.chars().filter(|character| !matches!(*character, MARK_START | MARK_END)).collect()
}

/// The range of characters to show.
fn window(characters: &[char], matches: &[Match]) -> std::ops::Range<usize> {
    let first = densest(matches).map_or(0, |best| matches[best].start);
    let start = sentence_start(characters, first);
    let limit = (start + WINDOW).min(characters.len());
    if limit == characters.len() {
        return start..limit;
    }
    // End at the last sentence that fits, unless that would leave less than half or cut the first match.
    let earliest = (start + WINDOW / 2).max(matches.iter().find(|found| found.start >= first).map_or(0, |found| found.end));
    let end = (earliest.min(limit)..limit).rev().find(|at| ends_sentence(characters, *at)).map_or(limit, |at| at + 1);
    start..end
}

/// The match at which the window with the most different and longest needles begins. Repetitions count a quarter.
fn densest(matches: &[Match]) -> Option<usize> {
    let mut counts = std::collections::HashMap::new();
    let (mut score, mut best, mut best_score) = (0usize, None, 0usize);
    let mut last = 0;
    for first in 0..matches.len() {
        while last < matches.len() && matches[last].end <= matches[first].start + WINDOW - LEAD {
            let seen = counts.entry(matches[last].needle).or_insert(0usize);
            score += if *seen == 0 { 4 * matches[last].weight } else { matches[last].weight };
            *seen += 1;
            last += 1;
        }
        if score > best_score {
            (best, best_score) = (Some(first), score);
        }
        if last > first
            && let Some(seen) = counts.get_mut(&matches[first].needle)
        {
            *seen -= 1;
            score -= if *seen == 0 { 4 * matches[first].weight } else { matches[first].weight };
        } else {
            last = first + 1;
        }
    }
    best.or_else(|| (!matches.is_empty()).then_some(0))
}

/// Where the sentence around `at` begins, or a clause of it, not more than [`LEAD`] characters before.
fn sentence_start(characters: &[char], at: usize) -> usize {
    let earliest = at.saturating_sub(LEAD);
    let behind = |ends: &dyn Fn(usize) -> bool| (earliest..at).rev().find(|place| ends(*place)).map(|place| place + 1);
    let ends_clause = |place: usize| matches!(characters[place], '，' | ',' | '、' | '：' | ':');
    let start = match behind(&|place| ends_sentence(characters, place)) {
        Some(start) => start,
        None if earliest == 0 => 0,
        None => behind(&ends_clause).unwrap_or(at.saturating_sub(LEAD / 2)),
    };
    // Blanks at its head are no text.
    (start..at).find(|place| !characters[*place].is_whitespace()).unwrap_or(at)
}

/// Whether a sentence ends with the character at this place. A line break ends one, unless the line is as long as those
/// of a printed page and stops in the middle of a clause.
fn ends_sentence(characters: &[char], at: usize) -> bool {
    match characters[at] {
        '。' | '！' | '？' | '；' | '!' | '?' | ';' => true,
        '\n' => {
            let line = characters[..at].iter().rev().take(PRINTED_LINE).take_while(|character| **character != '\n');
            let stops_inside =
                at > 0 && (characters[at - 1].is_alphanumeric() || matches!(characters[at - 1], '，' | '、' | ','));
            !(stops_inside && line.count() == PRINTED_LINE)
        }
        _ => false,
    }
}

fn marked(characters: &[char], matches: &[Match], window: std::ops::Range<usize>) -> String {
    let (start, end) = (window.start, window.end);
    let cut_before = start > 0 && !(start.saturating_sub(2)..start).any(|at| ends_sentence(characters, at));
    let cut_behind = end < characters.len() && end > 0 && !ends_sentence(characters, end - 1);
    let mut text = String::from(if cut_before { "…" } else { "" });
    let mut inside = matches.iter().filter(|found| found.start >= start && found.end <= end).peekable();
    let mut open_until = None;
    let mut blank = true;
    for at in window {
        if let Some(found) = inside.next_if(|found| found.start == at) {
            text.push(MARK_START);
            open_until = Some(found.end);
        }
        let character = characters[at];
        let is_blank = character.is_whitespace() || character.is_control();
        if is_blank && !blank {
            text.push(' ');
        } else if !is_blank && !matches!(character, MARK_START | MARK_END) {
            text.push(character);
        }
        blank = is_blank;
        if open_until == Some(at + 1) {
            text.push(MARK_END);
            open_until = None;
        }
    }
    let trimmed = text.trim_end();
    format!("{trimmed}{}", if cut_behind { "…" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(snippet: &str) -> String {
        snippet.replace(MARK_START, "[").replace(MARK_END, "]")
    }

    #[track_caller]
    fn check(text: &str, needles: &[&str], expected: &str) {
        assert_eq!(shown(&Highlighter::new(needles, &[]).snippet(text)), expected);
    }

    #[test]
    fn matches_are_marked_in_the_text_as_it_was_written() {
        check("支持 １０００ 万元以下贷款。", &["1000万元", "贷款"], "支持 [１０００ 万元]以下[贷款]。");
        check("通过ISO认证", &["iso"], "通过[ISO]认证");
        check("高新技术企业", &["企业", "高新技术企业"], "[高新技术企业]");
    }

    #[test]
    fn the_window_shows_the_sentence_with_the_closest_matches() {
        let filler = "本办法自发布之日起施行，由各部门负责解释。".repeat(20);
        let text = format!("补贴总则。{filler}\n第三条　对首次认定的企业给予研发补贴，标准按年度确定。{filler}");
        let snippet = shown(&Highlighter::new(&["认定", "研发", "补贴"], &[]).snippet(&text));
        assert!(snippet.starts_with("第三条 对首次[认定]的企业给予[研发][补贴]，标准按年度确定。"), "{snippet}");
        assert!(snippet.ends_with('。'), "{snippet}");
        assert!(snippet.chars().count() <= WINDOW + 8, "{snippet}");
    }

    #[test]
    fn a_line_of_a_printed_page_does_not_end_a_sentence() {
        let before = "甲".repeat(120);
        let text = format!("{before}。本市行政区域内依法登记注册具有独立法人资格的各类中小\n微企业可以申请补贴。");
        let shown = shown(&Highlighter::new(&["补贴"], &[]).snippet(&text));
        assert!(shown.starts_with("本市行政区域内"), "{shown}");
        check(&format!("{before}\n第一章　总则\n给予补贴。"), &["补贴"], "给予[补贴]。");
    }

    #[test]
    fn a_text_without_matches_gives_its_beginning() {
        check("\n　　第一条　为规范管理。", &["补贴"], "第一条 为规范管理。");
        check("", &["补贴"], "");
        check("第一条", &[], "第一条");
    }

    #[test]
    fn a_sentence_too_long_is_cut_and_says_so() {
        let text = "甲".repeat(200) + "补贴" + &"乙".repeat(200);
        let snippet = shown(&Highlighter::new(&["补贴"], &[]).snippet(&text));
        assert!(snippet.starts_with("…甲") && snippet.contains("[补贴]") && snippet.ends_with("乙…"), "{snippet}");
    }

    #[test]
    fn a_document_number_is_marked_in_whatever_form_it_stands() {
        let highlighter = Highlighter::new(&[], &["国办发|2017|47".to_owned()]);
        assert_eq!(
            shown(&highlighter.snippet("依据国办发[2017]47号和国发〔2020〕1号。")),
            "依据[国办发[2017]47号]和国发〔2020〕1号。"
        );
    }

    #[test]
    fn marks_in_fetched_text_never_reach_the_reader() {
        let text = format!("补{MARK_START}贴{MARK_END}政策");
        assert_eq!(shown(&Highlighter::new(&["政策"], &[]).snippet(&text)), "补贴[政策]");
        assert_eq!(without_marks(&text), "补贴政策");
    }

    proptest! {
        #[test]
        fn a_snippet_is_text_of_the_document_with_paired_marks(
            text in "[甲乙丙。，；\\n 　a１\u{e000}]{0,400}",
            needle in "[甲乙丙a]{1,4}",
        ) {
            let snippet = Highlighter::new(&[&needle], &[]).snippet(&text);
            let mut depth = 0i32;
            for character in snippet.chars() {
                depth += i32::from(character == MARK_START) - i32::from(character == MARK_END);
                prop_assert!((0..=1).contains(&depth));
            }
            prop_assert_eq!(depth, 0);
            let bare = |text: &str| text.chars().filter(|character| !character.is_whitespace() && *character != '…').collect::<String>();
            prop_assert!(bare(&without_marks(&text)).contains(&bare(&without_marks(&snippet))));
            let normal = crate::analysis::normal(&without_marks(&text));
            prop_assert!(!normal.contains(&needle) || text.contains(MARK_START) || snippet.contains(MARK_START));
        }
    }
}
