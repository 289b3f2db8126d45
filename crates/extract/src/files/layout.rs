//! Glyphs at places become lines in reading order, and lines become paragraphs. For formats that know pages but no text: PDF, OFD.
//!
//! Chinese lines are joined without spaces. Page numbers go, and what stands at the head or foot of many pages is kept once.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::words;

/// Parts of a line farther apart than this many ems are cells.
const CELL_GAP: f32 = 2.0;
/// Share of a page's height at its head and at its foot where running titles and page numbers stand.
const MARGIN: f32 = 0.13;
/// Text of full width reaches at least this far across its page.
const LEAST_RIGHT: f32 = 0.72;

/// One shown character or ligature.
#[derive(Debug, Clone)]
pub(super) struct Glyph {
    pub(super) text: Box<str>,
    /// Left end of the baseline.
    pub(super) x: f32,
    /// Baseline. Layout wants it growing downwards.
    pub(super) y: f32,
    pub(super) width: f32,
    pub(super) size: f32,
    /// Direction of writing in degrees, counter-clockwise; 0 is to the right.
    pub(super) angle: f32,
    /// Its character may be noise.
    pub(super) is_doubtful: bool,
}

/// One line of a page.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    /// Its text; cells are separated by tabs.
    pub(super) text: String,
    pub(super) left: f32,
    pub(super) right: f32,
    pub(super) y: f32,
    pub(super) size: f32,
    /// Column of the page it stands in; 0 for lines of full width.
    column: u8,
}

/// One page.
#[derive(Debug, Clone, Default)]
pub(super) struct PageLines {
    pub(super) lines: Vec<Line>,
    pub(super) width: f32,
    pub(super) height: f32,
}

/// Lines of one page, from top to bottom, column after column. Glyphs must have `y` growing downwards.
pub(super) fn lines(glyphs: Vec<Glyph>) -> Vec<Line> {
    let mut turned: BTreeMap<i32, Vec<Glyph>> = BTreeMap::new();
    for glyph in glyphs {
        let sound = [glyph.x, glyph.y, glyph.width, glyph.angle].iter().all(|number| number.is_finite());
        if !sound || !(0.5..=3_000.0).contains(&glyph.size) || glyph.x.abs() > 1e6 || glyph.y.abs() > 1e6 {
            continue;
        }
        let quarter = (glyph.angle / 90.0).round();
        // Text across the page is a watermark or a stamp.
        if (glyph.angle - quarter * 90.0).abs() < 4.0 {
            turned.entry((quarter as i32).rem_euclid(4)).or_default().push(glyph);
        }
    }
    // The main direction first.
    let mut groups: Vec<(i32, Vec<Glyph>)> = turned.into_iter().collect();
    groups.sort_by_key(|(_, group)| std::cmp::Reverse(group.len()));
    groups.into_iter().flat_map(|(quarter, group)| straight(group, quarter)).collect()
}

/// Lines of glyphs that all run in one direction.
fn straight(mut glyphs: Vec<Glyph>, quarter: i32) -> Vec<Line> {
    for glyph in &mut glyphs {
        (glyph.x, glyph.y) = match quarter {
            1 => (-glyph.y, glyph.x),
            2 => (-glyph.x, -glyph.y),
            3 => (glyph.y, -glyph.x),
            _ => (glyph.x, glyph.y),
        };
    }
    let rows = rows(glyphs);
    let Some(middle) = gutter(&rows) else { return rows.iter().filter_map(|row| line(row, 0)).collect() };
    let mut lines = Vec::new();
    let mut right_column: Vec<Line> = Vec::new();
    for row in rows {
        let crossing = row.iter().any(|glyph| glyph.x < middle && glyph.x + glyph.width > middle + glyph.size * 0.3);
        if crossing {
            lines.append(&mut right_column);
            lines.extend(line(&row, 0));
        } else {
            let (left, right): (Vec<Glyph>, Vec<Glyph>) = row.into_iter().partition(|glyph| glyph.x < middle);
            lines.extend(line(&left, 1));
            right_column.extend(line(&right, 2));
        }
    }
    lines.append(&mut right_column);
    lines
}

