//! One row written out: its cells brought under their columns, then said as a sentence of the table's kind.

use crate::markers::marker;
use crate::tables::compose::{Composed, Table};
use crate::tables::header::{Column, Headers, Role, split_unit};
use crate::tables::{Kind, Row};

/// A cell under its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) column: usize,
    pub(super) place: (usize, usize),
    /// It stands in this row, not in one above that reaches down.
    pub(super) own: bool,
}

/// The longest label before a value, in characters.
const MOST_LABEL: usize = 14;
/// The longest name of a case, in characters.
const MOST_CASE: usize = 40;
/// Boxes of a form.
const BOXES: [char; 6] = ['□', '☐', '☑', '■', '◻', '▢'];
/// A cell this long says something, in characters.
const SHORTEST_SENTENCE: usize = 24;
/// Cells that say nothing.
const EMPTY: [&str; 7] = ["", "/", "-", "--", "无", "\\", "〃"];
/// What a value starts with that goes on with its label.
const VALUE_STARTS: [&str; 26] = [
    "≥",
    ">",
    "≤",
    "<",
    "=",
    "不低于",
    "不少于",
    "不超过",
    "不高于",
    "不小于",
    "不大于",
    "大于",
    "小于",
    "高于",
    "低于",
    "达到",
    "达",
    "超过",
    "须",
    "应",
    "需",
    "最低",
    "至少",
    "在",
    "为",
    "不足",
];

/// Whether a value goes on with the words before it: `≥1000万元`, `50人以上`.
fn is_value(words: &str) -> bool {
    words.starts_with(|first: char| first.is_ascii_digit()) && marker(words).is_none()
        || VALUE_STARTS.iter().any(|start| words.starts_with(start)) && words.bytes().any(|byte| byte.is_ascii_digit())
}

fn has_digit(words: &str) -> bool {
    words.bytes().any(|byte| byte.is_ascii_digit())
}

/// A row without header: a label and what it says, or cells apart.
pub(super) fn plain(out: &mut Composed, source: &str, cells: &[(usize, usize)]) {
    let start = out.text.len();
    let filled: Vec<(usize, usize)> = cells.iter().copied().filter(|(start, end)| start < end).collect();
    for (index, cell) in filled.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| &source[filled[before].0..filled[before].1]);
        if let Some(before) = before {
            let words = &source[cell.0..cell.1];
            let label = filled.len() == 2 && before.chars().nth(MOST_LABEL).is_none() && !has_digit(before);
            let joint = if !label {
                ";"
            } else if is_value(words) || before.ends_with(':') {
                ""
            } else {
                ":"
            };
            out.add(joint);
        }
        out.own(source, *cell);
    }
    let end = out.text.len();
    if end > start && is_form(source, &filled) {
        out.rows.push(Row { start, end, kind: Kind::Barren, case: None });
    }
}

/// Boxes to tick, or short cells of data: nothing is asked there.
fn is_form(source: &str, cells: &[(usize, usize)]) -> bool {
    let mut words = cells.iter().map(|(start, end)| &source[*start..*end]);
    let sentence = |words: &str| words.ends_with(['。', ';']) || words.chars().nth(SHORTEST_SENTENCE).is_some();
    words.clone().any(|words| words.contains(BOXES)) || cells.len() > 2 && !words.any(sentence)
}

/// Brings the cells of a row under their columns: cells merged with those above or left empty are missing in the text.
pub(super) fn align(table: &mut Table, source: &str, mut cells: Vec<(usize, usize)>) -> Vec<Cell> {
    let columns = &table.header.columns;
    let count = columns.len();
    // More cells than columns: the first name of the header stands above several.
    if cells.len() > count {
        let surplus = cells.len() - count;
        let merged = (cells[0].0, cells[surplus].1);
        cells.splice(..=surplus, [merged]);
    }
    let missing = count - cells.len();
    let numbered = missing > 0
        && columns[0].role == Role::Serial
        && cells.first().is_some_and(|(start, end)| source[*start..*end].bytes().all(|byte| byte.is_ascii_digit()));
    let fits = |shift: usize| -> i32 {
        let placed = cells.iter().enumerate().skip(usize::from(numbered));
        placed.map(|(index, (start, end))| fit(columns[index + shift].role, &source[*start..*end])).sum()
    };
    let best = (0..=missing).rev().max_by_key(|shift| (fits(*shift), i32::from(*shift == missing))).unwrap_or(0);
    let mut aligned: Vec<Cell> = Vec::with_capacity(count);
    for (column, (named, last)) in columns.iter().zip(&mut table.last).enumerate() {
        let index =
            if numbered && column == 0 { Some(0) } else { column.checked_sub(best).filter(|index| !numbered || *index > 0) };
        let own = index.and_then(|index| cells.get(index)).copied().filter(|(start, end)| start < end);
        let carried = matches!(named.role, Role::Case | Role::Batch | Role::Indicator | Role::Office | Role::Unknown);
        if own.is_some() {
            *last = own;
        }
        let place = own.or_else(|| last.filter(|_| carried));
        aligned.extend(place.map(|place| Cell { column, place, own: own.is_some() }));
    }
    aligned
}

