//! The text of one PDF page: its content stream is walked as ISO 32000-1 says, form objects included.
//!
//! `pdf_oxide`'s own walk loses the font that `Q` restores and misreads strings of mixed-width encodings, so only its parser of
//! content streams and its decoder of single codes are used here.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use pdf_oxide::PdfDocument;
use pdf_oxide::content::{Operator, TextElement, parse_content_stream};
use pdf_oxide::object::{Object, ObjectRef};
use pdf_oxide::optional_content;

use super::layout::Glyph;
use super::pdf_font::Font;

/// Forms within forms.
const MOST_DEPTH: usize = 12;
/// Forms drawn on one page.
const MOST_FORMS: usize = 3_000;
/// Glyphs kept of one page.
const MOST_GLYPHS: usize = 200_000;
/// Saved graphics states.
const MOST_STATES: usize = 500;

/// An affine map `[a b c d e f]` as PDF writes it.
type Matrix = [f32; 6];

const IDENTITY: Matrix = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];

/// What one page shows.
#[derive(Default)]
pub(super) struct Shown {
    /// Glyphs in user space: `y` upwards, not yet turned by the page's rotation.
    pub(super) glyphs: Vec<Glyph>,
    /// Area of the largest picture, in square points.
    pub(super) picture: f32,
    /// Paths painted.
    pub(super) paths: usize,
}

/// What the pages of a document share: fonts, each read once, and the layers that are not shown.
pub(super) struct Shared<'d> {
    document: &'d PdfDocument,
    fonts: HashMap<ObjectRef, Option<Rc<Font>>>,
    hidden_layers: HashSet<String>,
}

impl<'d> Shared<'d> {
    pub(super) fn new(document: &'d PdfDocument) -> Self {
        Self { document, fonts: HashMap::new(), hidden_layers: optional_content::compute_default_off_ocgs(document) }
    }

    /// Whether something on some page may be hidden.
    pub(super) fn has_hidden_layers(&self) -> bool {
        !self.hidden_layers.is_empty()
    }

    /// Whether marked content or an object belongs to a layer that is not shown.
    fn is_hidden(&self, properties: &Object, resources: Option<&Object>) -> bool {
        let layers = &self.hidden_layers;
        self.has_hidden_layers()
            && optional_content::resolve_and_check_ocg_excluded(properties, resources, Some(self.document), layers)
    }

    fn font(&mut self, entry: &Object) -> Option<Rc<Font>> {
        let Object::Reference(reference) = entry else { return Font::new(entry, self.document).map(Rc::new) };
        let document = self.document;
        self.fonts
            .entry(*reference)
            .or_insert_with(|| {
                let dictionary = document.load_object(*reference).ok()?;
                Font::new(&dictionary, document).map(Rc::new)
            })
            .clone()
    }
}

/// The part of the graphics state that `q` saves and text needs.
#[derive(Clone)]
struct State {
    map: Matrix,
    font: Option<Rc<Font>>,
    size: f32,
    character_space: f32,
    word_space: f32,
    scale: f32,
    leading: f32,
    rise: f32,
}

/// Walks the content of one page.
pub(super) fn page(shared: &mut Shared<'_>, page: usize) -> Option<Shown> {
    let document = shared.document;
    let content = document.get_page_content_data(page).ok()?;
    let dictionary = document.get_page(page).ok()?;
    let resources = dictionary.as_dict().and_then(|page| page.get("Resources")).map(|found| resolve(document, found));
    let mut walk = Walk { shared, document, shown: Shown::default(), forms: 0, hidden: 0 };
    let state = State {
        map: IDENTITY,
        font: None,
        size: 0.0,
        character_space: 0.0,
        word_space: 0.0,
        scale: 1.0,
        leading: 0.0,
        rise: 0.0,
    };
    walk.stream(&content, resources.as_ref(), state, 0);
    Some(walk.shown)
}

struct Walk<'w, 'd> {
    shared: &'w mut Shared<'d>,
    document: &'d PdfDocument,
    shown: Shown,
    forms: usize,
    /// Hidden layers around what is walked.
    hidden: usize,
}

