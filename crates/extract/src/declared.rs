//! What a text declares of its own force: from when, until when, for how long, and the remark under its signature.
//!
//! Only statements about the document itself count: a sentence that cites another document, or ends one, is passed over.

use std::sync::LazyLock;

use jiff::ToSpan;
use jiff::civil::Date;
use model::Block;
use regex::Regex;

/// Days a text declares for itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Declared {
    /// From when it is in force.
    pub(crate) effective: Option<Start>,
    /// Until when.
    pub(crate) expires: Option<Date>,
    /// For how many months, where it says that instead of a day.
    pub(crate) months: Option<i32>,
}

/// The beginning a text declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    Day(Date),
    /// 自印发之日起: the day it was issued, which another place must tell.
    Issued,
}

/// A date in a text, Latin or Chinese, after folding to half-width.
const DAY: &str = r"(?P<date>(?:\d{4}|[一二][〇○Ｏ零O0一二三四五六七八九]{3})\s*年\s*[\d一二三四五六七八九十]{1,3}\s*月\s*[\d一二三四五六七八九十]{1,3}\s*日)";

static EFFECTIVE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(r"(?:自|从|于)\s*(?:{DAY}\s*(?:零时|0时|24时|0:00)?|(?P<issued>(?:印发|发布|公布|下发|签发|颁布|发文)之日|即日))\s*起?\s*(?:正式|开始|试|予以|贯彻)?(?:施行|实施|执行|生效|试行)")).ok()
});
static EXPIRES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(r"有效期(?:限)?\s*为?\s*(?:\d{{1,2}}\s*年|[一二三四五]年)?\s*[,(]?\s*(?:[自从][^,。;]{{1,24}}?(?:起|日))?\s*[,(]?\s*(?:截止日期为|截止|截至|到|至)[到至于]?\s*{DAY}")).ok()
});
static LENGTH: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:有效期(?:限)?|试行期|试行期限)\s*(?:暂定|定)?[为是:]?\s*(?P<number>\d{1,2}|[一二两三四五六七八九十]{1,2})\s*(?P<unit>年|个月)").ok()
});

impl Declared {
    /// A document says so of itself near its end, or at once; the last such sentence that speaks of `本…` or of nothing else counts.
    pub(crate) fn read(blocks: &[Block]) -> Self {
        let mut declared = Self::default();
        for block in blocks.iter().rev().filter(|block| block.table.is_none() && block.file.is_none()) {
            declared.add(&block.text);
        }
        declared
    }

    /// Adds what one paragraph declares, where nothing is known yet.
    pub(crate) fn add(&mut self, text: &str) {
        let starts = self.effective.is_none() && text.contains(['自', '从', '于']) && text.contains(['行', '施', '效']);
        let ends = (self.expires.is_none() || self.months.is_none()) && (text.contains("有效期") || text.contains("试行期"));
        if !starts && !ends {
            return;
        }
        let text: String = text.chars().map(model::text::fold_char).collect();
        if starts {
            self.effective = EFFECTIVE.as_ref().and_then(|regex| own_statement(regex, &text)).and_then(|found| {
                let day = found.name("date").and_then(|day| model::date::parse_date(day.as_str())).map(Start::Day);
                day.or_else(|| found.name("issued").map(|_| Start::Issued))
            });
        }
        if ends && self.expires.is_none() {
            let found = EXPIRES.as_ref().and_then(|regex| own_statement(regex, &text));
            self.expires = found.and_then(|found| model::date::parse_date(found.name("date")?.as_str()));
        }
        if ends && self.months.is_none() {
            self.months = months(&text, true);
        }
    }

    /// The last day in force of a document that is so from a day on for the declared months.
    pub(crate) fn last_day(&self, effective: Date) -> Option<Date> {
        last_day(effective, self.months?)
    }
}

/// The last of so many months from a day on.
pub(crate) fn last_day(from: Date, months: i32) -> Option<Date> {
    from.checked_add(months.months()).ok()?.yesterday().ok()
}

/// How many months a text says something is in force; with `own` only where its sentence speaks of the document itself.
pub(crate) fn months(text: &str, own: bool) -> Option<i32> {
    let found = if own { own_statement(LENGTH.as_ref()?, text)? } else { LENGTH.as_ref()?.captures(text)? };
    let start = found.get(0)?.start();
    let sentence = text[..start].rsplit(['。', ';']).next().unwrap_or_default();
    // Certificates, results and offers have terms too.
    let of_document = sentence.contains('本') || EFFECTIVE.as_ref().is_some_and(|regex| regex.is_match(sentence));
    if own && !of_document {
        return None;
    }
    length(&found["number"], &found["unit"])
}

/// A length written alone, as in the cell of a table: `5年`.
pub(crate) fn lone_months(value: &str) -> Option<i32> {
    let value: String = value.chars().map(model::text::fold_char).filter(|character| *character != ' ').collect();
    let (number, unit) =
        value.strip_suffix('年').map(|number| (number, "年")).or_else(|| Some((value.strip_suffix("个月")?, "个月")))?;
    length(number, unit)
}

