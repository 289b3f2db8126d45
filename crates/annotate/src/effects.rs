//! What a text does to other policies: it repeals, ends, amends, replaces or prolongs them, each with the words that say so.
//!
//! Three places say it: the title (`关于废止《…》的通知`), a sentence (`…施行，《…》同时废止`), and a list under a heading
//! that says it of all its lines (`附件1 废止的规范性文件目录`). What is only proposed (拟废止) does nothing, and neither does a
//! draft or an interpretation: they tell of another document's doing.

mod list;
mod mention;
mod sentence;

use jiff::civil::Date;
use model::link::{Link, Relation, Target};
use model::text::{Span, fold, fold_char};
use model::{Annotation, Document, PolicyId};

use crate::life_cycle::Own;
use mention::Mention;

/// Links one text may make; lists of a 清理 have some hundreds.
const MOST_LINKS: usize = 2_000;
/// Longer sentences are no sentences, and would make finding places in them slow.
const MOST_SENTENCE_BYTES: usize = 20_000;
/// The longest quote, in characters.
const MOST_QUOTE: usize = 300;

/// One policy's text with what is known of it.
#[derive(Debug, Clone, Copy)]
pub struct Speaker<'a> {
    /// The policy.
    pub policy: &'a PolicyId,
    /// Its current document.
    pub document: &'a Document,
    /// What was found in it.
    pub annotation: &'a Annotation,
    /// GB/T 2260 code of the place it is for.
    pub region: &'a str,
}

/// What the text does to other policies, in text order, each policy and relation once.
#[must_use]
pub fn links(speaker: Speaker<'_>) -> Vec<Link> {
    let document = speaker.document;
    let title = fold(&document.title);
    let triage = speaker.annotation.triage();
    if is_proposal(&title) || matches!(triage, Some("draft" | "interpret")) || is_told_of(&title) {
        return Vec::new();
    }
    let mut found = Found { speaker, days: Days::of(document, speaker.annotation), links: Vec::new() };
    // Tabs part the cells of a row.
    let text: String = document.text.chars().map(|mark| if mark == '\t' { mark } else { fold_char(mark) }).collect();
    for effect in sentence::read_title(&title) {
        let until = (effect.relation == Relation::Extends).then(|| sentence::until(&text)).flatten();
        found.add(effect, 0, until, true);
    }
    let is_list = list::speaks_of_lists(&title);
    let mut mode: Option<list::Mode> = None;
    let mut at = 0;
    for line in text.split('\n') {
        let length = count(line);
        match list::heading(line, is_list) {
            Some(next) => mode = next,
            None => found.line(line, at, &mut mode),
        }
        at += length + 1;
        if found.links.len() >= MOST_LINKS {
            break;
        }
    }
    found.links
}

/// `拟废止…征求意见`, `…(征求意见稿)`.
fn is_proposal(title: &str) -> bool {
    ["拟废止", "拟宣布", "拟失效", "拟修改", "拟继续", "征求意见", "草案", "送审稿"].iter().any(|word| title.contains(word))
}

/// A document that speaks about another one.
fn is_told_of(title: &str) -> bool {
    ["解读", "图解", "一图读懂", "问答", "答记者问", "起草说明", "新闻发布会"].iter().any(|word| title.contains(word))
}

fn count(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

/// What is said of one other policy; bytes are those of the sentence or line.
#[derive(Debug, Clone)]
struct Effect {
    relation: Relation,
    mention: Mention,
    /// The proof, in bytes.
    from: usize,
    to: usize,
    since: Since,
    until: Option<Date>,
    /// The words the proof is cut from.
    words: String,
}

/// From when on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Since {
    /// A day the words name.
    Day(Date),
    /// 同时: when the speaker takes effect.
    Effective,
    /// When it was issued.
    Issued,
}

/// The speaker's own days.
#[derive(Debug, Clone, Copy)]
struct Days {
    effective: Option<Date>,
    issued: Option<Date>,
}

impl Days {
    fn of(document: &Document, annotation: &Annotation) -> Self {
        let issued = document.issued.or(document.published.map(|moment| moment.date));
        let own = Own::of(document, annotation);
        Self { effective: own.effective.map(|dated| dated.date).or(issued), issued }
    }
}

/// The links found so far.
struct Found<'a> {
    speaker: Speaker<'a>,
    days: Days,
    links: Vec<Link>,
}