/// Where text stands within `BT` and `ET`.
#[derive(Clone, Copy)]
struct Pen {
    text: Matrix,
    line: Matrix,
}

impl Pen {
    const START: Self = Self { text: IDENTITY, line: IDENTITY };

    fn go(&mut self, x: f32, y: f32) {
        self.line = multiply([1.0, 0.0, 0.0, 1.0, x, y], self.line);
        self.text = self.line;
    }
}

impl Walk<'_, '_> {
    fn stream(&mut self, content: &[u8], resources: Option<&Object>, start: State, depth: usize) {
        let Ok(operators) = parse_content_stream(content) else { return };
        let mut named: HashMap<String, Option<Rc<Font>>> = HashMap::new();
        let mut state = start;
        let mut saved: Vec<State> = Vec::new();
        let mut pen = Pen::START;
        // Marked content that is open, and whether it is hidden.
        let mut marked: Vec<bool> = Vec::new();
        for operator in operators {
            if self.shown.glyphs.len() >= MOST_GLYPHS {
                break;
            }
            match operator {
                Operator::SaveState if saved.len() < MOST_STATES => saved.push(state.clone()),
                Operator::RestoreState => {
                    if let Some(before) = saved.pop() {
                        state = before;
                    }
                }
                Operator::Cm { a, b, c, d, e, f } => state.map = multiply([a, b, c, d, e, f], state.map),
                Operator::BeginText => pen = Pen::START,
                Operator::Tf { font, size } => {
                    let found = named.entry(font).or_insert_with_key(|name| {
                        let entry = self.entry(resources, "Font", name)?;
                        self.shared.font(&entry)
                    });
                    state.font = found.clone();
                    state.size = size;
                }
                Operator::BeginMarkedContent { .. } => marked.push(false),
                Operator::BeginMarkedContentDict { tag, properties } => {
                    let is_hidden = tag == "OC" && self.shared.is_hidden(&properties, resources);
                    self.hidden += usize::from(is_hidden);
                    marked.push(is_hidden);
                }
                Operator::EndMarkedContent => self.hidden -= usize::from(marked.pop().unwrap_or_default()),
                Operator::Do { name } => self.object(&name, resources, &state, depth),
                Operator::InlineImage { .. } => self.picture(&state.map),
                Operator::Fill | Operator::FillEvenOdd | Operator::Stroke => self.shown.paths += 1,
                other => self.text(&other, &mut state, &mut pen),
            }
        }
        // What a stream leaves open ends with it.
        self.hidden -= marked.into_iter().filter(|is_hidden| *is_hidden).count();
    }

    /// Operators of text state, position and showing.
    fn text(&mut self, operator: &Operator, state: &mut State, pen: &mut Pen) {
        match operator {
            Operator::Tc { char_space } => state.character_space = *char_space,
            Operator::Tw { word_space } => state.word_space = *word_space,
            Operator::Tz { scale } => state.scale = scale / 100.0,
            Operator::TL { leading } => state.leading = *leading,
            Operator::Ts { rise } => state.rise = *rise,
            Operator::Td { tx, ty } => pen.go(*tx, *ty),
            Operator::TD { tx, ty } => {
                state.leading = -ty;
                pen.go(*tx, *ty);
            }
            Operator::Tm { a, b, c, d, e, f } => {
                pen.line = [*a, *b, *c, *d, *e, *f];
                pen.text = pen.line;
            }
            Operator::TStar => pen.go(0.0, -state.leading),
            Operator::Tj { text } => self.show(text, state, pen),
            Operator::Quote { text } => {
                pen.go(0.0, -state.leading);
                self.show(text, state, pen);
            }
            Operator::DoubleQuote { word_space, char_space, text } => {
                state.word_space = *word_space;
                state.character_space = *char_space;
                pen.go(0.0, -state.leading);
                self.show(text, state, pen);
            }
            Operator::TJ { array } => {
                for element in array {
                    match element {
                        TextElement::String(text) => self.show(text, state, pen),
                        TextElement::Offset(offset) => {
                            let forward = -offset / 1000.0 * state.size * state.scale;
                            pen.text = multiply([1.0, 0.0, 0.0, 1.0, forward, 0.0], pen.text);
                        }
                    }
                }
            }
            _ => {}
        }
    }