/// Glyphs on one baseline, from left to right; rows from top to bottom.
fn rows(mut glyphs: Vec<Glyph>) -> Vec<Vec<Glyph>> {
    let center = |glyph: &Glyph| glyph.y - glyph.size * 0.35;
    glyphs.sort_by(|one, other| center(one).total_cmp(&center(other)));
    let mut rows: Vec<Vec<Glyph>> = Vec::new();
    let (mut mean, mut size, mut count) = (f32::NEG_INFINITY, 0.0_f32, 0.0_f32);
    for glyph in glyphs {
        let here = center(&glyph);
        match rows.last_mut() {
            Some(row) if here - mean <= 0.42 * size.max(glyph.size) => {
                // Blanks have no place to speak of.
                if !is_blank(&glyph) {
                    mean = (mean * count + here) / (count + 1.0);
                    count += 1.0;
                    size = size.max(glyph.size);
                }
                row.push(glyph);
            }
            _ => {
                (mean, size, count) = (here, glyph.size, 1.0);
                rows.push(vec![glyph]);
            }
        }
    }
    for row in &mut rows {
        row.sort_by(|one, other| one.x.total_cmp(&other.x));
        drop_doubles(row);
    }
    rows
}

fn is_blank(glyph: &Glyph) -> bool {
    glyph.text.trim().is_empty()
}

/// Bold letters are often made by showing each twice, a hair apart.
fn drop_doubles(row: &mut Vec<Glyph>) {
    let mut kept: Vec<Glyph> = Vec::with_capacity(row.len());
    for glyph in row.drain(..) {
        let is_double = kept
            .iter()
            .rev()
            .take(3)
            .any(|before| before.text == glyph.text && (glyph.x - before.x).abs() < 0.15 * glyph.size && !is_blank(&glyph));
        if !is_double {
            kept.push(glyph);
        }
    }
    *row = kept;
}

/// Where a page in two columns is parted: a place in the middle that most lines leave free, with real text on both sides.
fn gutter(rows: &[Vec<Glyph>]) -> Option<f32> {
    let filled: Vec<&Vec<Glyph>> = rows.iter().filter(|row| row.iter().filter(|glyph| !is_blank(glyph)).count() > 1).collect();
    let left = filled.iter().map(|row| row[0].x).min_by(f32::total_cmp)?;
    let right = filled.iter().filter_map(|row| row.last()).map(|last| last.x + last.width).max_by(f32::total_cmp)?;
    let within = left + (right - left) * 0.35..left + (right - left) * 0.65;
    let mut places = Vec::new();
    for row in &filled {
        let solid: Vec<&Glyph> = row.iter().filter(|glyph| !is_blank(glyph)).collect();
        for (at, pair) in solid.windows(2).enumerate() {
            let end = pair[0].x + pair[0].width;
            let place = f32::midpoint(end, pair[1].x);
            if pair[1].x - end > pair[1].size * 1.2 && within.contains(&place) && at >= 9 && solid.len() - at >= 10 {
                places.push(place);
            }
        }
    }
    if places.len() < 8 || places.len() * 5 < filled.len() * 3 {
        return None;
    }
    places.sort_by(f32::total_cmp);
    places.get(places.len() / 2).copied()
}

/// The text of a row: spaces only where a reader sees them.
fn line(row: &[Glyph], column: u8) -> Option<Line> {
    let solid: Vec<&Glyph> = row.iter().filter(|glyph| !is_blank(glyph)).collect();
    let (first, last) = (solid.first()?, solid.last()?);
    let mut text = String::with_capacity(row.len() * 3);
    let mut blanks = row.iter().filter(|glyph| is_blank(glyph)).peekable();
    let mut before: Option<&Glyph> = None;
    for glyph in &solid {
        let mut is_spaced = false;
        while blanks.next_if(|blank| blank.x <= glyph.x).is_some() {
            is_spaced = true;
        }
        if let Some(before) = before {
            let size = before.size.min(glyph.size);
            let gap = (glyph.x - before.x - before.width) / size;
            let is_latin = words_meet(before, glyph);
            if gap > CELL_GAP {
                text.push('\t');
            } else if (gap > 0.25 && is_article_number(&text))
                || (gap > 0.8 && !is_mark(before, glyph))
                || (is_latin && (gap > 0.22 || (is_spaced && gap > 0.1)))
            {
                text.push(' ');
            }
        }
        text.push_str(&glyph.text);
        before = Some(glyph);
    }
    let mut sizes: Vec<f32> = solid.iter().map(|glyph| glyph.size).collect();
    sizes.sort_by(f32::total_cmp);
    let size = sizes.get(sizes.len() / 2).copied().unwrap_or(first.size);
    let right = last.x + last.width;
    Some(Line { text: close_up(text), left: first.x, right, y: last.y, size, column })
}

