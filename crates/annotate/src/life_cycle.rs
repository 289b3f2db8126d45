//! The course of a policy's life from its own words and from what others say of it, each state with its proof.
//!
//! What cannot be proved stays unknown: it is never pushed. A date is never taken for another one, but 自印发之日起施行
//! says itself which date it means.

use jiff::ToSpan;
use jiff::civil::Date;
use model::life::{Dated, Doubt, FourDates, LifeCourse, Place, Proof, Step};
use model::link::{Link, Relation};
use model::{Annotation, Document, Item, LifeCycle, What};

/// An application notice whose window is not stated counts as open for so many months after its publication.
const OPEN_MONTHS: i64 = 12;

/// The course of a policy: its document, what was found in it, what other policies say of it, and the day from which on
/// the page is known to say what it says.
#[must_use]
pub fn life_course(document: &Document, annotation: &Annotation, said_of_it: &[Link], noted: Date) -> LifeCourse {
    let own = Own::of(document, annotation);
    let dates = FourDates {
        issued: document.issued.map(|date| from_page(document, "issued", date)),
        published: document.published.map(|moment| from_page(document, "published", moment.date)),
        effective: own.effective.clone(),
        expires: own.end.clone(),
    };
    let told = Told { document, annotation, own: &own, noted };
    if let Some(step) = told.draft() {
        return LifeCourse { dates, steps: vec![step], doubt: None };
    }
    let mut steps = told.steps(said_of_it);
    steps.sort_by_key(|step| (step.begins(), step.state));
    LifeCourse { doubt: told.doubt(said_of_it), dates, steps }
}

/// The dates a document gives for itself, each with its words.
#[derive(Debug, Clone, Default)]
pub(crate) struct Own {
    pub(crate) effective: Option<Dated>,
    /// The last day.
    pub(crate) end: Option<Dated>,
    /// 长期有效, 自发布之日起施行 without a day: what says that it holds, where no date can be told.
    holds: Option<Proof>,
    /// Whether the text says that it has no end.
    endless: bool,
}

impl Own {
    pub(crate) fn of(document: &Document, annotation: &Annotation) -> Self {
        let mut own = Self {
            effective: document.effective.map(|date| from_page(document, "effective", date)),
            end: document.expires.map(|date| from_page(document, "expires", date)),
            ..Self::default()
        };
        let mut years = None;
        for item in &annotation.items {
            let What::Validity { start, end, years: length, of } = &item.what else { continue };
            if of != "policy" {
                continue;
            }
            let said = |date: &Date| Dated { date: *date, proof: of_item(item) };
            own.effective = own.effective.or_else(|| start.as_ref().map(said));
            own.effective = own.effective.or_else(|| event_day(document, &item.quote).as_ref().map(said));
            own.end = own.end.or_else(|| end.as_ref().map(said));
            years = years.or_else(|| length.map(|length| (length, of_item(item))));
            own.endless |= item.quote.contains("长期有效");
            own.holds.get_or_insert_with(|| of_item(item));
        }
        if own.end.is_none()
            && let Some((length, proof)) = years
        {
            own.end = own.last_day(document, length).map(|date| Dated { date, proof });
        }
        own
    }

    /// 有效期5年 counts from the first day, else from the issue; its last day is the one before the same day again.
    fn last_day(&self, document: &Document, years: u16) -> Option<Date> {
        let from = self.effective.as_ref().map(|dated| dated.date).or_else(|| told_day(document))?;
        from.checked_add(i64::from(years).years()).and_then(|day| day.yesterday()).ok()
    }
}

fn told_day(document: &Document) -> Option<Date> {
    document.issued.or(document.published.map(|moment| moment.date))
}

/// `自印发之日起施行`: the text itself says which of the document's dates is meant.
fn event_day(document: &Document, quote: &str) -> Option<Date> {
    if !quote.contains("之日") && !quote.contains("日起") {
        return None;
    }
    let published = document.published.map(|moment| moment.date);
    if ["发布", "公布", "公告"].iter().any(|word| quote.contains(word)) {
        return published.or(document.issued);
    }
    ["印发", "下发", "签发", "发文"].iter().any(|word| quote.contains(word)).then(|| document.issued.or(published)).flatten()
}

/// A date of a field, with the place it was read from.
fn from_page(document: &Document, field: &str, date: Date) -> Dated {
    let place = document.fields_from.get(field).map_or("", String::as_str);
    let quote = if place.is_empty() { date.to_string() } else { format!("{date}（{place}）") };
    Dated { date, proof: Proof { place: Place::Page, quote, ..Proof::default() } }
}

