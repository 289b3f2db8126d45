//! OFD, the national fixed-layout format (GB/T 33190-2016): `OFD.xml` leads to documents, a document to pages and to the templates that
//! they stand on. Without templates a form loses all its labels.

use std::collections::HashMap;

use model::{FileState, FileText};
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::failed;
use super::layout::Glyph;
use super::packed::{Budget, Packed, Refused};
use super::pages::{Page, Pages};
use super::writer::Writer;

/// Documents in one file.
const MOST_DOCUMENTS: usize = 50;
/// Glyphs kept of one page, templates included.
const MOST_GLYPHS: usize = 200_000;
/// A4, in millimetres, where a document does not say.
const USUAL_PAGE: [f32; 4] = [0.0, 0.0, 210.0, 297.0];

/// The members of an OFD file by path.
struct Container<'b> {
    packed: Packed<'b>,
    members: HashMap<String, usize>,
}

impl Container<'_> {
    /// The text of a part.
    fn part(&mut self, path: &str, budget: &mut Budget<'_>) -> Result<String, Refused> {
        let missing = || Refused::Damaged(format!("{path} is missing"));
        let index = *self.members.get(&path.to_lowercase()).ok_or_else(missing)?;
        self.packed.unpack(index, budget).map(|bytes| super::packed::decode(&bytes))
    }
}

/// What `Document.xml` says.
#[derive(Default)]
struct Document {
    page_box: Option<[f32; 4]>,
    pages: Vec<String>,
    /// Paths of templates by their id.
    templates: HashMap<String, String>,
}

/// What one content part shows.
#[derive(Default)]
struct Content {
    page_box: Option<[f32; 4]>,
    /// Templates it stands on, and whether above the page's own content.
    templates: Vec<(String, bool)>,
    glyphs: Vec<Glyph>,
    picture: f32,
    paths: usize,
}

pub(super) fn read(bytes: &[u8], budget: &mut Budget<'_>) -> FileText {
    let documents = match open(bytes, budget) {
        Ok(found) => found,
        Err(Refused::Limit(why)) => return failed(FileState::Limited, "bundle_limit", why),
        Err(Refused::Encrypted) => return failed(FileState::Encrypted, "encrypted", "OFD with a password"),
        Err(Refused::Damaged(why)) => return failed(FileState::Damaged, "damaged", format!("not readable as OFD: {why}")),
    };
    let (mut container, roots) = documents;
    let mut pages = Pages::new(budget);
    let mut problems = Vec::new();
    let mut count = 0;
    for root in roots.iter().take(MOST_DOCUMENTS) {
        match container.part(root, budget) {
            Ok(xml) => {
                let document = document(&xml, root);
                count += document.pages.len();
                read_pages(&document, &mut container, budget, &mut pages, &mut problems);
            }
            Err(refused) => problems.push(refused),
        }
    }
    let is_limited = problems.iter().any(|problem| matches!(problem, Refused::Limit(_)));
    let mut writer = Writer::new(budget);
    for problem in problems.iter().take(10) {
        writer.issue(if is_limited { "bundle_limit" } else { "damaged_part" }, problem.to_string());
    }
    let mut text = pages.write(count, writer);
    if is_limited {
        text.state = FileState::Limited;
    } else if text.state == FileState::Empty && !problems.is_empty() {
        text.state = FileState::Damaged;
    }
    text
}

/// Opens the file and finds the roots of its documents.
fn open<'b>(bytes: &'b [u8], budget: &mut Budget<'_>) -> Result<(Container<'b>, Vec<String>), Refused> {
    let mut packed = Packed::open(bytes, budget)?;
    let members = packed.members().into_iter().map(|member| (member.name.to_lowercase(), member.index)).collect();
    let mut container = Container { packed, members };
    let mut roots: Vec<String> = Vec::new();
    let mut within = false;
    walk(&container.part("OFD.xml", budget)?, |step| match step {
        Step::Open("DocRoot", _) => within = true,
        Step::Close("DocRoot") => within = false,
        Step::Text(text) if within => roots.push(resolve("OFD.xml", text)),
        _ => {}
    });
    if roots.is_empty() {
        return Err(Refused::Damaged("OFD.xml names no document".to_owned()));
    }
    Ok((container, roots))
}

fn document(xml: &str, root: &str) -> Document {
    let mut found = Document::default();
    let mut in_box = false;
    walk(xml, |step| match step {
        Step::Open("PhysicalBox", _) => in_box = true,
        Step::Close("PhysicalBox") => in_box = false,
        Step::Text(text) if in_box => found.page_box = found.page_box.or_else(|| numbers(text).try_into().ok()),
        Step::Open("Page", element) => found.pages.extend(attribute(element, "BaseLoc").map(|path| resolve(root, &path))),
        Step::Open("TemplatePage", element) => {
            if let (Some(id), Some(path)) = (attribute(element, "ID"), attribute(element, "BaseLoc")) {
                found.templates.insert(id, resolve(root, &path));
            }
        }
        _ => {}
    });
    found
}