/// Whether one of two glyphs is a Chinese punctuation mark, which brings its own space.
fn is_mark(before: &Glyph, after: &Glyph) -> bool {
    let is_mark = |character: Option<char>| {
        character.is_some_and(|character| {
            matches!(character, '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301b}')
                || "，：；！？（）“”‘’．％".contains(character)
        })
    };
    is_mark(before.text.chars().next_back()) || is_mark(after.text.chars().next())
}

/// `第十二条` at the head of a line, which little more than a hair parts from what follows.
fn is_article_number(text: &str) -> bool {
    let inner = text.strip_prefix('第').and_then(|rest| rest.strip_suffix(['条', '章', '节', '编']));
    inner.is_some_and(|inner| (1..=6).contains(&inner.chars().count()))
}

/// Whether a space between two glyphs parts words: not beside Chinese.
fn words_meet(before: &Glyph, after: &Glyph) -> bool {
    let is_latin = |character: Option<char>| character.is_some_and(|character| !words::is_wide(character));
    is_latin(before.text.chars().next_back()) && is_latin(after.text.chars().next())
}

/// Titles are spaced letter by letter (`通 知`): such a line is closed up.
fn close_up(text: String) -> String {
    let parts: Vec<&str> = text.split([' ', '\t']).collect();
    let is_letter = |part: &str| {
        let mut characters = part.chars();
        characters.next().is_some_and(words::is_wide) && characters.next().is_none()
    };
    let letters = parts.iter().filter(|part| is_letter(part)).count();
    if parts.len() > 1 && letters * 10 >= parts.len() * 8 { parts.concat() } else { text }
}

/// Paragraphs of a document, in order; cells of a row are separated by tabs.
pub(super) fn paragraphs(mut pages: Vec<PageLines>) -> Vec<String> {
    drop_running_lines(&mut pages);
    let margins = Margins::of(&pages);
    let mut paragraphs: Vec<String> = Vec::new();
    let mut before: Option<(usize, &Line)> = None;
    for (page, lines) in pages.iter().enumerate() {
        for line in &lines.lines {
            let joins = before.is_some_and(|(last_page, last)| margins.joins(last_page, last, page, line));
            match paragraphs.last_mut() {
                Some(paragraph) if joins => join(paragraph, &line.text),
                _ => paragraphs.push(line.text.clone()),
            }
            before = Some((page, line));
        }
    }
    paragraphs
}

fn join(paragraph: &mut String, line: &str) {
    let is_latin = |character: Option<char>| character.is_some_and(|character| character.is_ascii_alphanumeric());
    let ends_in_word = is_latin(paragraph.chars().next_back()) || paragraph.ends_with([',', ';', ':']);
    if ends_in_word && is_latin(line.chars().next()) {
        paragraph.push(' ');
    }
    paragraph.push_str(line);
}

/// Drops page numbers, and all but the first of lines that stand at the same place of many pages.
fn drop_running_lines(pages: &mut [PageLines]) {
    let most = pages.len();
    let mut seen: HashMap<(i32, String), usize> = HashMap::new();
    for page in pages.iter() {
        for place in page.lines.iter().filter_map(|line| margin_place(line, page.height)) {
            *seen.entry(place).or_default() += 1;
        }
    }
    let mut kept: HashSet<(i32, String)> = HashSet::new();
    for page in pages.iter_mut() {
        let height = page.height;
        page.lines.retain(|line| {
            let Some(place) = margin_place(line, height) else { return true };
            let times = seen.get(&place).copied().unwrap_or_default();
            let is_running = times >= 3 || (times == 2 && most == 2);
            !is_page_number(&line.text) && (!is_running || kept.insert(place))
        });
    }
}

/// Place and letters of a line at the head or foot of a page.
fn margin_place(line: &Line, height: f32) -> Option<(i32, String)> {
    let at = line.y / height.max(1.0);
    let is_outside = height > 0.0 && !(MARGIN..=1.0 - MARGIN).contains(&at);
    is_outside.then(|| ((at * 50.0).round() as i32, letters(&line.text)))
}

/// A line without what changes from page to page.
fn letters(text: &str) -> String {
    text.chars().filter(|character| !character.is_numeric() && !character.is_whitespace()).collect()
}

/// `- 3 -`, `—3—`, `3`, `第3页`, `第 3 页 共 9 页`, `3/9`.
fn is_page_number(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let rest = text.chars().all(|character| {
        character.is_ascii_digit() || character.is_whitespace() || "-—–－―‐−·•.．/／～~|第页共,，".contains(character)
    });
    rest && (1..=8).contains(&digits) && text.chars().count() <= 20
}

/// Left and right edge of the text and the usual line of a document, by column.
struct Margins {
    /// By page and column: `(left, right)`.
    edges: HashMap<(usize, u8), (f32, f32)>,
    size: f32,
    pitch: f32,
}

