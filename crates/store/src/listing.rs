//! Identity of documents of which only title, address and day are known: entries of list pages, pages whose text is an
//! attachment. Nothing confirms a guess here, so only what can hardly be two acts is one.
//!
//! In order: one article number of one content system is one act, whatever folder it is shown in; one title on one site on
//! one day; one title on two sites within a few days, if the title says whose act it is. A title that recurs (公示, 召开会议)
//! must be of the same day, and a title of which every office has its own (年度报告, 放假通知) must name the office.
//!
//! One title is also: one cut off by the list (`…`) of which the other is the whole, on the same day; and one before which
//! another site has put the names of the issuers. What forwards, explains or prints an act is not the act.

use jiff::civil::Date;
use model::id::normal_url;

use crate::identity::Relation;
use crate::overlap::letters;
use crate::stored::StoredDocument;
use crate::titles::ordinals;

/// Letters a title needs to tell one act from others: 政策解读 and 通知公告 stand on every site.
const LEAST_TITLE_LETTERS: usize = 8;
/// The same on one site, where a second address is more likely a second act; and of what two differing titles share.
const LEAST_TITLE_LETTERS_ON_ONE_SITE: usize = 14;
/// The same under one article number of one site.
const LEAST_TITLE_LETTERS_OF_ONE_ARTICLE: usize = 4;
/// Days by which another site shows an act later.
const MOST_DAYS: i32 = 3;
/// Digits by which a step of a path is the number of an article, not the name of a column.
const LEAST_NUMBER_DIGITS: usize = 5;
/// Digits by which the number of an article is that of one content system and no other.
const LEAST_OWN_DIGITS: usize = 12;
/// Letters of the beginning and of the end by which titles that are not equal are found.
const KEY_LETTERS: usize = 12;
/// Days by which another site shows an act later whose long title says whose it is, and the letters of such a title.
const MOST_DAYS_OF_NAMED: i32 = 10;
const LEAST_LETTERS_OF_NAMED: usize = 24;
/// Days by which a lower office shows a standing act of the State later.
const MOST_DAYS_OF_STANDING: i32 = 31;
/// How titles of acts end that are made once, not each month.
const STANDING: &[&str] =
    &["意见", "办法", "方案", "规划", "条例", "规定", "措施", "细则", "纲要", "计划", "指南", "目录", "决定"];
/// The longest names of issuers before a title.
const MOST_ISSUER_LETTERS: usize = 60;

/// Titles that come again with another content.
const RECURRING: &[&str] = &[
    "公示",
    "决定书",
    "抽查",
    "处罚",
    "许可",
    "询价",
    "招标公告",
    "磋商",
    "中标",
    "成交",
    "采购",
    "价格",
    "会议",
    "调研",
    "简报",
    "快讯",
    "日报",
    "周报",
    "月报",
    "通报",
    "检查情况",
    "受理情况",
    "批复",
    "任免",
    "补正",
];
/// Titles of which every office has its own.
const OWN_AFFAIRS: &[&str] = &[
    "信息公开",
    "年度报告",
    "工作年报",
    "年度报表",
    "决算",
    "预算",
    "放假",
    "值班",
    "招聘",
    "录用",
    "遴选",
    "法治政府",
    "权责清单",
    "办事指南",
    "工作总结",
    "工作要点",
    "工作计划",
    "领导分工",
    "机构职能",
    "我局",
    "我委",
    "我厅",
    "我市",
    "我区",
    "我县",
    "我省",
    "本局",
    "本委",
];
/// Words before a title by which the document is another act, or speaks of one.
const OTHER_ACTS: &[&str] = &[
    "转发",
    "解读",
    "图解",
    "读懂",
    "看懂",
    "印发",
    "征求",
    "答记者",
    "问答",
    "废止",
    "修改",
    "批转",
    "发布会",
    "补充",
    "更正",
    "公布",
    "发布",
    "学习",
    "贯彻",
];
/// What news sites put before an order they print.
const HERALDS: &[&str] = &["受权发布", "授权发布"];
/// What stands behind the last of several issuers.
const AND_OTHERS: &[&str] = &["部门", "单位", "机关"];
/// Ends of names of offices that are nothing else inside a title, as 部 is in 部门.
const SURE_OFFICES: &[&str] = &["局", "厅", "委员会", "政府", "办公室", "管委会", "银行"];
/// Ends of names of offices before 关于.
const OFFICES: &[&str] = &[
    "局",
    "厅",
    "委员会",
    "委",
    "部",
    "院",
    "政府",
    "办公室",
    "管委会",
    "中心",
    "银行",
    "总队",
    "集团",
    "法院",
    "区",
    "署",
    "会",
    "工委",
];

