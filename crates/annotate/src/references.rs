//! Other policies a text names, and how it stands to them.

use model::text::Span;
use model::{Item, What};

use crate::page::{Draft, Page};
use crate::words::List;

/// Numbers found in the original text come with spans of their own.
pub(crate) struct Cited {
    pub(crate) what: What,
    pub(crate) span: Span,
}

/// How the words around a reference tell the relation.
fn relation(page: &Page<'_>, before: &str, after: &str, sentence: &str) -> &'static str {
    let near = before.char_indices().rev().nth(17).map_or(before, |(at, _)| &before[at..]);
    let voids = page.words(List::ReferenceRepeals).stand_in(after);
    if (voids || near.contains("废止")) && !sentence.contains('拟') {
        return "repeals";
    }
    if ["修改", "修订", "作如下修改"].iter().any(|word| near.ends_with(word) || after.starts_with(word))
        || near.contains("关于修改")
    {
        return "amends";
    }
    if after.starts_with("解读") || after.contains("政策解读") || near.contains("解读") {
        return "interprets";
    }
    if page.words(List::ReferenceForwards).stand_in(near) {
        return "forwards";
    }
    if page.words(List::ReferenceBasis).stand_in(near) { "basis" } else { "cites" }
}

/// Document numbers in the original text, with their relation.
pub(crate) fn numbers(page: &Page<'_>, original: &str) -> Vec<Cited> {
    if !original.contains('号') {
        return Vec::new();
    }
    let boundaries: Vec<usize> = original.char_indices().map(|(at, _)| at).chain([original.len()]).collect();
    model::number::find_numbers(original)
        .into_iter()
        .filter_map(|(number, span)| {
            let (start, end) = (*boundaries.get(span.start as usize)?, *boundaries.get(span.end as usize)?);
            if !page.phrase && is_own_number(original, start, end) {
                return None;
            }
            let (before, after) = around(original, start, end);
            // 《办法》(国发〔2020〕1号): the words before the title tell the relation.
            let before = before.rfind('《').filter(|_| before.ends_with(['(', '（'])).map_or(before, |at| &before[..at]);
            let relation = relation(
                page,
                &model::text::fold(before),
                &model::text::fold(after).replace(')', ""),
                &format!("{before}{after}"),
            );
            Some(Cited { what: What::Reference { key: Some(number.key()), title: None, relation: relation.to_owned() }, span })
        })
        .collect()
}

/// A number that is a line of its own, or stands behind its label, is that of the document itself.
fn is_own_number(original: &str, start: usize, end: usize) -> bool {
    let from = original[..start].rfind('\n').map_or(0, |at| at + 1);
    let to = original[end..].find('\n').map_or(original.len(), |at| end + at);
    let (before, after) = (original[from..start].trim(), original[end..to].trim());
    let label = ["发文字号", "文号", "发文文号", "文件编号"].iter().any(|label| before.starts_with(label));
    label || before.is_empty() && (after.is_empty() || after.starts_with("关于"))
}

/// Makes a number behind a title in brackets part of the title's reference: `《办法》(国发〔2020〕1号)`.
pub(crate) fn joined(page: &Page<'_>, title: &Item, cited: &Cited) -> Option<Item> {
    let What::Reference { key: None, title: Some(name), relation } = &title.what else { return None };
    let What::Reference { key: Some(key), relation: other, .. } = &cited.what else { return None };
    let gap = cited.span.start.checked_sub(title.span.end).filter(|gap| *gap <= 2)?;
    let behind = page.reading.quote(Span::new(title.span.end, cited.span.start));
    let open = gap > 0 && behind.trim().starts_with(['(', '（']);
    let closed = ["）", ")"].contains(&page.reading.quote(Span::new(cited.span.end, cited.span.end + 1)));
    if !open {
        return None;
    }
    let span = Span::new(title.span.start, cited.span.end + u32::from(closed));
    let relation = if relation == "cites" { other } else { relation }.clone();
    let what = What::Reference { key: Some(key.clone()), title: Some(name.clone()), relation };
    Some(Item { what, quote: page.reading.quote(span).to_owned(), span, confidence: 0.95, rule: "reference".to_owned() })
}

/// The sentence around a stretch: at most sixty characters on each side.
fn around(text: &str, start: usize, end: usize) -> (&str, &str) {
    const STOPS: [char; 4] = ['。', '\n', ';', '；'];
    let from = text[..start]
        .char_indices()
        .rev()
        .take(60)
        .take_while(|(_, character)| !STOPS.contains(character))
        .last()
        .map_or(start, |(at, _)| at);
    let rest = &text[end..];
    let to = rest
        .char_indices()
        .take(60)
        .find(|(_, character)| STOPS.contains(character))
        .map_or_else(|| rest.char_indices().nth(60).map_or(rest.len(), |(at, _)| at), |(at, _)| at);
    (&text[from..start], &rest[..to])
}

/// The longest title in 《》, in characters.
const MOST_TITLE_CHARACTERS: usize = 80;

/// Titles in 《》 with their relation.
pub(crate) fn titles(page: &Page<'_>) -> Vec<Draft> {
    let text = page.text();
    let mut drafts = Vec::new();
    let mut skip = 0;
    let mut seen = std::collections::BTreeSet::new();
    for (at, _) in text.match_indices('《') {
        if at < skip {
            continue;
        }
        let Some(close) = closing(&text[at..]) else { continue };
        let end = at + close;
        skip = end;
        let title = &text[at + '《'.len_utf8()..end - '》'.len_utf8()];
        let (before, after) = around(text, at, end);
        let relation = relation(page, before, after, &format!("{before}{after}"));
        // Named again with its number, a title is cited again.
        let known = !seen.insert(title.to_owned()) && !is_numbered(&text[end..]);
        if !is_policy(page, title) || is_own(page, title, relation) || known {
            continue;
        }
        let what = What::Reference { key: None, title: Some(title.to_owned()), relation: relation.to_owned() };
        drafts.push(Draft { what, start: at, end, confidence: 0.8, rule: "reference", sentence: page.outline.sentence_at(at) });
    }
    drafts.extend(rule_sets(page));
    drafts
}

/// Whether a number in brackets stands right behind a title: `(国发〔2020〕1号)`.
fn is_numbered(rest: &str) -> bool {
    rest.starts_with('(') && rest.chars().take(30).skip_while(|character| *character != '〔').any(|character| character == '号')
}

/// The shortest title that names one policy; 《管理办法》 and 《通知》 name one named before.
const LEAST_TITLE_CHARACTERS: usize = 5;

/// Whether a title ends as those of policies do: forms, certificates and contracts stand in 《》 too.
fn is_policy(page: &Page<'_>, title: &str) -> bool {
    let plain = title.rfind('(').filter(|at| title.ends_with(')') && *at > 0).map_or(title, |at| &title[..at]);
    let long = plain.chars().count() >= LEAST_TITLE_CHARACTERS || plain.ends_with('法') && !plain.ends_with("办法");
    long && page.words(List::ReferenceKind).at_end(plain).is_some()
}

/// The title of the document itself is no reference, unless it is an interpretation of it.
fn is_own(page: &Page<'_>, title: &str, relation: &str) -> bool {
    let own = model::text::fold(page.title);
    relation == "cites" && !page.title.is_empty() && own.contains(title) && page.triage.as_deref() != Some("interpret")
}

/// `符合…认定标准`, `满足直通车条件`: requirements that another text spells out.
fn rule_sets(page: &Page<'_>) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for sentence in 0..page.outline.sentences.len() {
        let bounds = page.sentence(sentence);
        let slice = page.slice(bounds.start, bounds.end);
        for (opening, closing) in [("符合", "认定标准"), ("符合", "认定条件"), ("满足", "直通车条件")] {
            let Some(at) = slice.find(opening) else { continue };
            let Some(length) = slice[at..].find(closing) else { continue };
            let end = at + length + closing.len();
            if slice[at..end].chars().count() <= 32
                && !slice[at..end].contains([',', '《', '下'])
                && page.may_set_conditions(sentence)
            {
                let what = What::Reference {
                    key: None,
                    title: Some(slice[at + opening.len()..end].to_owned()),
                    relation: "cites".to_owned(),
                };
                drafts.push(Draft {
                    what,
                    start: bounds.start + at,
                    end: bounds.start + end,
                    confidence: 0.6,
                    rule: "rule_set",
                    sentence,
                });
            }
        }
    }
    drafts
}

