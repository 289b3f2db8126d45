//! What a document is to another one without changing it: a draft of it, its interpretation, a notice that forwards or
//! corrects it, a call under it, the result of a call. Each with the words that say so.

use model::link::{Link, Relation, Target};
use model::text::Span;
use model::{Item, What};

use crate::effects::Speaker;

/// Kin of one document; a text that names more is a list.
const MOST_KIN: usize = 50;
/// Letters a title needs to name one act.
const LEAST_TITLE: usize = 5;
/// The longest title read, in characters.
const MOST_TITLE: usize = 300;

/// Words that make a document an interpretation of what its title names.
const INTERPRETING: &[&str] = &["解读", "图解", "读懂", "看懂", "问答", "答记者问", "起草说明"];
/// Words of titles of drafts.
const DRAFTING: &[&str] = &["征求意见", "公开征集意见", "听取意见", "草案", "送审稿"];
/// How calls for applications and lists speak of the call they belong to.
const CALLS: &[&str] = &["通知", "公告", "通告", "指南"];

/// The kin a document names, in order: from its title, then from its text.
#[must_use]
pub fn kin(speaker: Speaker<'_>) -> Vec<Link> {
    let title: Vec<char> = speaker.document.title.chars().take(MOST_TITLE).collect();
    let mut links: Vec<Link> = from_title(&title)
        .into_iter()
        .map(|(relation, name, span)| {
            let quote: String = title[span.start as usize..span.end as usize].iter().collect();
            link(speaker, relation, Target { number: None, title: Some(name) }, (quote, span), true)
        })
        .collect();
    let relation = match speaker.annotation.triage() {
        Some("apply") => Some(Relation::NoticeUnder),
        Some("result") => Some(Relation::ResultOf),
        _ => None,
    };
    if let Some(relation) = relation {
        links.extend(speaker.annotation.items.iter().filter_map(|item| from_item(speaker, relation, item)));
    }
    let mut seen = Vec::new();
    links.retain(|link| {
        let one = (link.relation, link.to.clone());
        let is_new = !seen.contains(&one);
        seen.push(one);
        is_new
    });
    links.truncate(MOST_KIN);
    links
}

fn link(speaker: Speaker<'_>, relation: Relation, to: Target, (quote, span): (String, Span), in_title: bool) -> Link {
    let document = speaker.document;
    Link {
        from: speaker.policy.clone(),
        to,
        relation,
        since: None,
        until: None,
        quote,
        span,
        in_title,
        issuers: document.issuers.clone(),
        region: speaker.region.to_owned(),
        dated: document.issued.or(document.published.map(|moment| moment.date)),
        from_title: document.title.clone(),
    }
}

/// A basis named in a call is what the call is under; a call named in a result is what it is the result of.
fn from_item(speaker: Speaker<'_>, relation: Relation, item: &Item) -> Option<Link> {
    let What::Reference { key, title, relation: said } = &item.what else { return None };
    let calls = title.as_deref().is_some_and(|title| CALLS.iter().any(|call| title.ends_with(call)));
    let fits = match relation {
        Relation::ResultOf => calls && matches!(said.as_str(), "basis" | "cites"),
        _ => said == "basis",
    };
    let to = Target { number: key.clone(), title: title.clone() };
    fits.then(|| link(speaker, relation, to, (item.quote.clone(), item.span), false))
}

/// What the title says, with the name of the other document and where it stands.
fn from_title(title: &[char]) -> Option<(Relation, String, Span)> {
    let text: String = title.iter().collect();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if has(INTERPRETING) {
        let (name, span) = quoted(title).or_else(|| behind(title, &["一图读懂", "一图看懂", "图解"]))?;
        return kept(Relation::Interprets, &name, span);
    }
    if has(DRAFTING) {
        let (name, span) = quoted(title)?;
        return kept(Relation::DraftOf, without_draft(&name), span);
    }
    if has(&["更正", "勘误"]) {
        let (name, span) = quoted(title)?;
        return kept(Relation::Corrects, &name, span);
    }
    if has(&["转发", "批转"]) {
        let (name, span) = quoted(title).or_else(|| behind(title, &["转发", "批转"]))?;
        return kept(Relation::Forwards, without_second_kind(&name), span);
    }
    // `…名单的公告` after `…名单的公示`.
    let shown = text.strip_suffix("公告").filter(|rest| rest.chars().count() >= 2 * LEAST_TITLE)?;
    let end = u32::try_from(title.len()).ok()?;
    kept(Relation::ResultOf, &format!("{shown}公示"), Span::new(0, end))
}

fn kept(relation: Relation, name: &str, span: Span) -> Option<(Relation, String, Span)> {
    let name = name.trim();
    (name.chars().count() >= LEAST_TITLE).then(|| (relation, name.to_owned(), span))
}

