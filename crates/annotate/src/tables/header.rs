//! Header rows: what each column is about, and what the table is.

use std::collections::{HashMap, HashSet};

use crate::rules::Rules;
use crate::tables::Kind;
use crate::words::{List, Words};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Serial,
    Indicator,
    Condition,
    Award,
    Amount,
    Case,
    Batch,
    Material,
    Copies,
    Form,
    Remark,
    Time,
    Deadline,
    AuthorityTime,
    Office,
    Person,
    Phone,
    Address,
    Scoring,
    Statistic,
    Name,
    /// The values of one indicator: 营业收入(万元).
    Measure,
    /// The values for one level: 省级.
    Level,
    Unknown,
}

const ROLES: [(List, Role); 21] = [
    (List::TableSerial, Role::Serial),
    (List::TableIndicator, Role::Indicator),
    (List::TableCondition, Role::Condition),
    (List::TableAward, Role::Award),
    (List::TableAmount, Role::Amount),
    (List::TableCase, Role::Case),
    (List::TableBatch, Role::Batch),
    (List::TableMaterial, Role::Material),
    (List::TableCopies, Role::Copies),
    (List::TableForm, Role::Form),
    (List::TableRemark, Role::Remark),
    (List::TableTime, Role::Time),
    (List::TableDeadline, Role::Deadline),
    (List::TableAuthorityTime, Role::AuthorityTime),
    (List::TableOffice, Role::Office),
    (List::TablePerson, Role::Person),
    (List::TablePhone, Role::Phone),
    (List::TableAddress, Role::Address),
    (List::TableScoring, Role::Scoring),
    (List::TableStatistic, Role::Statistic),
    (List::TableName, Role::Name),
];

/// A cell of a header is at most this long, in characters.
const MOST_HEADER_CHARACTERS: usize = 24;
/// More columns are a form or data.
const MOST_COLUMNS: usize = 16;

/// The words of headers and captions.
pub(crate) struct Headers {
    roles: HashMap<String, Role>,
    measures: HashSet<String>,
    asks: Words,
    gives: Words,
    barren: Words,
    pub(super) level: Words,
    pub(super) aspect: Words,
}

/// A stretch of the text, in bytes.
pub(super) type Place = (usize, usize);

/// A header row.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub(super) kind: Kind,
    pub(super) columns: Vec<Column>,
    /// The word for what is given: 补助.
    pub(super) noun: &'static str,
    /// The unit the caption gives for all amounts.
    pub(super) unit: Option<&'static str>,
}

/// A column of it, in bytes of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) role: Role,
    /// Its name without unit.
    pub(super) name: (usize, usize),
    pub(super) unit: Option<(usize, usize)>,
}

impl Headers {
    pub(crate) fn new(rules: &Rules) -> Self {
        let words = |list: List| {
            let of = move |rule: &&crate::words::WordRule| rule.list == list;
            rules.words.rules().iter().filter(of).flat_map(|rule| rule.words.iter().map(String::as_str))
        };
        let roles = ROLES.iter().flat_map(|(list, role)| words(*list).map(|word| (model::text::fold(word), *role))).collect();
        let named = rules.indicators.iter().filter(|indicator| indicator.unit_family.is_some());
        let measures = named.flat_map(|indicator| indicator.aliases.iter().chain([&indicator.name]).cloned()).collect();
        Self {
            roles,
            measures,
            asks: Words::new(words(List::TableAsks)),
            gives: Words::new(words(List::TableGives)),
            barren: Words::new(words(List::TableBarren)),
            level: Words::new(words(List::TableLevel)),
            aspect: Words::new(words(List::TableAspect)),
        }
    }

