//! Who signed a document and when, as the lines under its text say, and the agencies that a title or a field names.

use std::sync::LazyLock;

use jiff::civil::Date;
use model::{Block, Signature};
use regex::Regex;

use crate::words;

/// Endings of names of public bodies.
const AGENCY_ENDS: &[&str] = &[
    "人民政府",
    "政府",
    "办公厅",
    "办公室",
    "委员会",
    "管委会",
    "管理局",
    "管理委员会",
    "总局",
    "分局",
    "局",
    "厅",
    "部",
    "委",
    "院",
    "署",
    "中心",
    "银行",
    "联席会议",
    "领导小组",
    "指挥部",
    "工作组",
    "总会",
    "协会",
    "公司",
    "支队",
    "总队",
    "大队",
    "监管局",
    "法院",
    "检察院",
    "党组",
    "党委",
    "工委",
    "学会",
    "联合会",
    "总工会",
    "商会",
    "处",
    "所",
    "站",
    "办",
];

/// Whether a text is the name of a public body and nothing else.
pub(crate) fn is_agency(name: &str) -> bool {
    let count = name.chars().count();
    const VERBS: &[&str] = &[
        "贯彻",
        "落实",
        "进一步",
        "印发",
        "转发",
        "批转",
        "执行",
        "修改",
        "加强",
        "推进",
        "开展",
        "应当",
        "负责",
        "报送",
        "按照",
        "根据",
        "以及",
    ];
    let letters =
        name.chars().all(|character| words::is_ideograph(character) || matches!(character, '（' | '）' | '(' | ')' | '·'));
    (3..=30).contains(&count)
        && letters
        && AGENCY_ENDS.iter().any(|end| name.ends_with(end))
        && !VERBS.iter().any(|verb| name.contains(verb))
}

pub(crate) fn split_agencies(value: &str) -> Vec<String> {
    let parts = value.split([';', '；', ',', '，', '、']).flat_map(|part| {
        let by_blank: Vec<&str> = part.split(' ').filter(|part| !part.is_empty()).collect();
        if by_blank.len() > 1 && by_blank.iter().all(|part| part.chars().count() >= 3) { by_blank } else { vec![part] }
    });
    let mut names: Vec<String> = parts.map(words::squeeze).filter(|part| part.chars().count() >= 2).collect();
    // `科学技术委员会、中关村科技园区管理委员会` splits; `发展和改革、财政局` would not.
    if names.len() > 1 && value.contains('、') && !names.iter().all(|name| AGENCY_ENDS.iter().any(|end| name.ends_with(end))) {
        names = vec![words::squeeze(value)];
    }
    names.truncate(30);
    names
}

/// The agencies a title begins with: `某市财政局 某市科技局关于…`.
pub(crate) fn agencies_of_title(title: &str) -> Vec<String> {
    let Some(at) =
        ["关于", "印发", "转发", "批转", "贯彻", "公告", "通告", "令"].iter().filter_map(|word| title.find(word)).min()
    else {
        return Vec::new();
    };
    let head = title[..at].trim_start_matches(|character: char| !words::is_ideograph(character)).trim();
    let head = head.rsplit(['】', ']']).next().unwrap_or(head).trim();
    let names: Vec<String> = head
        .split([' ', '、', '，'])
        .filter(|part| !part.is_empty())
        .map(|part| part.trim_end_matches("等单位").trim_end_matches("等部门").to_owned())
        .collect();
    if !names.is_empty() && names.iter().all(|name| is_agency(name)) { names } else { Vec::new() }
}

static DATE_LINE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^[(（]?\s*(?:[12]\d{3}|[12１２][０-９\d]{3}|[一二][〇○Ｏ零O0一二三四五六七八九]{3})\s*年\s*[\d０-９一二三四五六七八九十]{1,3}\s*月\s*[\d０-９一二三四五六七八九十]{1,3}\s*日\s*[)）]?$").ok()
});

