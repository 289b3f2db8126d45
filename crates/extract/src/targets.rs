//! Where links lead that have no address of their own: handlers, script addresses, data attributes.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;

use crate::list::is_page;
use crate::outline::{ElementId, Link, Outline};

/// Functions read of one page, and bytes of each.
const MOST_FUNCTIONS: usize = 200;
const MOST_FUNCTION_BYTES: usize = 2_000;

/// The scripts of a page as far as they say where links lead; read when first asked.
pub(crate) struct Targets<'o, 'a> {
    outline: &'o Outline<'a>,
    functions: OnceCell<HashMap<String, Function>>,
}

/// A function that leads to an address made of its parameters.
#[derive(Debug)]
struct Function {
    parameters: Vec<String>,
    body: String,
}

static CALL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^\s*(?:return\s+|void\s*\(?)?(?P<name>[A-Za-z_$][\w$.]*)\s*\((?P<arguments>[^()]{0,300})\)").ok()
});
static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:location(?:\s*\.\s*href)?\s*=\s*|location\s*\.\s*(?:assign|replace)\s*\(\s*|window\s*\.\s*open\s*\(\s*|(?:^|[;{\s])open\s*\(\s*)(?P<made>[^;,\n]{1,300})").ok()
});
static FUNCTION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:function\s+(?P<name>[A-Za-z_$][\w$]*)\s*|(?P<variable>[A-Za-z_$][\w$]*)\s*[=:]\s*function\s*)\((?P<parameters>[^()]{0,100})\)\s*\{").ok()
});

impl<'o, 'a> Targets<'o, 'a> {
    pub(crate) const fn new(outline: &'o Outline<'a>) -> Self {
        Self { outline, functions: OnceCell::new() }
    }

    /// Where a link leads: its address, or what its handler makes.
    pub(crate) fn address(&self, link: &Link<'_>) -> Option<String> {
        if is_page(link.href) {
            return Some(link.href.to_owned());
        }
        let script = link.href.split_once(':').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("javascript"));
        script.and_then(|(_, code)| self.made_by(code)).or_else(|| self.of_element(link.element))
    }

    /// Where an element leads that is clicked: its handler or a data attribute.
    pub(crate) fn of_element(&self, element: ElementId) -> Option<String> {
        let node = self.outline.element(element).node.value();
        if let Some(code) = node.attr("onclick")
            && let Some(address) = self.made_by(code)
        {
            return Some(address);
        }
        let named = ["data-url", "data-href", "data-link", "url", "link"].iter().find_map(|name| node.attr(name));
        named.map(str::trim).filter(|address| is_page(address) && address.contains(['/', '.'])).map(str::to_owned)
    }

    /// The address a piece of code leads to.
    fn made_by(&self, code: &str) -> Option<String> {
        let code = code.get(..code.len().min(MOST_FUNCTION_BYTES)).unwrap_or_default();
        if let Some(address) = address_in(code, &[], &[]) {
            return Some(address);
        }
        let call = CALL.as_ref()?.captures(code)?;
        let arguments = call.name("arguments")?.as_str().split(',').map(|argument| argument.trim().trim_matches(['"', '\'']));
        let arguments: Vec<&str> = arguments.collect();
        let function = self.functions().get(call.name("name")?.as_str())?;
        let parameters: Vec<&str> = function.parameters.iter().map(String::as_str).collect();
        address_in(&function.body, &parameters, &arguments).or_else(|| self.by_form(function, &arguments))
    }

    fn functions(&self) -> &HashMap<String, Function> {
        self.functions.get_or_init(|| {
            let mut functions = HashMap::new();
            let scripts = self.outline.scripts.iter().filter(|script| script.len() < 200_000);
            for script in scripts {
                for found in FUNCTION.as_ref().into_iter().flat_map(|regex| regex.captures_iter(script)) {
                    if functions.len() >= MOST_FUNCTIONS {
                        return functions;
                    }
                    let (Some(name), Some(whole)) = (found.name("name").or_else(|| found.name("variable")), found.get(0)) else {
                        continue;
                    };
                    let parameters = found.name("parameters").map_or("", |parameters| parameters.as_str());
                    let parameters = parameters.split(',').map(|name| name.trim().to_owned()).collect();
                    let body = body_of(&script[whole.end()..]).to_owned();
                    functions.insert(name.as_str().to_owned(), Function { parameters, body });
                }
            }
            functions
        })
    }

    /// The address of a form that a function fills and sends by GET.
    fn by_form(&self, function: &Function, arguments: &[&str]) -> Option<String> {
        static FIELD: LazyLock<Option<Regex>> = LazyLock::new(|| {
            Regex::new(r#"(?:\.(?P<member>[A-Za-z_]\w*)\.value|["'#](?P<named>[A-Za-z_]\w*)["']\s*\)(?:\[0\])?\s*(?:\.value|\.val\s*\())\s*[=(]?\s*(?P<value>[A-Za-z_$]\w*)"#).ok()
        });
        if !function.body.contains("submit") {
            return None;
        }
        let set = FIELD.as_ref()?.captures(&function.body)?;
        let field = set.name("member").or_else(|| set.name("named"))?.as_str();
        let at =
            function.parameters.iter().position(|name| Some(name.as_str()) == set.name("value").map(|value| value.as_str()))?;
        let value = *arguments.get(at)?;
        let forms = self.outline.elements.iter().filter(|element| element.node.value().name() == "form").take(20);
        forms.filter_map(|form| form_address(form.node, field, value)).next()
    }
}