/// How well a cell fits its column.
fn fit(role: Role, words: &str) -> i32 {
    let says_number = has_digit(words);
    match role {
        Role::Award | Role::Amount | Role::Phone | Role::Time | Role::Deadline | Role::AuthorityTime | Role::Measure => {
            if says_number {
                2
            } else {
                -1
            }
        }
        Role::Condition => i32::from(is_value(words)),
        Role::Copies => {
            if says_number && words.len() < 12 {
                2
            } else {
                -2
            }
        }
        Role::Case | Role::Office | Role::Person | Role::Material | Role::Indicator => {
            if is_value(words) {
                -1
            } else {
                1
            }
        }
        _ => 0,
    }
}

/// Writes a row as its table reads.
pub(super) fn write(out: &mut Composed, headers: &Headers, table: &Table, source: &str, cells: &[Cell]) {
    let before = out.text.len();
    let mut row = RowWriter { out, headers, table, source, cells, start: before };
    match table.header.kind {
        Kind::Conditions { .. } => row.conditions(),
        Kind::Awards => row.awards(),
        Kind::Materials => row.materials(),
        Kind::Windows => row.windows(),
        Kind::Contacts => row.contacts(),
        Kind::Barren => row.barren(),
    }
    // Nothing the table is about: the cells stay what they are.
    if out.text.len() == before {
        let own: Vec<(usize, usize)> = cells.iter().filter(|cell| cell.own).map(|cell| cell.place).collect();
        plain(out, source, &own);
    }
}

struct RowWriter<'r> {
    out: &'r mut Composed,
    headers: &'r Headers,
    table: &'r Table,
    source: &'r str,
    cells: &'r [Cell],
    start: usize,
}