    fn show(&mut self, bytes: &[u8], state: &State, pen: &mut Pen) {
        let Some(font) = state.font.clone() else { return };
        for shown in font.shown(bytes) {
            let place = multiply([state.size * state.scale, 0.0, 0.0, state.size, 0.0, state.rise], pen.text);
            let place = multiply(place, state.map);
            if let Some(text) = &shown.text
                && self.hidden == 0
                && self.shown.glyphs.len() < MOST_GLYPHS
            {
                let along = place[0].hypot(place[1]);
                self.shown.glyphs.push(Glyph {
                    text: text.as_str().into(),
                    x: place[4],
                    y: place[5],
                    width: shown.advance * along,
                    size: place[2].hypot(place[3]),
                    angle: place[1].atan2(place[0]).to_degrees(),
                    is_doubtful: font.is_doubtful,
                });
            }
            let word_space = if shown.is_space { state.word_space } else { 0.0 };
            let forward = (shown.advance * state.size + state.character_space + word_space) * state.scale;
            pen.text = multiply([1.0, 0.0, 0.0, 1.0, forward, 0.0], pen.text);
        }
    }

    /// A form is walked like the page itself, a picture is noted.
    fn object(&mut self, name: &str, resources: Option<&Object>, state: &State, depth: usize) {
        let Some(object) = self.entry(resources, "XObject", name).map(|entry| resolve(self.document, &entry)) else { return };
        let Some(dictionary) = object.as_dict() else { return };
        let layer = dictionary.get("OC").map(|layer| resolve(self.document, layer));
        if layer.is_some_and(|layer| self.shared.is_hidden(&layer, resources)) {
            return;
        }
        match dictionary.get("Subtype").and_then(Object::as_name) {
            Some("Image") => self.picture(&state.map),
            Some("Form") if depth < MOST_DEPTH && self.forms < MOST_FORMS => {
                self.forms += 1;
                let Ok(content) = object.decode_stream_data() else { return };
                let own = dictionary.get("Resources").map(|found| resolve(self.document, found));
                let mut inner = state.clone();
                if let Some(map) = dictionary.get("Matrix").and_then(matrix) {
                    inner.map = multiply(map, inner.map);
                }
                self.stream(&content, own.as_ref().or(resources), inner, depth + 1);
            }
            _ => {}
        }
    }

    /// A picture fills the unit square of the current map.
    fn picture(&mut self, map: &Matrix) {
        let area = (map[0] * map[3] - map[1] * map[2]).abs();
        self.shown.picture = self.shown.picture.max(area);
    }

    fn entry(&self, resources: Option<&Object>, kind: &str, name: &str) -> Option<Object> {
        let group = resolve(self.document, resources?.as_dict()?.get(kind)?);
        group.as_dict()?.get(name).cloned()
    }
}

/// What a reference leads to.
fn resolve(document: &PdfDocument, object: &Object) -> Object {
    match object {
        Object::Reference(reference) => document.load_object(*reference).unwrap_or(Object::Null),
        other => other.clone(),
    }
}

fn matrix(object: &Object) -> Option<Matrix> {
    let numbers: Vec<f32> = object
        .as_array()?
        .iter()
        .filter_map(|number| number.as_real().or_else(|| number.as_integer().map(|whole| whole as f64)))
        .map(|number| number as f32)
        .collect();
    numbers.try_into().ok()
}

/// First `one`, then `other`.
fn multiply(one: Matrix, other: Matrix) -> Matrix {
    [
        one[0] * other[0] + one[1] * other[2],
        one[0] * other[1] + one[1] * other[3],
        one[2] * other[0] + one[3] * other[2],
        one[2] * other[1] + one[3] * other[3],
        one[4] * other[0] + one[5] * other[2] + other[4],
        one[4] * other[1] + one[5] * other[3] + other[5],
    ]
}