/// What a list page says of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listing {
    /// Letters of the title, without the date some sites write behind it and without what was put there by a news site.
    title: String,
    letters: usize,
    /// Whether the list cut the title off.
    is_cut: bool,
    ordinals: Vec<String>,
    site: String,
    /// The article's number within its content system.
    article: Option<String>,
    /// All days it is said to be of: beside the title, in the address, behind the title.
    days: Vec<Date>,
    /// Year and month, also where the address says no more.
    month: Option<(i16, i8)>,
}

/// How two titles are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Likeness {
    Equal,
    /// The one is the beginning of the other, as the list says with `…`.
    Cut,
    /// The one is the other behind the names of its issuers; whether those are of the whole country.
    Issued {
        national: bool,
    },
}

impl Listing {
    /// `None` where the title alone says nothing and no number of an article stands behind it.
    pub(crate) fn of(stored: &StoredDocument) -> Option<Self> {
        let (shown, dated) = without_date(stored.document.title.trim());
        let cut = shown.strip_suffix("...").or_else(|| shown.strip_suffix('…')).map(|rest| rest.trim_end_matches(['.', '…']));
        let mut title: String = letters(cut.unwrap_or(shown)).collect();
        if let Some(herald) =
            HERALDS.iter().find_map(|herald| title.find(herald).filter(|at| *at <= 12).map(|at| at + herald.len()))
        {
            title.drain(..herald);
            // A stroke that is drawn with a character.
            title = title.trim_start_matches('丨').to_owned();
        }
        let count = title.chars().count();
        let url = normal_url(&stored.url);
        let (site, path) = url.split_once('/').unwrap_or((&url, ""));
        let article = article_in(path);
        let least = if article.is_some() { LEAST_TITLE_LETTERS_OF_ONE_ARTICLE } else { LEAST_TITLE_LETTERS };
        if count < least {
            return None;
        }
        let said = stored.document.published.map(|moment| moment.date).or(stored.document.issued);
        let (day, month) = dates_in(path);
        let days: Vec<Date> = [said, day, dated].into_iter().flatten().collect();
        Some(Self {
            letters: count,
            is_cut: cut.is_some(),
            ordinals: ordinals(shown),
            site: if site.is_empty() { stored.source.as_str().to_owned() } else { site.to_owned() },
            article,
            month: days.first().map(|day| (day.year(), day.month())).or(month),
            days,
            title,
        })
    }

    /// The keys under which the same act may be found.
    pub(crate) fn sought(&self) -> Vec<String> {
        let mut months: Vec<(i16, i8)> = self.month.into_iter().collect();
        let apart = [-MOST_DAYS_OF_STANDING, -MOST_DAYS_OF_NAMED, 0, MOST_DAYS_OF_NAMED, MOST_DAYS_OF_STANDING];
        for (day, by) in self.days.iter().flat_map(|day| apart.map(|by| (day, by))) {
            let near = day.checked_add(jiff::Span::new().days(by)).ok();
            months.extend(near.map(|day| (day.year(), day.month())));
        }
        self.keys(months)
    }

    /// The keys under which it can be found itself.
    pub(crate) fn kept(&self) -> Vec<String> {
        self.keys(self.month.into_iter().chain(self.days.iter().map(|day| (day.year(), day.month()))).collect())
    }

