//! 效力状态 of a document on a day, with the words that prove it. What cannot be proved stays unknown: it is never pushed.

use jiff::ToSpan;
use jiff::civil::Date;
use model::{Annotation, Document, LifeCycle, What};

/// An application notice whose window is not stated counts as open for so many months after its publication.
const OPEN_MONTHS: i64 = 12;

/// The state of a document on a day, with the words that prove it.
#[must_use]
pub fn life_cycle(document: &Document, annotation: &Annotation, today: Date) -> (LifeCycle, String) {
    let own = Own::of(document, annotation);
    draft(document, annotation)
        .or_else(|| stated(document))
        .or_else(|| ended(&own, today))
        .or_else(|| ahead(&own, today))
        .or_else(|| in_force(document, annotation, &own, today))
        .unwrap_or_default()
}

/// The dates a document gives for itself, each with its words.
struct Own {
    effective: Option<(Date, String)>,
    end: Option<(Date, String)>,
}

impl Own {
    fn of(document: &Document, annotation: &Annotation) -> Self {
        let mut effective = document.effective.map(|date| (date, format!("施行日期 {date}")));
        let mut end = document.expires.map(|date| (date, format!("失效日期 {date}")));
        let mut years = None;
        for item in &annotation.items {
            let What::Validity { start, end: last, years: length, of } = &item.what else { continue };
            if of != "policy" {
                continue;
            }
            effective = effective.or_else(|| start.map(|date| (date, item.quote.clone())));
            end = end.or_else(|| last.map(|date| (date, item.quote.clone())));
            years = years.or_else(|| length.map(|length| (length, item.quote.clone())));
        }
        if end.is_none()
            && let Some((length, quote)) = years
        {
            let from =
                effective.as_ref().map(|(date, _)| *date).or(document.issued).or(document.published.map(|moment| moment.date));
            end = from.and_then(|from| from.checked_add(i64::from(length).years()).ok()).map(|date| (date, quote));
        }
        Self { effective, end }
    }
}

fn draft(document: &Document, annotation: &Annotation) -> Option<(LifeCycle, String)> {
    let cue = ["征求意见稿", "公开征求", "征求意见", "草案", "送审稿"].iter().find(|cue| document.title.contains(**cue));
    match cue {
        Some(cue) => Some((LifeCycle::Draft, (*cue).to_owned())),
        None if annotation.triage() == Some("draft") => Some((LifeCycle::Draft, document.title.clone())),
        None => None,
    }
}

/// 有效性 as the page states it.
fn stated(document: &Document) -> Option<(LifeCycle, String)> {
    let words = document.validity.as_deref()?.trim();
    let state = if words.contains("废止") {
        LifeCycle::Repealed
    } else if words.contains("失效") || words.contains("无效") || words.contains("过期") {
        LifeCycle::Expired
    } else if words.contains("修改") || words.contains("修订") {
        LifeCycle::Amended
    } else {
        return None;
    };
    Some((state, words.to_owned()))
}

fn ended(own: &Own, today: Date) -> Option<(LifeCycle, String)> {
    own.end.as_ref().filter(|(date, _)| *date < today).map(|(_, quote)| (LifeCycle::Expired, quote.clone()))
}

fn ahead(own: &Own, today: Date) -> Option<(LifeCycle, String)> {
    own.effective.as_ref().filter(|(date, _)| *date > today).map(|(_, quote)| (LifeCycle::Issued, quote.clone()))
}

fn in_force(document: &Document, annotation: &Annotation, own: &Own, today: Date) -> Option<(LifeCycle, String)> {
    if let Some(words) =
        document.validity.as_deref().map(str::trim).filter(|words| words.contains("有效") || words.contains("执行"))
    {
        return Some((LifeCycle::InForce, words.to_owned()));
    }
    if let Some((_, quote)) = &own.effective {
        return Some((LifeCycle::InForce, quote.clone()));
    }
    if let Some((_, quote)) = &own.end {
        return Some((LifeCycle::InForce, quote.clone()));
    }
    if annotation.triage() != Some("apply") {
        return None;
    }
    let window = annotation.items.iter().find_map(|item| match &item.what {
        What::Window(window) if window.role == "applicant" => Some((window, &item.quote)),
        _ => None,
    });
    match window {
        Some((window, quote)) if window.end.is_some_and(|end| end >= today) => return Some((LifeCycle::InForce, quote.clone())),
        // A window that is over says nothing about the state.
        Some((window, _)) if window.end.is_some() => {}
        _ => {}
    }
    let published = document.published.map(|moment| moment.date).or(document.issued)?;
    let recent = published <= today && published.checked_add(OPEN_MONTHS.months()).is_ok_and(|until| until >= today);
    recent.then(|| (LifeCycle::InForce, format!("申报通知，{published} 发布")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use model::{Item, Span, Tag};

    const TODAY: Date = date(2026, 11, 20);

    fn validity(start: Option<Date>, end: Option<Date>, years: Option<u16>) -> Item {
        let what = What::Validity { start, end, years, of: "policy".to_owned() };
        Item { what, quote: "凭据".to_owned(), span: Span::new(0, 2), confidence: 1.0, rule: "test".to_owned() }
    }

    #[track_caller]
    fn check(document: Document, items: Vec<Item>, triage: &str, expected: LifeCycle) {
        let tag = Tag {
            kind: "triage".to_owned(),
            value: triage.to_owned(),
            label: String::new(),
            confidence: 1.0,
            place: "title".to_owned(),
            quote: String::new(),
            span: Span::new(0, 0),
            rule: String::new(),
        };
        let annotation = Annotation { items, tags: vec![tag], ..Annotation::default() };
        assert_eq!(life_cycle(&document, &annotation, TODAY).0, expected, "{}", document.title);
    }

    fn titled(title: &str) -> Document {
        Document { title: title.to_owned(), ..Document::default() }
    }

    #[test]
    fn drafts_and_stated_ends_come_first() {
        check(titled("管理办法(征求意见稿)"), vec![], "draft", LifeCycle::Draft);
        check(Document { validity: Some("已废止".into()), ..titled("办法") }, vec![], "standard", LifeCycle::Repealed);
        check(Document { validity: Some("有效".into()), ..titled("办法") }, vec![], "standard", LifeCycle::InForce);
        let over = validity(None, Some(date(2025, 12, 31)), None);
        check(Document { validity: Some("有效".into()), ..titled("办法") }, vec![over], "standard", LifeCycle::Expired);
    }

    #[test]
    fn dates_of_the_text_decide() {
        check(titled("办法"), vec![validity(Some(date(2027, 1, 1)), None, None)], "standard", LifeCycle::Issued);
        check(titled("办法"), vec![validity(Some(date(2026, 1, 1)), None, None)], "standard", LifeCycle::InForce);
        check(titled("办法"), vec![validity(Some(date(2020, 1, 1)), None, Some(5))], "standard", LifeCycle::Expired);
        check(titled("办法"), vec![validity(Some(date(2023, 1, 1)), None, Some(5))], "standard", LifeCycle::InForce);
    }

    #[test]
    fn what_cannot_be_proved_is_unknown() {
        check(titled("办法"), vec![], "standard", LifeCycle::Unknown);
        let recent = Document { issued: Some(date(2026, 6, 1)), ..titled("关于组织申报的通知") };
        check(recent.clone(), vec![], "apply", LifeCycle::InForce);
        check(recent, vec![], "news", LifeCycle::Unknown);
        check(Document { issued: Some(date(2024, 6, 1)), ..titled("关于组织申报的通知") }, vec![], "apply", LifeCycle::Unknown);
    }
}