/// The first name in 《》 or “”, with what stands around it cut off and the marks inside it kept.
fn quoted(title: &[char]) -> Option<(String, Span)> {
    let (open, close) = [('《', '》'), ('“', '”')].into_iter().find(|(open, _)| title.contains(open))?;
    let start = title.iter().position(|mark| *mark == open)?;
    let mut depth = 0;
    for (at, mark) in title.iter().enumerate().skip(start) {
        depth += i32::from(*mark == open) - i32::from(*mark == close);
        if depth == 0 {
            let span = Span::new(u32::try_from(start).ok()?, u32::try_from(at + 1).ok()?);
            return Some((title[start + 1..at].iter().collect(), span));
        }
    }
    None
}

/// What stands behind the first of some words, to the end of the title.
fn behind(title: &[char], words: &[&str]) -> Option<(String, Span)> {
    let start = words.iter().find_map(|word| {
        let word: Vec<char> = word.chars().collect();
        title.windows(word.len()).position(|window| window == word).map(|at| at + word.len())
    })?;
    let blank = |mark: &char| mark.is_whitespace() || "：:|丨—-·".contains(*mark);
    let start = start + title[start..].iter().take_while(|mark| blank(mark)).count();
    let span = Span::new(u32::try_from(start).ok()?, u32::try_from(title.len()).ok()?);
    Some((title[start..].iter().collect(), span))
}

/// `办法（征求意见稿）` → `办法`.
fn without_draft(name: &str) -> &str {
    let Some(open) = name.rfind(['（', '(']).filter(|at| *at > 0) else { return name };
    let is_draft = ["意见", "草案", "送审", "讨论"].iter().any(|word| name[open..].contains(word));
    if is_draft { &name[..open] } else { name }
}

/// `关于……的通知的通知` → `关于……的通知`.
fn without_second_kind(name: &str) -> &str {
    let once = name.strip_suffix("的通知").unwrap_or(name);
    if CALLS.iter().chain(&["意见", "办法"]).any(|kind| once.ends_with(kind)) { once } else { name }
}

#[cfg(test)]
mod tests {
    use model::{Annotation, Document, Tag};

    use super::*;

    fn of(title: &str, annotation: &Annotation) -> Vec<Link> {
        let document = Document { title: title.to_owned(), ..Document::default() };
        kin(Speaker { policy: &"p".into(), document: &document, annotation, region: "000000" })
    }

    #[test]
    fn a_title_says_what_the_document_is_to_the_one_it_names() {
        for (title, expected) in [
            ("《专项资金管理办法》政策解读", "interprets 专项资金管理办法"),
            ("一图读懂 | 关于推动低空保险高质量发展的实施意见", "interprets 关于推动低空保险高质量发展的实施意见"),
            ("关于公开征求《专项资金管理办法（征求意见稿）》意见的公告", "draft_of 专项资金管理办法"),
            ("关于《专项资金管理办法》的更正公告", "corrects 专项资金管理办法"),
            ("示例市科技局转发示例省科技厅关于开展申报工作的通知", "forwards 示例省科技厅关于开展申报工作的通知"),
            ("关于转发“骨干人才项目申报公告”的通知", "forwards 骨干人才项目申报公告"),
            ("示例省工信厅关于变更示例公司置换方案的公告", "result_of 示例省工信厅关于变更示例公司置换方案的公示"),
            ("关于组织申报专项资金的通知", ""),
            ("公告", ""),
        ] {
            let found = of(title, &Annotation::default());
            let shown: Vec<String> = found
                .iter()
                .map(|link| format!("{} {}", link.relation.name(), link.to.title.as_deref().unwrap_or("-")))
                .collect();
            assert_eq!(shown.join("; "), expected, "{title}");
            assert!(found.iter().all(|link| link.span.of(title) == link.quote && link.in_title), "{found:?}");
        }
    }

    #[test]
    fn the_basis_of_a_call_is_what_it_is_under_and_the_call_of_a_list_what_it_is_the_result_of() {
        let reference = |relation: &str, title: &str| Item {
            what: What::Reference { key: None, title: Some(title.to_owned()), relation: relation.to_owned() },
            quote: format!("《{title}》"),
            span: Span::new(0, 5),
            confidence: 0.8,
            rule: "reference".to_owned(),
        };
        for (triage, expected) in
            [("apply", "notice_under 资金管理办法"), ("result", "result_of 关于组织申报的通知"), ("news", "")]
        {
            let tag = Tag {
                kind: "triage".to_owned(),
                value: triage.to_owned(),
                label: String::new(),
                confidence: 1.0,
                place: "title".to_owned(),
                quote: String::new(),
                span: Span::default(),
                rule: String::new(),
            };
            let items = vec![reference("basis", "资金管理办法"), reference("cites", "关于组织申报的通知")];
            let annotation = Annotation { tags: vec![tag], items, ..Annotation::default() };
            let shown: Vec<String> = of("关于有关事项的通知", &annotation)
                .iter()
                .map(|link| format!("{} {}", link.relation.name(), link.to.title.as_deref().unwrap_or("-")))
                .collect();
            assert_eq!(shown.join("; "), expected, "{triage}");
        }
    }
}