    fn keys(&self, mut months: Vec<(i16, i8)>) -> Vec<String> {
        months.sort_unstable();
        months.dedup();
        let mut keys: Vec<String> = self.article.iter().map(|article| key("article", article)).collect();
        if self.letters < LEAST_TITLE_LETTERS {
            return keys;
        }
        let core = self.core();
        let head: String = core.strip_prefix("关于").unwrap_or(core).chars().take(KEY_LETTERS).collect();
        let tail: String = self.title.chars().skip(self.letters.saturating_sub(LEAST_TITLE_LETTERS)).collect();
        for (year, month) in months {
            keys.push(key("head", &format!("{head}\n{year}-{month}")));
            if !self.is_cut {
                keys.push(key("tail", &format!("{tail}\n{year}-{month}")));
            }
        }
        keys
    }

    /// The title without the names of issuers before it.
    fn core(&self) -> &str {
        let at = self.title.match_indices("关于").map(|(at, _)| at).take_while(|at| is_issuers(&self.title[..*at])).last();
        at.map_or(&self.title, |at| &self.title[at..])
    }

    fn has_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.title.contains(word))
    }

    /// `某市某局关于……`: the act says whose it is.
    fn names_its_office(&self) -> bool {
        let before = self.title.split("关于").next().filter(|before| before.len() < self.title.len());
        let before = before.filter(|before| before.chars().count() >= LEAST_TITLE_LETTERS / 2);
        before.is_some_and(|before| OFFICES.iter().any(|office| before.ends_with(office)))
            || SURE_OFFICES
                .iter()
                .any(|office| self.title.match_indices(office).any(|(at, _)| self.title[..at].chars().count() >= 4))
    }

    /// `2026年某市重点产业人才项目申报公告`: no other place and no other year has it.
    fn names_place_and_period(&self) -> bool {
        self.letters >= LEAST_TITLE_LETTERS_ON_ONE_SITE
            && !self.ordinals.is_empty()
            && self.title.contains(['省', '市', '县', '州'])
    }

    /// Whether it is an act that is made once.
    fn is_standing(&self) -> bool {
        let title = self.title.trim_end_matches("的通知");
        self.letters >= LEAST_TITLE_LETTERS_ON_ONE_SITE && STANDING.iter().any(|kind| title.ends_with(kind))
    }

    /// Days between the nearest of their days; `None` where one of them has none.
    fn days_apart(&self, other: &Self) -> Option<i32> {
        let pairs = self.days.iter().flat_map(|own| other.days.iter().map(move |its| (*own - *its).get_days().abs()));
        pairs.min()
    }

    fn is_same_article(&self, other: &Self) -> bool {
        self.article.is_some() && self.article == other.article
    }

    /// Whether both are articles of one site, each with a number of its own: then they are two acts, whatever is like in them.
    pub(crate) fn excludes(&self, other: &Self) -> bool {
        self.site == other.site && self.article.is_some() && other.article.is_some() && self.article != other.article
    }

    fn likeness(&self, other: &Self) -> Option<Likeness> {
        let (own, its) = (&self.title, &other.title);
        if own == its && self.is_cut == other.is_cut {
            return Some(if self.is_cut { Likeness::Cut } else { Likeness::Equal });
        }
        let (short, long) = if self.letters <= other.letters { (self, other) } else { (other, self) };
        if short.is_cut || long.is_cut {
            return is_beginning(short, long).then_some(Likeness::Cut);
        }
        if short.letters < LEAST_TITLE_LETTERS_ON_ONE_SITE / 2 + 1 {
            return None;
        }
        let issuers = long.title.strip_suffix(short.title.as_str())?;
        let national =
            ["国家", "国务院", "中共中央", "最高人民", "全国", "中华人民共和国"].iter().any(|organ| issuers.starts_with(organ))
                || !issuers.contains(['省', '市', '县', '区', '州']);
        is_issuers(issuers).then_some(Likeness::Issued { national })
    }
}

fn key(what: &str, of: &str) -> String {
    model::fingerprint::sha256_hex(format!("{of}\nlisted {what}").as_bytes())
}

/// Whether the shorter, cut-off title is the beginning of the longer one, with or without issuers before either.
fn is_beginning(short: &Listing, long: &Listing) -> bool {
    let begins = |short: &str, long: &str, is_cut: bool| {
        let letters = short.chars().count();
        is_cut && letters >= LEAST_TITLE_LETTERS_ON_ONE_SITE && long.starts_with(short)
    };
    if begins(&short.title, &long.title, short.is_cut) {
        return true;
    }
    let (own, its) = (short.core(), long.core());
    // Two titles that both name issuers name the same ones.
    let both_name = own.len() < short.title.len() && its.len() < long.title.len();
    !both_name && (begins(own, its, short.is_cut) || begins(its, own, long.is_cut))
}