fn of_item(item: &Item) -> Proof {
    Proof { quote: item.quote.clone(), span: Some(item.span), ..Proof::default() }
}

fn of_page(words: &str) -> Proof {
    Proof { place: Place::Page, quote: words.to_owned(), ..Proof::default() }
}

fn of_link(link: &Link) -> Proof {
    let place = if link.in_title { Place::Title } else { Place::Text };
    let (quote, title) = (link.quote.clone(), link.from_title.clone());
    Proof { place, quote, span: Some(link.span), policy: Some(link.from.clone()), title }
}

/// A document with what is known of it.
struct Told<'a> {
    document: &'a Document,
    annotation: &'a Annotation,
    own: &'a Own,
    /// Since when the page is known to say so.
    noted: Date,
}

impl Told<'_> {
    fn step(&self, state: LifeCycle, since: Option<Date>, proof: Proof) -> Step {
        Step { state, since, noted: told_day(self.document).unwrap_or(self.noted), proof }
    }

    fn draft(&self) -> Option<Step> {
        let title = &self.document.title;
        let cue = ["征求意见稿", "公开征求", "征求意见", "草案", "送审稿"].iter().find(|cue| title.contains(**cue));
        let quote = match cue {
            Some(cue) => (*cue).to_owned(),
            None if self.annotation.triage() == Some("draft") => title.clone(),
            None => return None,
        };
        let proof = Proof { place: Place::Title, quote, ..Proof::default() };
        Some(self.step(LifeCycle::Draft, told_day(self.document), proof))
    }

    fn steps(&self, said_of_it: &[Link]) -> Vec<Step> {
        let mut steps = self.beginning();
        steps.extend(self.open_call());
        steps.extend(self.end(said_of_it));
        steps.extend(self.stated());
        steps.extend(said_of_it.iter().filter_map(|link| self.said(link)));
        steps
    }

    /// 已发布未施行 up to the first day, 现行有效 from it on.
    fn beginning(&self) -> Vec<Step> {
        let told = told_day(self.document);
        if let Some(effective) = &self.own.effective {
            let ahead = told.filter(|day| *day < effective.date);
            // Without the day of its issue a text that is known is issued all the same.
            let ahead = ahead.or_else(|| (told.is_none() && self.noted < effective.date).then_some(self.noted));
            let issued = ahead.map(|day| self.step(LifeCycle::Issued, Some(day), effective.proof.clone()));
            let force = self.step(LifeCycle::InForce, Some(effective.date), effective.proof.clone());
            return issued.into_iter().chain([force]).collect();
        }
        let holds = self.own.end.as_ref().map(|end| &end.proof).or(self.own.holds.as_ref());
        holds.map(|proof| self.step(LifeCycle::InForce, None, proof.clone())).into_iter().collect()
    }

    /// A call for applications is in force while it is open: as its window says, else for a year from its publication.
    fn open_call(&self) -> Vec<Step> {
        if self.annotation.triage() != Some("apply") || self.own.effective.is_some() || self.own.end.is_some() {
            return Vec::new();
        }
        let windows = self.annotation.items.iter().filter_map(|item| match &item.what {
            What::Window(window) if window.role == "applicant" => Some((window.end?, of_item(item))),
            _ => None,
        });
        let window = windows.max_by_key(|(end, _)| *end);
        let Some(published) = self.document.published.map(|moment| moment.date).or(self.document.issued) else {
            let Some((end, proof)) = window else { return Vec::new() };
            let over = self.step(LifeCycle::Unknown, end.tomorrow().ok(), proof.clone());
            return vec![self.step(LifeCycle::InForce, None, proof), over];
        };
        let year = published.checked_add(OPEN_MONTHS.months()).unwrap_or(published);
        let rule = Proof { place: Place::Rule, quote: format!("申报通知，{published} 发布"), ..Proof::default() };
        let (until, proof) = window.filter(|(end, _)| *end > year).unwrap_or((year, rule));
        let over = until.tomorrow().ok().map(|day| self.step(LifeCycle::Unknown, Some(day), proof.clone()));
        [self.step(LifeCycle::InForce, Some(published), proof)].into_iter().chain(over).collect()
    }

    /// The day after the last one, unless another policy prolongs it.
    fn end(&self, said_of_it: &[Link]) -> Option<Step> {
        let own = self.own.end.as_ref().map(|end| (end.date, end.proof.clone()));
        let prolonged = said_of_it.iter().filter(|link| link.relation == Relation::Extends);
        let longest = prolonged.clone().filter_map(|link| Some((link.until?, of_link(link)))).max_by_key(|(until, _)| *until);
        let (last, proof) = match (own, longest) {
            (Some(own), Some(longest)) if longest.0 > own.0 => longest,
            (None, Some(longest)) => longest,
            // 继续有效 without a day, said when it was over or nearly so: nobody knows until when.
            (Some((last, _)), None) if prolonged.clone().any(|link| link.since.is_some_and(|day| day.year() >= last.year())) => {
                return None;
            }
            (own, _) => own?,
        };
        last.tomorrow().ok().map(|day| self.step(LifeCycle::Expired, Some(day), proof))
    }

    /// 有效性 as the page states it: known from the day the page was read, unless a date stands beside it.
    fn stated(&self) -> Option<Step> {
        let words = self.document.validity.as_deref()?.trim();
        let says = |list: &[&str]| list.iter().any(|word| words.contains(word));
        let state = if words.is_empty() || says(&["拟废止"]) {
            return None;
        } else if says(&["废止"]) {
            LifeCycle::Repealed
        } else if says(&["失效", "无效", "过期"]) {
            LifeCycle::Expired
        } else if says(&["修改", "修订"]) {
            LifeCycle::Amended
        } else if says(&["有效", "执行"]) && !says(&["待", "确认"]) {
            LifeCycle::InForce
        } else {
            return None;
        };
        let since = if state.is_over() { self.document.expires.filter(|day| *day <= self.noted) } else { None };
        Some(Step { state, since, noted: self.noted, proof: of_page(words) })
    }

    /// What another policy does to this one.
    fn said(&self, link: &Link) -> Option<Step> {
        let state = match link.relation {
            Relation::Repeals => LifeCycle::Repealed,
            Relation::Expires => LifeCycle::Expired,
            Relation::Supersedes => LifeCycle::Superseded,
            Relation::Amends => LifeCycle::Amended,
            Relation::Extends => LifeCycle::InForce,
            _ => return None,
        };
        let since = link.since.or(link.dated);
        Some(Step { state, since, noted: since.unwrap_or(self.noted), proof: of_link(link) })
    }

    /// The five-year rule, for standing acts below laws that tell no end.
    fn doubt(&self, said_of_it: &[Link]) -> Option<Doubt> {
        let standing = matches!(self.annotation.triage(), Some("standard" | "regulate"));
        let law = self.document.numbers.first().is_some_and(|number| number.to_string().contains('令'))
            || ["法", "条例"].iter().any(|kind| name_of(self.document).ends_with(kind))
                && !name_of(self.document).ends_with("办法");
        let by_congress = self.document.text.chars().take(400).collect::<String>().contains("人民代表大会");
        let above = ["国务院", "最高人民", "全国人民代表大会", "中华人民共和国"];
        let high = above.iter().any(|organ| {
            self.document.title.starts_with(organ)
                || self.document.issuers.first().is_some_and(|issuer| issuer.starts_with(organ))
        });
        let law = law || by_congress || high;
        let told = self.own.end.is_some() || self.own.endless;
        if !standing || law || told || said_of_it.iter().any(|link| link.relation == Relation::Extends) {
            return None;
        }
        let dates = [
            ("施行日期", self.own.effective.as_ref().map(|dated| dated.date)),
            ("成文日期", self.document.issued),
            ("发布日期", self.document.published.map(|moment| moment.date)),
        ];
        let (word, from) = dates.into_iter().find_map(|(word, date)| Some((word, date?)))?;
        Doubt::five_years(from, word)
    }
}

