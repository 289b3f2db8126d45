//! What one policy says of another: a link with the words that prove it, and the names by which its other end is found.
//!
//! A link is made from one text alone. Its other end is named by number and title and looked for whenever either end
//! changes, so it does not matter which of the two is stored first.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::id::PolicyId;
use crate::number::find_numbers;
use crate::text::{Span, fold, fold_char};
use crate::title::inner_title;

/// How a policy stands to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// 征求意见稿 of it.
    DraftOf,
    /// 转发.
    Forwards,
    /// 解读.
    Interprets,
    /// 修改: the other stays in force, with another text.
    Amends,
    /// 废止.
    Repeals,
    /// 宣布失效, 停止执行.
    Expires,
    /// 替代: the other is repealed, and this one is its next version.
    Supersedes,
    /// 延长有效期, 继续有效.
    Extends,
    /// The yearly notice under a standing policy.
    NoticeUnder,
    /// The result of a notice: 公示, 名单.
    ResultOf,
    /// 更正.
    Corrects,
}

impl Relation {
    /// All relations.
    pub const ALL: [Self; 11] = [
        Self::DraftOf,
        Self::Forwards,
        Self::Interprets,
        Self::Amends,
        Self::Repeals,
        Self::Expires,
        Self::Supersedes,
        Self::Extends,
        Self::NoticeUnder,
        Self::ResultOf,
        Self::Corrects,
    ];

    /// The stable name used in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DraftOf => "draft_of",
            Self::Forwards => "forwards",
            Self::Interprets => "interprets",
            Self::Amends => "amends",
            Self::Repeals => "repeals",
            Self::Expires => "expires",
            Self::Supersedes => "supersedes",
            Self::Extends => "extends",
            Self::NoticeUnder => "notice_under",
            Self::ResultOf => "result_of",
            Self::Corrects => "corrects",
        }
    }

    /// The words shown to users on the page of the policy that says it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::DraftOf => "征求意见稿",
            Self::Forwards => "转发",
            Self::Interprets => "解读",
            Self::Amends => "修改",
            Self::Repeals => "废止",
            Self::Expires => "宣布失效",
            Self::Supersedes => "替代",
            Self::Extends => "延续有效期",
            Self::NoticeUnder => "依据其组织申报",
            Self::ResultOf => "公布其结果",
            Self::Corrects => "更正",
        }
    }

    /// The same on the page of the policy it is said of.
    #[must_use]
    pub const fn label_back(self) -> &'static str {
        match self {
            Self::DraftOf => "其征求意见稿",
            Self::Forwards => "被转发",
            Self::Interprets => "被解读",
            Self::Amends => "被修改",
            Self::Repeals => "被废止",
            Self::Expires => "被宣布失效",
            Self::Supersedes => "被替代",
            Self::Extends => "有效期被延续",
            Self::NoticeUnder => "据此组织申报",
            Self::ResultOf => "结果公布",
            Self::Corrects => "被更正",
        }
    }

    /// Whether it changes the life-cycle of the other policy.
    #[must_use]
    pub const fn changes_state(self) -> bool {
        matches!(self, Self::Amends | Self::Repeals | Self::Expires | Self::Supersedes | Self::Extends)
    }
}

/// The other end of a link as the text names it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Target {
    /// Normal key of its number, `agency|year|sequence`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Its title as written, without the outer 《》.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// What one policy says of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The policy that says it.
    pub from: PolicyId,
    /// The policy it is said of.
    pub to: Target,
    /// What is said.
    pub relation: Relation,
    /// The day it takes effect; none where neither the text nor the document's dates tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Date>,
    /// Of [`Relation::Extends`], the last day, where one is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// The characters that prove it.
    pub quote: String,
    /// Where they stand in the text, or in the title where `in_title`.
    pub span: Span,
    /// Whether `span` refers to the title.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_title: bool,
    /// Who made `from`, main agency first: a title alone names only what the same organs or the same place issued.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issuers: Vec<String>,
    /// GB/T 2260 code of the place `from` is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub region: String,
    /// When `from` was signed, else published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dated: Option<Date>,
    /// Title of `from`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub from_title: String,
}

impl Target {
    /// The names under which the other end may be stored.
    #[must_use]
    pub fn names(&self) -> BTreeSet<String> {
        let number = self.number.as_deref().map(number_name);
        number.into_iter().chain(self.title.iter().flat_map(|title| title_names(title))).collect()
    }
}

impl Target {
    /// Whether it is given by the document's whole title and that says whose act it is: `某省某厅关于……的通知`.
    fn is_whole_title_of(&self, document: &Document) -> bool {
        let Some(title) = &self.title else { return false };
        let issuer = title.find("关于").map_or("", |at| &title[..at]);
        issuer.chars().count() >= LEAST_TITLE_LETTERS && letters(title) == letters(&document.title)
    }
}

/// The names under which a document can be meant: its numbers, its title, the title it carries.
#[must_use]
pub fn names_of(document: &Document, inner: Option<&str>) -> BTreeSet<String> {
    let numbers = document.numbers.iter().map(|number| number_name(&number.key()));
    let titles = [Some(document.title.as_str()), inner].into_iter().flatten().flat_map(title_names);
    numbers.chain(titles).collect()
}