/// Whether the words before a title are the names of offices and nothing else, such as a word that makes it another act.
fn is_issuers(before: &str) -> bool {
    let before = before.strip_suffix("关于").unwrap_or(before);
    let letters = before.chars().count();
    (2..=MOST_ISSUER_LETTERS).contains(&letters)
        && !OTHER_ACTS.iter().any(|word| before.contains(word))
        && (OFFICES.iter().any(|office| before.ends_with(office)) || AND_OTHERS.iter().any(|others| before.ends_with(others)))
}

/// Whether two documents without text are one act.
pub(crate) fn by_listing(new: &Listing, old: &Listing) -> Relation {
    let Some(likeness) = new.likeness(old) else { return Relation::Apart };
    let is_ordinal = |one: &Listing, other: &Listing| {
        // The last period of a cut-off title may be cut off too.
        let sure = one.ordinals.len() - usize::from(one.is_cut && !one.ordinals.is_empty());
        other.ordinals.len() >= sure && one.ordinals[..sure] == other.ordinals[..sure]
    };
    let same_periods = match (new.is_cut, old.is_cut) {
        (false, false) => new.ordinals == old.ordinals,
        (true, _) => is_ordinal(new, old),
        (false, true) => is_ordinal(old, new),
    };
    if !same_periods {
        return Relation::Apart;
    }
    let is_one = if new.is_same_article(old) {
        is_one_article(new, old)
    } else {
        match likeness {
            Likeness::Equal => is_one_title(new, old),
            Likeness::Cut => !new.excludes(old) && new.site != old.site && new.days_apart(old) == Some(0),
            Likeness::Issued { national } => new.site != old.site && is_issued_title(new, old, national),
        }
    };
    if is_one { Relation::Copy } else { Relation::Apart }
}

/// One number is one article where the numbers are those of one content system.
fn is_one_article(new: &Listing, old: &Listing) -> bool {
    let digits = new.article.iter().flat_map(|article| article.bytes()).filter(u8::is_ascii_digit).count();
    new.site == old.site || digits >= LEAST_OWN_DIGITS || new.letters.min(old.letters) >= LEAST_TITLE_LETTERS
}

fn is_one_title(new: &Listing, old: &Listing) -> bool {
    if new.letters < LEAST_TITLE_LETTERS {
        return false;
    }
    let apart = new.days_apart(old);
    if new.site == old.site {
        // The day beside the title and the day of the address: a list may show the day of signing of two acts.
        return apart == Some(0)
            && new.days == old.days
            && new.letters >= LEAST_TITLE_LETTERS_ON_ONE_SITE
            && !new.has_any(RECURRING);
    }
    if new.has_any(OWN_AFFAIRS) && !new.names_its_office() {
        return false;
    }
    let is_named = new.letters >= LEAST_LETTERS_OF_NAMED && new.names_its_office() || new.names_place_and_period();
    let most = if new.has_any(RECURRING) {
        0
    } else if is_named {
        MOST_DAYS_OF_NAMED
    } else {
        MOST_DAYS
    };
    match apart {
        Some(days) => days <= most,
        None => new.month.is_some() && new.month == old.month && !new.has_any(RECURRING),
    }
}

/// One title with and without its issuers: the issuer's own site leaves them out, others put them before it.
fn is_issued_title(new: &Listing, old: &Listing, national: bool) -> bool {
    let short = if new.letters <= old.letters { new } else { old };
    if short.has_any(OWN_AFFAIRS) {
        return false;
    }
    // Two cities that call for the same on one day: each leaves its own name out on its own site.
    let two_governments = is_government(&new.site) && is_government(&old.site) && domain(&new.site) != domain(&old.site);
    let names_place = short.title.contains(['省', '市', '县', '州']);
    let most = match (short.has_any(RECURRING), national) {
        (true, _) => 0,
        (false, true) if short.is_standing() => MOST_DAYS_OF_STANDING,
        (false, true) => MOST_DAYS,
        (false, false) => {
            if names_place {
                MOST_DAYS
            } else {
                0
            }
        }
    };
    let is_near = new.days_apart(old).is_some_and(|days| days <= most);
    is_near && (national || names_place || !two_governments)
}