/// The signature of a document: its agencies and the day it was signed, as its lines say.
///
/// The day is a line of its own behind a line that is a name. The first such place counts: what a notice issues comes
/// behind its signature and may be signed again. Without a day, names alone at the very end are a signature.
pub(crate) fn signature(blocks: &[Block]) -> Option<Signature> {
    let is_date =
        |block: &Block| block.text.len() <= 60 && DATE_LINE.as_ref().is_some_and(|line| line.is_match(block.text.trim()));
    let own = blocks.iter().take_while(|block| block.file.is_none()).count();
    let blocks = &blocks[..own];
    let mut last = None;
    for (at, block) in blocks.iter().enumerate() {
        if block.table.is_some() {
            continue;
        }
        if let Some((name, date)) = name_and_date(&block.text) {
            let mut issuers = names_before(&blocks[..at]);
            issuers.push(name);
            return Some(Signature { issuers, date: Some(date) });
        }
        if !is_date(block) {
            continue;
        }
        let Some(date) = model::date::parse_date(&block.text) else { continue };
        let issuers = names_before(&blocks[..at]);
        if !issuers.is_empty() {
            return Some(Signature { issuers, date: Some(date) });
        }
        // Without a name before it only the last line of a document is a signature.
        last = (at + 4 >= blocks.len() && at > 0).then_some(Signature { issuers, date: Some(date) });
    }
    last.or_else(|| {
        let names = if blocks.len() > 2 { names_before(blocks) } else { Vec::new() };
        (!names.is_empty()).then_some(Signature { issuers: names, date: None })
    })
}

/// The names of agencies on the last lines of a text, in the order of the lines.
fn names_before(blocks: &[Block]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for before in blocks.iter().rev().take(12).take_while(|block| block.table.is_none()) {
        let name = before.text.split(['（', '(']).next().unwrap_or_default().replace(' ', "");
        let several: Vec<String> = before.text.split(' ').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        if several.len() > 1 && several.iter().all(|part| is_agency(part)) {
            names.splice(0..0, several);
        } else if is_agency(&name) {
            names.insert(0, name);
        } else {
            break;
        }
    }
    names
}

/// `某市人民政府 2024年7月5日` in one line.
fn name_and_date(text: &str) -> Option<(String, Date)> {
    if text.len() > 200 || !text.ends_with('日') {
        return None;
    }
    let (found, start, end) = model::date::find_moment(text)?;
    let count = text.chars().count();
    if end != count || found.time.is_some() {
        return None;
    }
    let name: String = text.chars().take(start).filter(|character| *character != ' ').collect();
    is_agency(&name).then_some((name, found.date))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(lines: &[&str]) -> Vec<Block> {
        lines.iter().map(|line| Block { text: (*line).to_owned(), ..Block::default() }).collect()
    }

    #[test]
    fn the_first_signature_gives_agencies_and_day() {
        let blocks = blocks(&[
            "现将办法印发给你们。",
            "某市财政局 某市科技局",
            "2026年1月5日",
            "某市办法",
            "第一条 …",
            "某市财政局",
            "2025年12月1日",
        ]);
        let found = signature(&blocks).unwrap();
        assert_eq!(found.issuers, ["某市财政局", "某市科技局"]);
        assert_eq!(found.date.unwrap().to_string(), "2026-01-05");
    }

    #[test]
    fn a_date_in_the_text_is_no_signature() {
        assert!(signature(&blocks(&["一、时间", "2026年1月5日", "二、地点", "三楼", "四", "五", "六"])).is_none());
    }

    #[test]
    fn chinese_numerals_and_one_line_signatures_are_read() {
        let found = signature(&blocks(&["正文。", "某县人民政府办公室", "二〇二五年六月十日"])).unwrap();
        assert_eq!(found.date.unwrap().to_string(), "2025-06-10");
        let found = signature(&blocks(&["正文。", "某县人民政府 2025年6月10日"])).unwrap();
        assert_eq!(found.issuers, ["某县人民政府"]);
    }

    #[test]
    fn names_at_the_very_end_sign_without_a_day() {
        let found = signature(&blocks(&["各有关单位：", "现将有关事项通知如下。", "某市财政局"])).unwrap();
        assert_eq!((found.issuers, found.date), (vec!["某市财政局".to_owned()], None));
        assert!(signature(&blocks(&["各有关单位：", "现将有关事项通知如下。", "联系单位：某市财政局"])).is_none());
    }

    #[test]
    fn agencies_of_a_title_are_told_from_its_subject() {
        assert_eq!(agencies_of_title("某市财政局 某市科技局关于印发办法的通知"), ["某市财政局", "某市科技局"]);
        assert_eq!(agencies_of_title("关于印发办法的通知"), Vec::<String>::new());
        assert_eq!(agencies_of_title("对《办法》关于条款的解读"), Vec::<String>::new());
    }
}