/// A title without what stands in brackets behind it.
fn name_of(document: &Document) -> &str {
    let title = document.title.trim().trim_end_matches([')', '）']);
    title.rsplit_once(['(', '（']).map_or(title, |(name, _)| if name.is_empty() { title } else { name })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use model::link::Target;
    use model::{Span, Tag};

    const TODAY: Date = date(2026, 11, 20);

    fn validity(start: Option<Date>, end: Option<Date>, years: Option<u16>) -> Item {
        let what = What::Validity { start, end, years, of: "policy".to_owned() };
        Item { what, quote: "凭据".to_owned(), span: Span::new(0, 2), confidence: 1.0, rule: "test".to_owned() }
    }

    fn tagged(items: Vec<Item>, triage: &str) -> Annotation {
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
        Annotation { items, tags: vec![tag], ..Annotation::default() }
    }

    #[track_caller]
    fn check(document: Document, items: Vec<Item>, triage: &str, expected: LifeCycle) {
        let course = life_course(&document, &tagged(items, triage), &[], TODAY);
        assert_eq!(course.on(TODAY).state, expected, "{}", document.title);
    }

    fn titled(title: &str) -> Document {
        Document { title: title.to_owned(), ..Document::default() }
    }

    fn link(relation: Relation, since: Option<Date>, until: Option<Date>) -> Link {
        Link {
            from: "B".into(),
            to: Target::default(),
            relation,
            since,
            until,
            quote: "原办法同时废止".to_owned(),
            span: Span::new(0, 7),
            in_title: false,
            issuers: Vec::new(),
            region: String::new(),
            dated: None,
            from_title: "新办法".to_owned(),
        }
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

    #[test]
    fn a_text_may_say_itself_which_date_is_its_first_day() {
        let mut item = validity(None, None, None);
        item.quote = "自印发之日起施行".to_owned();
        let document = Document { issued: Some(date(2024, 3, 1)), ..titled("办法") };
        let course = life_course(&document, &tagged(vec![item.clone()], "standard"), &[], TODAY);
        let effective = course.dates.effective.clone().unwrap();
        assert_eq!((effective.date, effective.proof.quote.as_str()), (date(2024, 3, 1), "自印发之日起施行"));
        assert_eq!(course.on(date(2024, 2, 29)).state, LifeCycle::Unknown);
        assert_eq!(course.on(date(2024, 3, 1)).state, LifeCycle::InForce);
        let undated = life_course(&titled("办法"), &tagged(vec![item], "standard"), &[], TODAY);
        assert_eq!(undated.dates.effective, None, "no date is made up");
    }

    #[test]
    fn what_others_say_ends_it_from_their_day_on() {
        let document = Document { effective: Some(date(2019, 1, 1)), ..titled("办法") };
        let annotation = tagged(vec![], "standard");
        for (relation, state) in [
            (Relation::Repeals, LifeCycle::Repealed),
            (Relation::Supersedes, LifeCycle::Superseded),
            (Relation::Expires, LifeCycle::Expired),
            (Relation::Amends, LifeCycle::Amended),
            (Relation::Interprets, LifeCycle::InForce),
        ] {
            let course = life_course(&document, &annotation, &[link(relation, Some(date(2024, 6, 1)), None)], TODAY);
            assert_eq!(course.on(date(2024, 5, 31)).state, LifeCycle::InForce, "{relation:?}");
            let standing = course.on(date(2024, 6, 1));
            assert_eq!(standing.state, state, "{relation:?}");
            if relation.changes_state() {
                let proof = standing.proof.unwrap();
                assert_eq!((proof.policy.unwrap().as_str(), proof.title.as_str()), ("B", "新办法"));
                assert_eq!(standing.since, Some(date(2024, 6, 1)));
            }
        }
    }

    #[test]
    fn a_prolonged_policy_ends_later() {
        let document = Document { effective: Some(date(2019, 1, 1)), expires: Some(date(2023, 12, 31)), ..titled("办法") };
        let annotation = tagged(vec![], "standard");
        let prolonged = [link(Relation::Extends, Some(date(2023, 11, 1)), Some(date(2027, 12, 31)))];
        let course = life_course(&document, &annotation, &prolonged, TODAY);
        assert_eq!(course.on(date(2026, 1, 1)).state, LifeCycle::InForce);
        assert_eq!(course.on(date(2028, 1, 1)).state, LifeCycle::Expired);
        assert_eq!(life_course(&document, &annotation, &[], TODAY).on(date(2024, 1, 1)).state, LifeCycle::Expired);
    }

    #[test]
    fn five_years_make_standing_acts_doubtful_and_nothing_else() {
        let doubtful = |document: Document, items: Vec<Item>, triage: &str| {
            life_course(&document, &tagged(items, triage), &[], TODAY).on(TODAY).may_have_expired.is_some()
        };
        let old = |title: &str| Document { issued: Some(date(2019, 1, 1)), ..titled(title) };
        assert!(doubtful(old("专项资金管理办法"), vec![], "standard"));
        assert!(!doubtful(old("专项资金管理办法"), vec![validity(None, Some(date(2027, 1, 1)), None)], "standard"));
        assert!(!doubtful(old("示例市中小企业促进条例"), vec![], "standard"));
        assert!(!doubtful(old("关于组织申报的通知"), vec![], "apply"));
        assert!(!doubtful(Document { issued: Some(date(2024, 1, 1)), ..titled("办法") }, vec![], "standard"));
    }
}