impl Found<'_> {
    /// One line: an item of a list, or sentences.
    fn line(&mut self, line: &str, at: u32, mode: &mut Option<list::Mode>) {
        if let Some(current) = *mode {
            match list::item(line, current) {
                Some(effects) => {
                    for effect in effects {
                        let until = effect.until;
                        self.add(effect, at, until, false);
                    }
                    return;
                }
                None if list::ends(line) => *mode = None,
                None => {}
            }
        }
        let mut start = at;
        for sentence in line.split_inclusive(['。', ';']) {
            if sentence.len() <= MOST_SENTENCE_BYTES {
                for effect in sentence::read(sentence) {
                    let until = effect.until;
                    self.add(effect, start, until, false);
                }
            }
            start += count(sentence);
        }
    }

    fn add(&mut self, effect: Effect, at: u32, until: Option<Date>, in_title: bool) {
        let Speaker { policy, document, region, .. } = self.speaker;
        let to = Target { number: effect.mention.number.clone(), title: effect.mention.title.clone() };
        let from = at + count(effect.words.get(..effect.from).unwrap_or_default());
        let length =
            count(effect.words.get(effect.from..effect.to).unwrap_or_default()).min(u32::try_from(MOST_QUOTE).unwrap_or(300));
        let span = Span::new(from, from + length);
        let quote = span.of(if in_title { &document.title } else { &document.text }).to_owned();
        let relation = self.refined(effect.relation, &to);
        let since = match effect.since {
            Since::Day(day) => Some(day),
            Since::Effective => self.days.effective,
            Since::Issued => self.days.issued,
        };
        if quote.is_empty() || self.is_own(&to) || self.knows(&to, relation) || self.links.len() >= MOST_LINKS {
            return;
        }
        self.links.push(Link {
            from: policy.clone(),
            to,
            relation,
            since,
            until,
            quote,
            span,
            in_title,
            issuers: document.issuers.clone(),
            region: region.to_owned(),
            dated: self.days.issued,
            from_title: document.title.clone(),
        });
    }

    /// A repeal by the next version of the same act replaces it.
    fn refined(&self, relation: Relation, to: &Target) -> Relation {
        let Some(title) = to.title.as_deref().filter(|_| relation == Relation::Repeals) else { return relation };
        let document = self.speaker.document;
        let inner = document.inner_title.clone().or_else(|| model::title::inner_title(&document.title));
        let own = [Some(document.title.clone()), inner];
        let cited = [Some(title.to_owned()), model::title::inner_title(&fold(title))];
        let cores = |titles: [Option<String>; 2]| -> Vec<String> {
            titles.into_iter().flatten().map(|title| core(&title)).filter(|core| core.chars().count() >= 4).collect()
        };
        let (own, cited) = (cores(own), cores(cited));
        if own.iter().any(|core| cited.contains(core)) { Relation::Supersedes } else { relation }
    }

    /// 《本办法》 by its own number is no other policy.
    fn is_own(&self, to: &Target) -> bool {
        let own = |key: &String| self.speaker.document.numbers.iter().any(|number| number.key() == *key);
        to.number.as_ref().is_some_and(own)
    }

    fn knows(&mut self, to: &Target, relation: Relation) -> bool {
        let known = self.links.iter_mut().rev().take(KNOWN).find(|link| {
            let numbers = link.to.number.is_none() || to.number.is_none() || link.to.number == to.number;
            let titled = link.to.title.is_some() && link.to.title == to.title;
            link.relation == relation && numbers && (titled || link.to.number.is_some() && link.to.number == to.number)
        });
        let Some(known) = known else { return false };
        if known.to.number.is_none() {
            known.to.number.clone_from(&to.number);
        }
        true
    }
}

/// Links before the new one that are looked through for the same.
const KNOWN: usize = 64;

/// A title without its issuer, (试行), (2019年版) and marks: what two versions of one act share.
fn core(title: &str) -> String {
    let folded = fold(title);
    let name = folded.trim();
    let name = name.split_once("关于印发").map_or(name, |(_, rest)| rest.trim_end_matches("的通知"));
    let name = name.trim_matches(['《', '》', ' ']);
    let open = name.rfind('(').filter(|at| name.ends_with(')') && *at > 0);
    let noted = |note: &str| ["试行", "暂行", "年", "修订", "修正", "版"].iter().any(|word| note.contains(word));
    let name = open.filter(|at| noted(&name[*at..])).map_or(name, |at| &name[..at]);
    name.replace("暂行", "").replace("试行", "").chars().filter(|character| character.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests;