fn is_government(site: &str) -> bool {
    site.contains(".gov.")
}

/// The part of a host name that one government registered: `xm.gov.cn` of `sti.xm.gov.cn`.
fn domain(site: &str) -> &str {
    let dots: Vec<usize> = site.match_indices('.').map(|(at, _)| at).collect();
    dots.len().checked_sub(3).and_then(|third| dots.get(third)).map_or(site, |at| &site[at + 1..])
}

/// A title without the date that some sites write behind it, and the date.
fn without_date(title: &str) -> (&str, Option<Date>) {
    let Some((before, last)) = title.rsplit_once(char::is_whitespace) else { return (title, None) };
    let is_day =
        last.len() == 5 && last.bytes().enumerate().all(|(at, byte)| if at == 2 { byte == b'-' } else { byte.is_ascii_digit() });
    match last.parse::<Date>() {
        Ok(day) if last.len() == 10 => (before.trim_end(), Some(day)),
        // `07-17`: the year is in the address.
        _ if is_day => (before.trim_end(), None),
        _ => (title, None),
    }
}

/// The last step of a path that is a number (`t20260302_7103687`, `content_7065418`, a hash), without its ending.
fn article_in(path: &str) -> Option<String> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let steps = path.rsplit('/').take(2).map(|step| step.split('.').next().unwrap_or(step));
    let is_number = |step: &&str| {
        let digits = step.bytes().filter(u8::is_ascii_digit).count();
        // 202604 and 20260402 are days in a path, not articles.
        digits >= LEAST_NUMBER_DIGITS && !(step.len() == digits && digits <= 8 && step.starts_with("20"))
    };
    steps.clone().find(is_number).map(str::to_owned).or_else(|| {
        let numbered = query.bytes().filter(u8::is_ascii_digit).count() >= LEAST_NUMBER_DIGITS;
        numbered.then(|| format!("{}?{query}", steps.clone().next().unwrap_or_default()))
    })
}

/// The day, or the month, that a path names: `/202604/t20260414_2990995.htm`, `/2026/0414/`, `/202605/content_7068759`.
fn dates_in(path: &str) -> (Option<Date>, Option<(i16, i8)>) {
    let mut month = None;
    let bytes = path.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let run = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let digits = &path[at..at + run];
        // Numbers of files carry the day too, behind `P0` and before a counter.
        let digits = digits.strip_prefix('0').filter(|rest| rest.len() > 8).unwrap_or(digits);
        let is_day = digits.len() >= 8 && (digits.len() == 8 || at > 0 && bytes[at - 1] == b'P');
        if let Some(day) = is_day.then(|| day_of(&digits[..8])).flatten() {
            return (Some(day), Some((day.year(), day.month())));
        }
        if digits.len() == 6 && month.is_none() {
            month = day_of(&format!("{digits}01")).map(|day| (day.year(), day.month()));
        }
        at += run.max(1);
    }
    (None, month)
}