/// The byte behind the 》 that closes the 《 at the start; titles may hold titles.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, character) in text.char_indices().take(MOST_TITLE_CHARACTERS + 2) {
        match character {
            '《' => depth += 1,
            '》' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + character.len_utf8());
                }
            }
            '\n' => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use model::What;

    use crate::annotator::Input;
    use crate::examples::shipped;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let title = "关于印发示范项目管理办法的通知";
        let items = shipped().annotate(&Input { text, title, ..Input::default() }).items;
        let shown: Vec<String> = items
            .iter()
            .filter_map(|item| match &item.what {
                What::Reference { key, title, relation } => {
                    Some(format!("{relation} {} {}", title.as_deref().unwrap_or("-"), key.as_deref().unwrap_or("-")))
                }
                _ => None,
            })
            .collect();
        assert_eq!(shown.join(" | "), expected, "in {text}");
    }

    #[test]
    fn a_title_with_its_number_is_one_reference() {
        check("根据《工业发展资金管理办法》(财建〔2020〕12号)要求,制定本办法。", "basis 工业发展资金管理办法 财建|2020|12");
        check("《工业发展资金管理办法》(财建〔2018〕3号)同时废止。", "repeals 工业发展资金管理办法 财建|2018|3");
    }

    #[test]
    fn forms_certificates_short_names_and_the_document_itself_are_none() {
        check("请填写《项目申请表》,并附《营业执照》。", "");
        check("现将《示范项目管理办法》印发给你们。", "");
        check("有关要求见《管理办法》和《通知》。", "");
    }
}