    /// What a table with these header cells says; `None` where they are no header or the table says nothing known.
    pub(super) fn read(&self, text: &str, cells: &[(usize, usize)], caption: &str) -> Option<Header> {
        if !(2..=MOST_COLUMNS).contains(&cells.len()) {
            return None;
        }
        let columns: Vec<Column> = cells.iter().map(|cell| self.column(text, *cell)).collect::<Option<_>>()?;
        let known = columns.iter().filter(|column| column.role != Role::Unknown).count();
        // 支持标准⇥给予资金支持: a label and what it says.
        let label = known == 1 && columns[0].role != Role::Unknown;
        if label || known < 1 || known * 2 < columns.len() {
            return None;
        }
        let mut header = Header { kind: Kind::Barren, columns, noun: noun(text, cells, caption), unit: unit_of(caption) };
        header.kind = self.kind(text, &mut header.columns, caption)?;
        Some(header)
    }

    /// A column by its name; `None` where the cell cannot be one's name.
    fn column(&self, text: &str, (start, end): (usize, usize)) -> Option<Column> {
        let cell = &text[start..end];
        let long = cell.chars().nth(MOST_HEADER_CHARACTERS).is_some();
        if long || cell.contains(['。', ';', '；', '%']) && !cell.contains('(') {
            return None;
        }
        let (name, unit) = split_unit(text, (start, end));
        if text[name.0..name.1].contains([':', '：', ',', '，']) {
            return None;
        }
        if text[name.0..name.1].bytes().any(|byte| byte.is_ascii_digit()) {
            return None;
        }
        Some(Column { role: self.role(&text[name.0..name.1], &text[start..end]), name, unit })
    }

    /// What a name of a column says, by the longest word it ends with, else the longest inside.
    fn role(&self, name: &str, whole: &str) -> Role {
        let squeezed: String = model::text::fold(name).chars().filter(|character| *character != ' ').collect();
        let whole: String = model::text::fold(whole).chars().filter(|character| *character != ' ').collect();
        if let Some(role) = self.roles.get(&whole) {
            return *role;
        }
        let starts = || squeezed.char_indices().map(|(at, _)| at);
        for at in starts() {
            let rest = &squeezed[at..];
            if self.measures.contains(rest) && rest.chars().nth(1).is_some() {
                return Role::Measure;
            }
            if let Some(role) = self.roles.get(rest) {
                return *role;
            }
        }
        let ends: Vec<usize> = starts().skip(1).collect();
        let inside = starts().flat_map(|from| ends.iter().filter(move |to| **to > from).map(move |to| (from, *to)));
        let found = inside.filter_map(|(from, to)| {
            let role = self.roles.get(&squeezed[from..to])?;
            (to - from > '元'.len_utf8()).then_some((to - from, *role))
        });
        let level = self.level.at_end(&squeezed).is_some() && self.aspect.at_end(&squeezed).is_none();
        let other = if level { Role::Level } else { Role::Unknown };
        found.max_by_key(|(length, _)| *length).map_or(other, |(_, role)| role)
    }

    fn kind(&self, text: &str, columns: &mut [Column], caption: &str) -> Option<Kind> {
        let gives = self.gives.stand_in(caption);
        let names = columns.iter().map(|column| &text[column.name.0..column.name.1]);
        let asks = self.asks.stand_in(caption) || names.clone().any(|name| name.contains("条件")) && !gives;
        promote(text, columns, gives, asks);
        let has = |role: Role| columns.iter().any(|column| column.role == role);
        let count = |role: Role| columns.iter().filter(|column| column.role == role).count();
        let barren = self.barren.stand_in(caption) && !self.asks.stand_in(caption);
        let named = has(Role::Name) && !has(Role::Condition) && !has(Role::Phone) && !has(Role::Material);
        if has(Role::Scoring) || has(Role::Statistic) || named || barren {
            return Some(Kind::Barren);
        }
        let labelled = has(Role::Case) || has(Role::Indicator) || has(Role::Serial) || has(Role::Batch);
        let measures = count(Role::Measure);
        // 指标⇥国家级⇥省级, or 级别⇥营业收入⇥从业人员.
        let matrix =
            (has(Role::Indicator) || has(Role::Case)) && count(Role::Level) > 1 || measures > 0 && measures + 1 >= columns.len();
        if has(Role::Phone) && (has(Role::Office) || has(Role::Person)) {
            Some(Kind::Contacts)
        } else if has(Role::Material) && columns.len() > 1 {
            Some(Kind::Materials)
        } else if has(Role::Award) {
            Some(Kind::Awards)
        } else if has(Role::Condition) && (labelled || has(Role::Office)) {
            Some(Kind::Conditions { says_so: asks })
        } else if matrix && asks {
            Some(Kind::Conditions { says_so: true })
        } else if measures > 0 {
            // Sizes of enterprises and other definitions.
            Some(Kind::Barren)
        } else if (has(Role::Time) || has(Role::Deadline)) && labelled {
            Some(Kind::Windows)
        } else {
            None
        }
    }
}