fn number_name(key: &str) -> String {
    format!("n:{key}")
}

/// Letters a title needs to name one act; 《通知》 and 《管理办法》 name one told of before.
const LEAST_TITLE_LETTERS: usize = 5;
/// Longest title looked at, in characters.
const MOST_TITLE: usize = 300;

/// A title as written and without what others leave out: its issuer, the notice around it, the year it was amended.
fn title_names(title: &str) -> Vec<String> {
    let title: String = fold(title).chars().take(MOST_TITLE).collect();
    let plain = without_numbers(&title);
    let plain = plain.trim();
    let mut forms = vec![plain.to_owned()];
    if let Some(inner) = inner_title(plain) {
        forms.push(inner);
    }
    forms.extend(carried(plain));
    if let Some((issuer, rest)) = plain.split_once("关于")
        && !issuer.is_empty()
        && issuer.chars().count() <= 40
    {
        forms.push(format!("关于{rest}"));
    }
    for at in 0..forms.len() {
        let shorter = without_amendment(&forms[at]).map(str::to_owned);
        forms.extend(shorter);
        let national = forms[at].strip_prefix("中华人民共和国").map(str::to_owned);
        forms.extend(national);
    }
    let mut names: Vec<String> = forms.iter().map(|form| letters(form)).collect();
    names.retain(|name| name.chars().count() >= LEAST_TITLE_LETTERS || name.chars().count() >= 3 && is_law(name));
    names.sort();
    names.dedup();
    names.into_iter().map(|name| format!("t:{name}")).collect()
}

fn is_law(name: &str) -> bool {
    name.ends_with('法') && !name.ends_with("办法")
}

/// `关于印发专项资金管理办法的通知` → `专项资金管理办法`: what a notice without 《》 carries.
fn carried(title: &str) -> Option<String> {
    const CARRIERS: [&str; 6] = ["关于印发", "关于转发", "关于公布", "关于发布", "关于下发", "关于修订印发"];
    let (at, word) = CARRIERS.iter().filter_map(|word| Some((title.find(word)?, *word))).min()?;
    let rest = &title[at + word.len()..];
    let end = ["的通知", "的公告", "的决定", "的函"].iter().filter_map(|end| rest.rfind(end)).max()?;
    let name = rest[..end].trim_matches(['《', '》', ' ']);
    (name.chars().count() >= LEAST_TITLE_LETTERS).then(|| name.to_owned())
}

/// `条例(2018年修正)` → `条例`; `办法(试行)` is an act of its own.
fn without_amendment(title: &str) -> Option<&str> {
    let open = title.rfind('(').filter(|at| title.ends_with(')') && *at > 0)?;
    let note = &title[open..];
    ["修正", "修订", "修改"].iter().any(|word| note.contains(word)).then(|| title[..open].trim_end())
}

fn without_numbers(title: &str) -> String {
    let numbers = find_numbers(title);
    if numbers.is_empty() {
        return title.to_owned();
    }
    let inside = |at: u32| numbers.iter().any(|(_, span)| span.start <= at && at < span.end);
    let kept = title.chars().zip(0u32..).filter(|(_, at)| !inside(*at)).map(|(character, _)| character);
    kept.collect::<String>().replace("()", "")
}

/// The letters of a text, folded: marks, blanks and width do not tell two names apart.
fn letters(text: &str) -> String {
    text.chars().map(fold_char).filter(|character| character.is_alphanumeric()).collect()
}

/// What a candidate for the other end of a link is known by.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// Its id.
    pub id: &'a PolicyId,
    /// Its current document.
    pub document: &'a Document,
    /// The title it carries.
    pub inner_title: Option<&'a str>,
    /// GB/T 2260 code of the place it is for.
    pub region: &'a str,
}

impl Link {
    /// Whether a policy is the one this link is said of. A number decides; a title alone only within one organ or one
    /// place, because every city has its 专项资金管理办法.
    #[must_use]
    pub fn means(&self, candidate: Candidate<'_>) -> bool {
        if *candidate.id == self.from {
            return false;
        }
        let document = candidate.document;
        let dated = document.issued.or(document.published.map(|moment| moment.date));
        // All but a draft speak of what was there before them.
        let is_too_late = |(own, its): (Date, Date)| if self.relation == Relation::DraftOf { its < own } else { its > own };
        if self.dated.zip(dated).is_some_and(is_too_late) {
            return false;
        }
        let names = names_of(document, candidate.inner_title);
        let titled = self.to.title.as_deref().is_none_or(|title| title_names(title).iter().any(|name| names.contains(name)));
        let Some(number) = &self.to.number else {
            return titled && (self.is_of_one_organ(candidate) || self.to.is_whole_title_of(document));
        };
        let numbered = names.contains(&number_name(number));
        // A page without its number can still be known by the title the list gives beside the number.
        match (numbered, document.numbers.is_empty()) {
            (true, _) => self.to.title.is_some() && titled || is_telling(number) || self.is_of_one_organ(candidate),
            (false, true) => self.to.title.is_some() && titled && self.is_of_one_organ(candidate),
            (false, false) => false,
        }
    }