fn read_pages(
    document: &Document,
    container: &mut Container<'_>,
    budget: &mut Budget<'_>,
    pages: &mut Pages,
    problems: &mut Vec<Refused>,
) {
    // A template is read once, whatever the number of pages on it.
    let mut templates: HashMap<&str, Content> = HashMap::new();
    for path in &document.pages {
        if pages.is_full(budget) {
            return;
        }
        let mut shown = match container.part(path, budget) {
            Ok(xml) => content(&xml),
            Err(refused) => {
                problems.push(refused);
                pages.add(Page::default());
                continue;
            }
        };
        for (id, is_above) in std::mem::take(&mut shown.templates) {
            let Some(path) = document.templates.get(&id) else { continue };
            if !templates.contains_key(path.as_str()) {
                let read = container.part(path, budget).map(|xml| content(&xml));
                let read = read.unwrap_or_else(|refused| {
                    problems.push(refused);
                    Content::default()
                });
                templates.insert(path, read);
            }
            if let Some(template) = templates.get(path.as_str()) {
                shown.stand_on(template, is_above);
            }
        }
        let page_box = shown.page_box.or(document.page_box).unwrap_or(USUAL_PAGE);
        let area = (page_box[2] * page_box[3]).abs().max(1.0);
        pages.add(Page {
            glyphs: shown.glyphs,
            width: page_box[2],
            height: page_box[3],
            picture: shown.picture / area,
            paths: shown.paths,
        });
    }
}

impl Content {
    fn stand_on(&mut self, template: &Self, is_above: bool) {
        let room = MOST_GLYPHS.saturating_sub(self.glyphs.len());
        let others = template.glyphs.iter().take(room).cloned();
        if is_above {
            self.glyphs.extend(others);
        } else {
            self.glyphs = others.chain(self.glyphs.drain(..)).collect();
        }
        self.picture = self.picture.max(template.picture);
        self.paths += template.paths;
    }
}

/// A text object while it is read.
#[derive(Clone, Default)]
struct TextObject {
    left: f32,
    top: f32,
    map: [f32; 6],
    size: f32,
    scale: f32,
    /// Turns of single characters and of the line, in degrees clockwise.
    turn: f32,
}

/// Where the characters of one `TextCode` stand.
#[derive(Default)]
struct Steps {
    x: f32,
    y: f32,
    across: Vec<f32>,
    down: Vec<f32>,
}

/// Reads one content part: a page or a template.
fn content(xml: &str) -> Content {
    let mut found = Content::default();
    let mut object: Option<TextObject> = None;
    let mut steps: Option<Steps> = None;
    let mut in_box = false;
    let mut hidden = 0_usize;
    walk(xml, |step| match step {
        // What is hidden hides all within it.
        Step::Open(_, element) if hidden > 0 || attribute(element, "Visible").is_some_and(|value| value == "false") => {
            hidden += 1
        }
        Step::Close(_) if hidden > 0 => hidden -= 1,
        _ if hidden > 0 => {}
        Step::Open("PhysicalBox", _) => in_box = true,
        Step::Close("PhysicalBox") => in_box = false,
        Step::Open("Template", element) => {
            let is_above = attribute(element, "ZOrder").is_some_and(|order| order == "Foreground");
            found.templates.extend(attribute(element, "TemplateID").map(|id| (id, is_above)));
        }
        Step::Open("TextObject", element) => object = Some(text_object(element)),
        Step::Close("TextObject") => object = None,
        Step::Open("TextCode", element) => steps = Some(steps_of(element, steps.as_ref())),
        Step::Close("TextCode") => {}
        Step::Open("ImageObject", element) => {
            let area = boundary(element).map_or(0.0, |place| (place[2] * place[3]).abs());
            found.picture = found.picture.max(area);
        }
        Step::Open("PathObject", _) => found.paths += 1,
        Step::Text(text) if in_box => found.page_box = numbers(text).try_into().ok(),
        Step::Text(text) => {
            if let (Some(object), Some(steps)) = (&object, &mut steps) {
                show(text, object, steps, &mut found.glyphs);
            }
        }
        _ => {}
    });
    found
}