/// Columns that only say how much, or for which level, are awards where the caption or their unit says so.
fn promote(text: &str, columns: &mut [Column], gives: bool, asks: bool) {
    for column in columns.iter_mut() {
        let standard = text[column.name.0..column.name.1].trim_end() == "标准";
        let money = column.unit.is_some_and(|(from, to)| text[from..to].contains('元'));
        if gives && (column.role == Role::Amount || standard) || standard && money && !asks {
            column.role = Role::Award;
        }
    }
    if gives && !columns.iter().any(|column| column.role == Role::Award) {
        columns.iter_mut().filter(|column| column.role == Role::Level).for_each(|column| column.role = Role::Award);
    }
}

/// A name and the unit in brackets behind it: `营业收入(万元)`.
pub(super) fn split_unit(text: &str, (start, end): (usize, usize)) -> (Place, Option<Place>) {
    let cell = &text[start..end];
    let whole = ((start, end), None);
    let Some(at) = cell.rfind(['(', '（']).filter(|at| *at > 0 && cell.ends_with([')', '）'])) else { return whole };
    let name = (start, start + cell[..at].trim_end().len());
    let from = start + at + cell[at..].chars().next().map_or(1, char::len_utf8);
    let to = start + cell.trim_end_matches([')', '）', ' ']).len();
    if from >= to {
        return (name, None);
    }
    let said = ["计量单位:", "计量单位：", "单位:", "单位："].iter().find(|word| text[from..to].starts_with(**word));
    let from = from + said.map_or(0, |word| word.len());
    (name, Some((from, to)).filter(|(from, to)| is_unit(&text[*from..*to])))
}

/// 补助 where the header or the caption speaks of it, else 奖励.
fn noun(text: &str, cells: &[(usize, usize)], caption: &str) -> &'static str {
    const NOUNS: [&str; 4] = ["补助", "补贴", "资助", "奖励"];
    let said = |words: &str| NOUNS.into_iter().find(|noun| words.contains(noun));
    cells.iter().find_map(|(start, end)| said(&text[*start..*end])).or_else(|| said(caption)).unwrap_or("奖励")
}

/// `单位:万元` above a table.
fn unit_of(caption: &str) -> Option<&'static str> {
    let at = caption.find("单位")?;
    let rest: String = caption[at..].chars().take(8).collect();
    ["亿元", "万元", "元"].into_iter().find(|unit| rest.contains(unit))
}

/// A short word without digits: 万元, %, 人, 元/平方米.
fn is_unit(words: &str) -> bool {
    const UNITS: [&str; 22] = [
        "%",
        "元",
        "万元",
        "亿元",
        "人",
        "名",
        "项",
        "件",
        "个",
        "家",
        "户",
        "年",
        "次",
        "亩",
        "平方米",
        "万美元",
        "吨",
        "台",
        "天",
        "月",
        "个月",
        "倍",
    ];
    UNITS.contains(&words)
        || words.contains('/') && UNITS.iter().any(|unit| words.starts_with(unit)) && words.chars().count() <= 8
}