impl<'r> RowWriter<'r> {
    fn words(&self, cell: &Cell) -> &'r str {
        &self.source[cell.place.0..cell.place.1]
    }

    fn column(&self, cell: &Cell) -> Column {
        self.table.header.columns[cell.column]
    }

    fn of(&self, role: Role) -> impl Iterator<Item = Cell> + '_ {
        self.cells.iter().copied().filter(move |cell| self.column(cell).role == role && !EMPTY.contains(&self.words(cell)))
    }

    /// Writes a cell, where it stands in the row itself as its own.
    fn put(&mut self, cell: &Cell) {
        if cell.own { self.out.own(self.source, cell.place) } else { self.out.repeat(self.source, cell.place) }
    }

    /// Notes what was written as a row.
    fn close(&mut self, case: Option<(usize, usize)>) {
        let (start, end) = (self.start, self.out.text.len());
        if end > start {
            self.out.rows.push(Row { start, end, kind: self.table.header.kind, case: case.filter(|(from, to)| from < to) });
        }
        self.start = end;
    }

    fn barren(&mut self) {
        for (index, cell) in self.cells.iter().filter(|cell| cell.own).enumerate() {
            self.out.add(if index > 0 { ";" } else { "" });
            self.put(cell);
        }
        self.close(None);
    }

    /// Whether a cell names a level, a class or a kind of applicant, and not what the requirement is about.
    fn is_case(&self, cell: &Cell) -> bool {
        let words = self.words(cell).trim_end_matches([')', '）']);
        self.headers.level.at_end(words).is_some()
            && self.headers.aspect.at_end(words).is_none()
            && words.chars().nth(MOST_CASE).is_none()
    }

    fn conditions(&mut self) {
        let labels: Vec<Cell> = self
            .of(Role::Case)
            .chain(self.of(Role::Batch))
            .chain(self.of(Role::Office))
            .filter(|cell| self.is_case(cell))
            .collect();
        let aspects: Vec<Cell> = self.of(Role::Case).filter(|cell| !self.is_case(cell)).chain(self.of(Role::Indicator)).collect();
        let values: Vec<Cell> = self.of(Role::Condition).collect();
        let measures: Vec<Cell> = self.of(Role::Measure).collect();
        if values.is_empty() && measures.is_empty() {
            return self.levels(&aspects);
        }
        let case = self.label(&labels);
        let mut unit = None;
        if let Some(aspect) = aspects.last().filter(|_| !values.is_empty()) {
            let joined = values.first().is_some_and(|value| is_value(self.words(value)));
            unit = self.aspect(aspect, joined);
        }
        for (index, value) in values.iter().enumerate() {
            self.out.add(if index > 0 { ";" } else { "" });
            self.requirement(value, &labels, unit.as_deref());
        }
        for (index, measure) in measures.iter().enumerate() {
            self.out.add(if index > 0 || !values.is_empty() { "," } else { "" });
            self.out.repeat(self.source, self.column(measure).name);
            self.number(measure, None);
        }
        self.others();
        self.close(case);
    }

    /// Writes what a requirement is about, without the unit in brackets where a number follows; the unit.
    fn aspect(&mut self, aspect: &Cell, joined: bool) -> Option<String> {
        let (name, unit) = split_unit(self.source, aspect.place);
        let named = unit.filter(|_| joined);
        let place = if named.is_some() { name } else { aspect.place };
        self.put(&Cell { place, ..*aspect });
        self.out.add(if joined { "" } else { ":" });
        named.map(|(from, to)| self.source[from..to].to_owned())
    }

    /// `指标⇥国家级⇥省级`: each further column is a level.
    fn levels(&mut self, aspects: &[Cell]) {
        let Some(aspect) = aspects.last().copied() else { return };
        let values: Vec<Cell> = self.of(Role::Level).filter(|cell| cell.own && is_value(self.words(cell))).collect();
        for (index, value) in values.iter().enumerate() {
            self.out.add(if index > 0 { ";" } else { "" });
            self.start = self.out.text.len();
            self.out.repeat(self.source, self.column(value).name);
            let case = (self.start, self.out.text.len());
            self.out.add(":");
            let own = aspect.own && index == 0;
            let unit = self.aspect(&Cell { own, ..aspect }, true);
            self.number(value, unit.as_deref());
            self.close(Some(case));
        }
    }

    /// Writes the names of the case and a colon; where the names stand.
    fn label(&mut self, labels: &[Cell]) -> Option<(usize, usize)> {
        let start = self.out.text.len();
        labels.iter().for_each(|label| self.put(label));
        let case = (start, self.out.text.len());
        self.out.add(if labels.is_empty() { "" } else { ":" });
        (!labels.is_empty()).then_some(case)
    }

    /// A cell of requirements; the case is repeated before each of its sentences.
    fn requirement(&mut self, cell: &Cell, labels: &[Cell], unit: Option<&str>) {
        let words = self.words(cell);
        if !cell.own || labels.is_empty() || !words.contains(['。', ';']) {
            return self.number(cell, unit);
        }
        let mut from = cell.place.0;
        let pieces: Vec<&str> = words.split_inclusive(['。', ';']).collect();
        for (index, piece) in pieces.iter().map(|piece| piece.len()).enumerate() {
            let number = marker(&self.source[from..from + piece]).map_or(0, |mark| mark.length);
            if index > 0 && number < piece {
                self.label(labels);
            }
            self.out.own(self.source, (from + number, from + piece));
            from += piece;
        }
    }

    /// A cell, with the unit its header gives where it has none.
    fn number(&mut self, cell: &Cell, general: Option<&str>) {
        self.put(cell);
        let words = self.words(cell);
        let bare = words.ends_with(|last: char| last.is_ascii_digit()) && has_digit(words);
        if !bare {
            return;
        }
        match self.column(cell).unit {
            Some(unit) => self.out.repeat(self.source, unit),
            None => self.out.add(general.unwrap_or_default()),
        }
    }

    fn awards(&mut self) {
        let given: Vec<Cell> = self.of(Role::Award).filter(|cell| has_digit(self.words(cell))).collect();
        if given.is_empty() {
            return;
        }
        let is_label = |role: Role| {
            matches!(role, Role::Case | Role::Batch | Role::Office | Role::Unknown | Role::Measure | Role::Indicator)
        };
        let labels: Vec<Cell> = self
            .cells
            .iter()
            .copied()
            .filter(|cell| is_label(self.column(cell).role) && !self.is_authority(cell) && !EMPTY.contains(&self.words(cell)))
            .collect();
        let start = self.out.text.len();
        let for_them =
            labels.last().is_some_and(|cell| has_digit(self.words(cell)) || self.words(cell).chars().nth(12).is_some());
        self.out.add(if for_them { "对" } else { "" });
        let opened = self.out.text.len();
        for label in &labels {
            if self.column(label).role == Role::Measure {
                self.out.repeat(self.source, self.column(label).name);
            }
            self.put(label);
        }
        let case = (opened.max(start), self.out.text.len());
        let closed = labels.last().is_some_and(|cell| self.words(cell).ends_with('的'));
        self.out.add(if for_them && !closed { "的" } else { "" });
        for value in self.of(Role::Condition).collect::<Vec<_>>() {
            self.out.add(",");
            self.put(&value);
        }
        for (index, cell) in given.iter().enumerate() {
            self.out.add(if index > 0 { ";" } else { "," });
            if given.len() > 1 {
                self.tier(cell);
            }
            self.award(cell);
        }
        self.others();
        self.close(Some(case));
    }

    /// Whether a column says who is in charge, rather than which place the row is about.
    fn is_authority(&self, cell: &Cell) -> bool {
        let name = self.column(cell).name;
        let words = &self.source[name.0..name.1];
        self.column(cell).role == Role::Office && ["部门", "单位", "机构", "科室", "处室"].iter().any(|word| words.contains(word))
    }

    /// When and where to apply, behind what a row says first.
    fn others(&mut self) {
        let cells = self.cells;
        for cell in cells.iter().filter(|cell| cell.own) {
            let role = self.column(cell).role;
            let timed = matches!(role, Role::Time | Role::Deadline | Role::AuthorityTime) && has_digit(self.words(cell));
            let said = matches!(role, Role::Phone | Role::Address) || self.is_authority(cell);
            if timed || said {
                self.out.add(";");
                if timed { self.time(cell) } else { self.named(cell) }
            }
        }
    }

    fn named(&mut self, cell: &Cell) {
        self.out.repeat(self.source, self.column(cell).name);
        self.out.add(":");
        self.put(cell);
    }

    /// A time with what it is for.
    fn time(&mut self, cell: &Cell) {
        let column = self.column(cell);
        let name = &self.source[column.name.0..column.name.1];
        let applies = ["申报", "申请", "受理", "报名", "征集", "填报", "提交"].iter().any(|word| name.contains(word));
        if applies || column.role == Role::AuthorityTime {
            return self.named(cell);
        }
        self.out.add(if column.role == Role::Deadline { "申报截止时间:" } else { "申报时间:" });
        self.put(cell);
    }

    /// The name of one of several columns of awards, without the word for what is given.
    fn tier(&mut self, cell: &Cell) {
        let name = self.column(cell).name;
        let words = &self.source[name.0..name.1];
        let end = ["奖励", "补助", "补贴", "资助", "支持", "扶持", "奖补"].iter().filter_map(|word| words.find(word)).min();
        self.out.repeat(self.source, (name.0, name.0 + end.unwrap_or(words.len())));
    }

    /// `50`, `最高50万元`, `投资额的10%,最高100万元`, or a sentence of its own.
    fn award(&mut self, cell: &Cell) {
        const SAYS: [&str; 9] = ["奖励", "补助", "补贴", "资助", "给予", "奖补", "支持", "扶持", "贴息"];
        let words = self.words(cell);
        let says = SAYS.iter().any(|word| words.contains(word));
        let rate = words.contains('%') || self.column(cell).unit.is_some_and(|(from, to)| &self.source[from..to] == "%");
        let noun = self.table.header.noun;
        let unit = self.table.header.unit;
        if says {
            return self.number(cell, unit);
        }
        self.out.add(if rate { "按" } else { "给予" });
        self.number(cell, unit);
        self.out.add(if rate { "给予" } else { "" });
        self.out.add(noun);
    }

    fn materials(&mut self) {
        let Some(material) = self.of(Role::Material).last().filter(|cell| cell.own) else { return };
        self.put(&material);
        let notes: Vec<Cell> = self.of(Role::Form).chain(self.of(Role::Copies)).filter(|cell| cell.own).collect();
        for (index, note) in notes.iter().enumerate() {
            self.out.add(if index == 0 { "(" } else { "" });
            self.put(note);
            let counted = self.column(note).role == Role::Copies && self.words(note).bytes().all(|byte| byte.is_ascii_digit());
            self.out.add(if counted { "份" } else { "" });
            self.out.add(if index + 1 == notes.len() { ")" } else { " " });
        }
        self.close(None);
    }

    fn windows(&mut self) {
        let is_time = |role: Role| matches!(role, Role::Time | Role::Deadline | Role::AuthorityTime);
        let times: Vec<Cell> =
            self.cells.iter().copied().filter(|cell| is_time(self.column(cell).role) && has_digit(self.words(cell))).collect();
        let labels: Vec<Cell> = self.of(Role::Batch).chain(self.of(Role::Case)).filter(|cell| cell.own).collect();
        for (index, time) in times.iter().enumerate() {
            self.out.add(if index > 0 { ";" } else { "" });
            if index == 0 {
                labels.iter().for_each(|label| self.put(label));
            }
            self.time(time);
        }
        self.close(None);
    }

    fn contacts(&mut self) {
        for (index, cell) in self.cells.iter().enumerate() {
            let announced = match self.column(cell).role {
                Role::Serial | Role::Remark => continue,
                Role::Phone => ",联系电话:",
                Role::Person => ",联系人:",
                Role::Address | Role::Time => ",",
                _ => "",
            };
            self.out.add(if index == 0 { announced.trim_start_matches(',') } else { announced });
            self.put(cell);
        }
        self.close(None);
    }
}