fn text_object(element: &BytesStart<'_>) -> TextObject {
    let number = |name: &str, usual: f32| attribute(element, name).and_then(|value| value.trim().parse().ok()).unwrap_or(usual);
    let [left, top, ..] = boundary(element).unwrap_or_default();
    let map =
        attribute(element, "CTM").and_then(|value| numbers(&value).try_into().ok()).unwrap_or([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
    TextObject {
        left,
        top,
        map,
        size: number("Size", 3.5),
        scale: number("HScale", 1.0),
        turn: number("ReadDirection", 0.0) + number("CharDirection", 0.0),
    }
}

fn boundary(element: &BytesStart<'_>) -> Option<[f32; 4]> {
    attribute(element, "Boundary").and_then(|value| numbers(&value).try_into().ok())
}

/// A `TextCode` without a place goes on from the one before it.
fn steps_of(element: &BytesStart<'_>, before: Option<&Steps>) -> Steps {
    let number = |name: &str| attribute(element, name).and_then(|value| value.trim().parse::<f32>().ok());
    let (last_x, last_y) = before.map_or((0.0, 0.0), |steps| (steps.x, steps.y));
    Steps {
        x: number("X").unwrap_or(last_x),
        y: number("Y").unwrap_or(last_y),
        across: attribute(element, "DeltaX").map(|value| deltas(&value)).unwrap_or_default(),
        down: attribute(element, "DeltaY").map(|value| deltas(&value)).unwrap_or_default(),
    }
}

/// Places the characters of a text code.
fn show(text: &str, object: &TextObject, steps: &mut Steps, glyphs: &mut Vec<Glyph>) {
    let map = &object.map;
    let across_scale = map[0].hypot(map[1]);
    let angle = -map[1].atan2(map[0]).to_degrees() - object.turn;
    let mut across = std::mem::take(&mut steps.across).into_iter();
    let mut down = std::mem::take(&mut steps.down).into_iter();
    for character in text.chars() {
        if glyphs.len() >= MOST_GLYPHS {
            return;
        }
        if matches!(character, '\n' | '\r') {
            continue;
        }
        let em = if character.is_ascii() { 0.5 } else { 1.0 } * object.size * object.scale;
        glyphs.push(Glyph {
            text: character.to_string().into(),
            x: object.left + map[0] * steps.x + map[2] * steps.y + map[4],
            y: object.top + map[1] * steps.x + map[3] * steps.y + map[5],
            width: em * across_scale,
            size: object.size * map[2].hypot(map[3]),
            angle,
            is_doubtful: false,
        });
        let (right, below) = (across.next(), down.next());
        // Without steps to the right the next one stands beside, unless it stands below.
        steps.x += right.unwrap_or(if below.is_some() { 0.0 } else { em });
        steps.y += below.unwrap_or(0.0);
    }
}

/// Numbers between blanks.
fn numbers(text: &str) -> Vec<f32> {
    text.split_whitespace().take(64).map_while(|part| part.parse().ok()).collect()
}

/// Steps, with `g 3 2.5` for three times 2.5.
fn deltas(text: &str) -> Vec<f32> {
    const MOST: usize = 20_000;
    let mut steps = Vec::new();
    let mut parts = text.split_whitespace();
    while let Some(part) = parts.next() {
        if steps.len() >= MOST {
            break;
        }
        if part == "g" {
            let times = parts.next().and_then(|times| times.parse::<usize>().ok()).unwrap_or(0);
            let Some(step) = parts.next().and_then(|step| step.parse::<f32>().ok()) else { break };
            steps.extend(std::iter::repeat_n(step, times.min(MOST)));
        } else if let Ok(step) = part.parse() {
            steps.push(step);
        }
    }
    steps
}

/// A path named in one part, as a member of the file: from the root, or from the folder of the naming part.
fn resolve(from: &str, path: &str) -> String {
    let path = path.trim().replace('\\', "/");
    let mut parts: Vec<&str> = match path.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => from.rsplit_once('/').map_or_else(Vec::new, |(folder, _)| folder.split('/').collect()),
    };
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// What a reader of XML meets.
enum Step<'s> {
    /// An element begins; by its name without prefix.
    Open(&'s str, &'s BytesStart<'s>),
    Close(&'s str),
    Text(&'s str),
}

/// Reads XML as far as it goes; a part cut off in the middle gives what stands before.
fn walk(xml: &str, mut take: impl FnMut(Step<'_>)) {
    let mut reader = Reader::from_str(xml);
    let settings = reader.config_mut();
    settings.allow_dangling_amp = true;
    settings.allow_unmatched_ends = true;
    settings.check_end_names = false;
    loop {
        match reader.read_event() {
            Ok(Event::Start(element)) => take(Step::Open(element.local_name().as_ref(), &element)),
            Ok(Event::Empty(element)) => {
                take(Step::Open(element.local_name().as_ref(), &element));
                take(Step::Close(element.local_name().as_ref()));
            }
            Ok(Event::End(element)) => take(Step::Close(element.local_name().as_ref())),
            Ok(Event::Text(text)) if !text.trim().is_empty() => take(Step::Text(&text)),
            Ok(Event::CData(text)) => take(Step::Text(&text)),
            Ok(Event::GeneralRef(entity)) => {
                let named = quick_xml::escape::resolve_predefined_entity(&entity).map(str::to_owned);
                let character = || entity.resolve_char_ref().ok().flatten().map(String::from);
                if let Some(text) = named.or_else(character) {
                    take(Step::Text(&text));
                }
            }
            Ok(Event::Eof) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = element.try_get_attribute(name).ok().flatten()?;
    Some(found.normalized_value(XmlVersion::Implicit1_0).ok()?.into_owned())
}