fn form_address(form: scraper::ElementRef<'_>, field: &str, value: &str) -> Option<String> {
    if form.value().attr("method").is_some_and(|method| method.eq_ignore_ascii_case("post")) {
        return None;
    }
    let inputs = form.descendent_elements().filter(|element| element.value().name() == "input").take(60);
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut found = false;
    for input in inputs {
        let input = input.value();
        let name = input.attr("name").or_else(|| input.attr("id")).unwrap_or_default();
        let is_field = name == field || input.attr("id") == Some(field);
        found |= is_field;
        let hidden = input.attr("type").is_none_or(|kind| kind.eq_ignore_ascii_case("hidden"));
        if !name.is_empty() && (hidden || is_field) {
            let value = if is_field { value } else { input.attr("value").unwrap_or_default() };
            pairs.push((name.to_owned(), value.to_owned()));
        }
    }
    let query: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let action = form.value().attr("action").unwrap_or_default();
    let joint = if action.contains('?') { '&' } else { '?' };
    found.then(|| format!("{action}{joint}{query}"))
}

/// The text between a brace already open and its end.
fn body_of(rest: &str) -> &str {
    let rest = crate::scripted::head(rest, MOST_FUNCTION_BYTES);
    let mut depth = 1_usize;
    for (at, character) in rest.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &rest[..at];
        }
    }
    rest
}

/// The address a piece of code leads to, its parameters replaced by what they are called with.
fn address_in(code: &str, parameters: &[&str], arguments: &[&str]) -> Option<String> {
    ADDRESS.as_ref()?.captures_iter(code).find_map(|found| {
        let made = found.name("made")?.as_str();
        let mut address = String::new();
        for part in made.split('+') {
            let part = part.trim().trim_end_matches([')', '}']).trim();
            let quoted = part.len() >= 2 && part.starts_with(['"', '\'']) && part.ends_with(['"', '\'']);
            if quoted {
                address.push_str(&part[1..part.len() - 1]);
            } else {
                let at = parameters.iter().position(|name| *name == part)?;
                address.push_str(arguments.get(at)?);
            }
        }
        (is_page(&address) && address.contains(['/', '.', '?'])).then_some(address)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_from_handlers() {
        for (code, expected) in [
            ("location.href='/a/b.html'", Some("/a/b.html")),
            ("window.open(\"a.html\",'_blank')", Some("a.html")),
            ("window.location = 'x?id=1';return false;", Some("x?id=1")),
            ("show('1')", None),
            ("location.href=url", None),
            ("void(0)", None),
        ] {
            assert_eq!(address_in(code, &[], &[]).as_deref(), expected, "{code}");
        }
        let body = "var a=1; window.open('/detail.html?id=' + id + \"&t=\" + type);";
        assert_eq!(address_in(body, &["id", "type"], &["12", "3"]).as_deref(), Some("/detail.html?id=12&t=3"));
        assert_eq!(address_in(body, &["id"], &["12"]), None);
    }
}