fn length(number: &str, unit: &str) -> Option<i32> {
    let number: i32 = match number.parse() {
        Ok(number) => number,
        Err(_) => {
            let digit =
                |character: char| "一二三四五六七八九".chars().position(|digit| digit == character).map(|at| at as i32 + 1);
            let characters: Vec<char> =
                number.chars().map(|character| if character == '两' { '二' } else { character }).collect();
            match characters[..] {
                ['十'] => 10,
                ['十', ones] => 10 + digit(ones)?,
                [tens, '十'] => digit(tens)? * 10,
                [ones] => digit(ones)?,
                _ => return None,
            }
        }
    };
    let months = if unit == "年" { number.checked_mul(12)? } else { number };
    (1..=360).contains(&months).then_some(months)
}

/// A statement whose sentence is about the document itself, not about one it cites or ends.
fn own_statement<'t>(regex: &Regex, text: &'t str) -> Option<regex::Captures<'t>> {
    regex.captures_iter(text).find(|found| {
        let Some(whole) = found.get(0) else { return false };
        let sentence = text[..whole.start()].rsplit(['。', ';', '\n']).next().unwrap_or_default();
        sentence.contains('本') || !(sentence.contains('》') || sentence.contains("废止") || sentence.contains('原'))
    })
}

static NOTE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^[（(〔\[【]\s*(?P<note>(?:此件|此文|本件|此文件|本文件|信息公开(?:形式|类别|选项|属性)|公开(?:方式|属性|类别|形式|选项))[^（()）]{2,40})\s*[）)〕\]】]$").ok()
});

/// 附注: the remark in brackets under a signature on who may see the document.
pub(crate) fn note(blocks: &[Block]) -> Option<String> {
    let lines = blocks.iter().filter(|block| block.table.is_none() && block.file.is_none() && block.text.len() <= 180);
    lines.rev().find_map(|block| {
        let found = NOTE.as_ref()?.captures(block.text.trim())?;
        Some(crate::words::squeeze(&found["note"]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Declared {
        let blocks: Vec<Block> = lines.iter().map(|line| Block { text: (*line).to_owned(), ..Block::default() }).collect();
        Declared::read(&blocks)
    }

    #[track_caller]
    fn check(line: &str, effective: &str, expires: &str, months: Option<i32>) {
        let found = read(&[line]);
        let start = match found.effective {
            None => String::new(),
            Some(Start::Day(day)) => day.to_string(),
            Some(Start::Issued) => "issued".to_owned(),
        };
        let end = found.expires.map(|day| day.to_string()).unwrap_or_default();
        assert_eq!((start.as_str(), end.as_str(), found.months), (effective, expires, months), "{line}");
    }

    #[test]
    fn days_in_force_are_those_of_the_document_itself() {
        check("第九条 本办法自2026年3月1日起施行，有效期至2031年2月28日。", "2026-03-01", "2031-02-28", None);
        check("本通知自２０２６年３月１日起执行。", "2026-03-01", "", None);
        check("本规定自二〇二六年一月一日起施行。", "2026-01-01", "", None);
        check("本措施自印发之日起施行，有效期两年。", "issued", "", Some(24));
        check("本意见自公布之日起实施，有效期为五年。", "issued", "", Some(60));
        check("本细则有效期6个月。", "", "", Some(6));
        check("本办法自2026年3月1日起施行，有效期5年，至2031年2月28日止。", "2026-03-01", "2031-02-28", Some(60));
    }

    #[test]
    fn statements_about_other_things_do_not_count() {
        check("《旧办法》自2016年3月1日起施行。", "", "", None);
        check("资质证书有效期3年。", "", "", None);
        check("自公布之日起三十日后施行。", "", "", None);
        check("原办法自2026年3月1日起废止。", "", "", None);
        check("自发布之日起5个工作日内提出。", "", "", None);
    }

    #[test]
    fn a_length_gives_the_last_day() {
        let from = jiff::civil::date(2026, 3, 1);
        assert_eq!(last_day(from, 60).unwrap().to_string(), "2031-02-28");
        assert_eq!(lone_months("５年"), Some(60));
        assert_eq!(lone_months("长期"), None);
    }

    #[test]
    fn the_remark_under_a_signature_is_told_from_other_brackets() {
        let lines = |lines: &[&str]| -> Vec<Block> {
            lines.iter().map(|line| Block { text: (*line).to_owned(), ..Block::default() }).collect()
        };
        assert_eq!(note(&lines(&["正文。", "2026年1月5日", "（此件公开发布）"])).as_deref(), Some("此件公开发布"));
        assert_eq!(note(&lines(&["(此件主动公开)"])).as_deref(), Some("此件主动公开"));
        assert_eq!(note(&lines(&["（联系人：综合处）", "（此处略）"])), None);
    }
}