fn day_of(digits: &str) -> Option<Date> {
    let number = |range: std::ops::Range<usize>| digits.get(range)?.parse::<i16>().ok();
    let year = number(0..4).filter(|year| (1990..2100).contains(year))?;
    Date::new(year, i8::try_from(number(4..6)?).ok()?, i8::try_from(number(6..8)?).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use model::{Document, Moment};

    use super::*;

    fn listing(title: &str, url: &str, day: &str) -> Listing {
        let published = model::date::parse_moment(day).map(|moment: Moment| moment);
        let document = Document { title: title.to_owned(), published, ..Document::default() };
        Listing::of(&StoredDocument { url: url.to_owned(), document, ..StoredDocument::default() }).unwrap()
    }

    #[track_caller]
    fn check(title: &str, one: (&str, &str), other: (&str, &str), expected: Relation) {
        let (one, other) = (listing(title, one.0, one.1), listing(title, other.0, other.1));
        assert_eq!(by_listing(&one, &other), expected);
        assert_eq!(by_listing(&other, &one), expected);
        let is_found = other.sought().iter().any(|key| one.kept().contains(key));
        assert!(is_found || expected == Relation::Apart, "the one is not found by the other: {one:?} {other:?}");
    }

    #[test]
    fn one_article_number_is_one_act_in_every_folder_and_on_every_host() {
        let title = "关于公布2026年第二批绿色工厂名单的公示";
        check(
            title,
            ("http://gxj.example.cn/xxgk/202604/t20260410_2990401.html", ""),
            ("http://gxj.example.cn/sbxmzj/202604/t20260410_2990401.html", "2026-04-12"),
            Relation::Copy,
        );
        check(
            title,
            ("http://fgw.example.cn/./202601/P020260108349332808021.pdf", ""),
            ("http://fgw.example.cn./202601/P020260108349332808021.pdf", ""),
            Relation::Copy,
        );
    }

    #[test]
    fn another_site_shows_an_act_a_few_days_later() {
        let title = "某市工业和信息化局关于开展2026年工业设计中心认定工作的通知";
        let there = "http://gxj.example.cn/tzgg/202606/t20260622_3002276.htm";
        check(title, (there, "2026-06-18"), ("https://sme.example.cn/policy/60622jtcAon4gp7", "2026-06-20"), Relation::Copy);
        check(title, (there, "2026-06-18"), ("https://sme.example.cn/policy/60722jtcAon4gp7", "2026-07-20"), Relation::Apart);
        check(title, (there, "2026-06-30"), ("https://sme.example.cn/policy/60722jtcAon4gp7", "2026-07-01"), Relation::Copy);
        // The one address says only the month.
        check(title, (there, ""), ("https://www.example.cn/zwgk/202606/content_7068759.htm", ""), Relation::Copy);
        check(title, ("https://a.example.cn/x/show-1.html", ""), ("https://b.example.cn/x/show-1.html", ""), Relation::Apart);
    }

    #[test]
    fn what_comes_again_is_one_only_on_one_day() {
        let title = "省发展和改革委员会关于成品油价格调整的通告";
        let (one, other) = ("http://a.example.cn/t20260302_1000001.htm", "http://b.example.cn/t20260304_1000002.htm");
        check(title, (one, ""), (other, ""), Relation::Apart);
        check(title, (one, "2026-03-02"), (other, "2026-03-02"), Relation::Copy);
        // On one site two numbers of one day are two acts.
        check(title, (one, "2026-03-02"), ("http://a.example.cn/t20260302_1000009.htm", "2026-03-02"), Relation::Apart);
    }

    #[test]
    fn what_every_office_has_of_its_own_must_name_the_office() {
        let (one, other) = ("http://a.example.cn/t20260302_1000001.htm", "http://b.example.cn/t20260302_1000002.htm");
        check("2025年度部门决算公开说明", (one, ""), (other, ""), Relation::Apart);
        check("某某市财政局2025年度部门决算", (one, ""), (other, ""), Relation::Copy);
    }

    #[test]
    fn a_title_on_every_site_says_nothing() {
        let document = Document { title: "政策解读".to_owned(), ..Document::default() };
        assert_eq!(Listing::of(&StoredDocument { document, ..StoredDocument::default() }), None);
    }

    #[test]
    fn days_and_articles_are_read_from_addresses() {
        for (path, article, day, month) in [
            ("xxgk/202604/t20260414_2990995.htm", Some("t20260414_2990995"), Some("2026-04-14"), Some((2026, 4))),
            ("yaowen/202605/content_7068759.htm", Some("content_7068759"), None, Some((2026, 5))),
            ("leaders/20260619/fa366b6b90184c0f/c.html", Some("fa366b6b90184c0f"), Some("2026-06-19"), Some((2026, 6))),
            ("show.jsp?id=1234567", Some("show?id=1234567"), None, None),
            ("a/b/index.html", None, None, None),
            ("a/209913/20269999/x.html", None, None, None),
        ] {
            let day = day.map(|day| day.parse().unwrap());
            assert_eq!((article_in(path).as_deref(), dates_in(path)), (article, (day, month)), "{path}");
        }
    }
}