    fn is_of_one_organ(&self, candidate: Candidate<'_>) -> bool {
        let its = &candidate.document.issuers;
        let same_place = self.region == candidate.region;
        let named = |issuer: &String| {
            let said = self.quote.find('《').map_or("", |at| &self.quote[..at]);
            let title = self.to.title.as_deref().unwrap_or_default();
            issuer.chars().count() >= 3 && (said.contains(issuer.as_str()) || title.starts_with(issuer.as_str()))
        };
        if its.is_empty() || self.issuers.is_empty() {
            return same_place;
        }
        let same = |a: &String, b: &String| a.ends_with(b.as_str()) || b.ends_with(a.as_str());
        its.iter().any(|issuer| named(issuer) || self.issuers.iter().any(|own| same(own, issuer)))
            || same_place && !self.region.is_empty() && self.region != crate::region::COUNTRY
    }
}

/// Whether a number is of one organ only: `政发` and `公告` are used by many.
fn is_telling(key: &str) -> bool {
    let agency = key.split('|').next().unwrap_or_default();
    let organ = ["公告", "通告", "令"].iter().find_map(|word| agency.strip_suffix(word)).unwrap_or(agency);
    organ.chars().count() >= 2 && !organ.starts_with(['政', '府', '办', '第', '市', '县', '区'])
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn link(to: Target) -> Link {
        Link {
            from: "new".into(),
            to,
            relation: Relation::Repeals,
            since: None,
            until: None,
            quote: String::new(),
            span: Span::default(),
            in_title: false,
            issuers: vec!["示例市财政局".to_owned()],
            region: "650100".to_owned(),
            dated: Some(date(2024, 5, 1)),
            from_title: String::new(),
        }
    }

    fn titled(title: &str) -> Target {
        Target { number: None, title: Some(title.to_owned()) }
    }

    #[track_caller]
    fn check(to: Target, title: &str, number: &str, issuer: &str, region: &str, expected: bool) {
        let document = Document {
            title: title.to_owned(),
            numbers: crate::DocNumber::parse(number).into_iter().collect(),
            issuers: [issuer].iter().filter(|issuer| !issuer.is_empty()).map(|issuer| (*issuer).to_owned()).collect(),
            issued: Some(date(2019, 1, 1)),
            ..Document::default()
        };
        let inner = inner_title(title);
        let candidate = Candidate { id: &"old".into(), document: &document, inner_title: inner.as_deref(), region };
        assert_eq!(link(to.clone()).means(candidate), expected, "{to:?} means {title} {number} {issuer} {region}");
    }

    #[test]
    fn a_title_is_known_with_or_without_the_notice_around_it() {
        for title in [
            "专项资金管理办法",
            "关于印发《专项资金管理办法》的通知",
            "示例市财政局关于印发专项资金管理办法的通知",
            "专项资金管理办法(2018年修订)",
        ] {
            check(titled("专项资金管理办法"), title, "", "示例市财政局", "650100", true);
            check(titled(title), "专项资金管理办法", "", "示例市财政局", "650100", true);
        }
        for title in ["专项资金管理办法（试行）", "《专项资金管理办法》解读", "关于修改《专项资金管理办法》的通知"]
        {
            check(titled("专项资金管理办法"), title, "", "示例市财政局", "650100", false);
        }
    }

    #[test]
    fn the_twin_of_another_city_is_not_meant_by_a_title_alone() {
        let to = || titled("专项资金管理办法");
        check(to(), "专项资金管理办法", "", "别市财政局", "650200", false);
        check(to(), "专项资金管理办法", "", "", "650200", false);
        check(to(), "专项资金管理办法", "", "", "650100", true);
        check(to(), "专项资金管理办法", "", "示例市工信局", "650100", true);
    }

    #[test]
    fn a_number_decides_and_a_wrong_one_refuses() {
        let to = || Target { number: Some("示财规|2018|3".to_owned()), title: Some("专项资金管理办法".to_owned()) };
        check(to(), "专项资金管理办法", "示财规〔2018〕3号", "别市财政局", "650200", true);
        check(to(), "专项资金管理办法", "示财规〔2019〕9号", "示例市财政局", "650100", false);
        check(to(), "专项资金管理办法", "", "示例市财政局", "650100", true);
        let common = || Target { number: Some("政发|2018|3".to_owned()), title: None };
        check(common(), "甲办法", "政发〔2018〕3号", "别市人民政府", "650200", false);
        check(common(), "甲办法", "政发〔2018〕3号", "示例市财政局", "650100", true);
    }

    #[test]
    fn what_came_later_is_not_meant() {
        let document =
            Document { title: "专项资金管理办法".to_owned(), issued: Some(date(2025, 1, 1)), ..Document::default() };
        let candidate = Candidate { id: &"old".into(), document: &document, inner_title: None, region: "650100" };
        assert!(!link(titled("专项资金管理办法")).means(candidate));
    }
}