impl Margins {
    fn of(pages: &[PageLines]) -> Self {
        let all: Vec<&Line> = pages.iter().flat_map(|page| &page.lines).collect();
        let size = weighted_median(all.iter().map(|line| (line.size, line.text.chars().count())));
        let mut pitches: Vec<f32> = pages
            .iter()
            .flat_map(|page| page.lines.windows(2).map(|pair| pair[1].y - pair[0].y))
            .filter(|pitch| *pitch > size * 0.5 && *pitch < size * 4.0)
            .collect();
        pitches.sort_by(f32::total_cmp);
        let pitch = pitches.get(pitches.len() / 2).copied().unwrap_or(size * 1.8);
        let mut edges = HashMap::new();
        for column in 0..3 {
            let whole: Vec<&Line> = all.iter().copied().filter(|line| line.column == column).collect();
            let Some(usual) = edges_of(&whole, size) else { continue };
            for (at, page) in pages.iter().enumerate() {
                let own: Vec<&Line> = page.lines.iter().filter(|line| line.column == column).collect();
                // Left and right pages may stand apart; a page with few lines says little.
                let mut found = if own.len() >= 8 { edges_of(&own, size).unwrap_or(usual) } else { usual };
                if column == 0 {
                    // Where all lines are short, none of them is full.
                    found.1 = found.1.max(page.width * LEAST_RIGHT);
                }
                edges.insert((at, column), found);
            }
        }
        Self { edges, size, pitch }
    }

    /// Whether a line goes on with the paragraph of the line before it.
    fn joins(&self, last_page: usize, last: &Line, page: usize, line: &Line) -> bool {
        let size = line.size;
        let (Some((last_left, last_right)), Some((left, right))) =
            (self.edges.get(&(last_page, last.column)), self.edges.get(&(page, line.column)))
        else {
            return false;
        };
        let alike = (last.size - size).abs() <= 0.12 * size;
        let is_row = |line: &Line| line.text.matches('\t').count() > 1;
        if !alike || is_row(last) || is_row(line) {
            return false;
        }
        let flows = page == last_page && last.column == line.column;
        let distance = line.y - last.y;
        let tight =
            !flows || (distance > 0.0 && distance < (self.pitch * 1.45).max(size * 1.7).min(size * 2.6).max(self.pitch * 1.1));
        if !tight {
            return false;
        }
        let (indent, slack) = (line.left - left, right - line.right);
        let (last_indent, last_slack) = (last.left - last_left, last_right - last.right);
        let is_centered = |indent: f32, slack: f32| indent > size && slack > size && (indent - slack).abs() < 2.0 * size;
        // A title in several lines.
        if flows && size > self.size * 1.15 && is_centered(last_indent, last_slack) && is_centered(indent, slack) {
            return (last.size - size).abs() <= 0.05 * size;
        }
        let title_goes_on = flows && size > self.size * 1.15 && last_slack < 2.0 * size && is_centered(indent, slack);
        title_goes_on || (last_slack < 2.2 * size && indent < 1.2 * size && slack > -2.0 * size)
    }
}

/// Where most lines begin, and where long ones end.
fn edges_of(lines: &[&Line], size: f32) -> Option<(f32, f32)> {
    let mut starts: BTreeMap<i32, usize> = BTreeMap::new();
    let step = (size * 0.25).max(0.5);
    for line in lines {
        *starts.entry((line.left / step).round() as i32).or_default() += 1;
    }
    let needed = (lines.len() / 10).max(2).min(lines.len());
    // A start that falls between two steps counts for both.
    let left = starts
        .iter()
        .find(|(step, count)| **count + starts.get(&(*step + 1)).copied().unwrap_or_default() >= needed)
        .map(|(start, _)| *start as f32 * step)?;
    let mut ends: Vec<f32> = lines.iter().map(|line| line.right).collect();
    ends.sort_by(f32::total_cmp);
    let right = ends.get((ends.len() * 9 / 10).min(ends.len() - 1)).copied()?;
    Some((left, right))
}

fn weighted_median(values: impl Iterator<Item = (f32, usize)>) -> f32 {
    let mut values: Vec<(f32, usize)> = values.collect();
    values.sort_by(|one, other| one.0.total_cmp(&other.0));
    let half = values.iter().map(|(_, weight)| weight).sum::<usize>() / 2;
    let mut sum = 0;
    for (value, weight) in &values {
        sum += weight;
        if sum >= half {
            return *value;
        }
    }
    10.0
}
