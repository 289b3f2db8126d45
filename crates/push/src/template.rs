//! Texts with `{placeholders}`, checked when the configuration is read and filled in when a message is sent.

use std::collections::BTreeMap;

/// A text with placeholders. `{{` and `}}` stand for braces themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Plain(String),
    Place(String),
}

/// Why a template cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TemplateError {
    #[error("`{{` without `}}`; write `{{{{` for a brace")]
    Open,
    #[error("`{{{0}}}` is not known here; expected {1}")]
    Unknown(String, &'static str),
    #[error("secret `{0}` is not given")]
    NoSecret(String),
    #[error("the message has no `{0}`")]
    NoValue(String),
}

impl Template {
    pub(crate) fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let tail = &rest[at..];
            if let Some(after) = tail.strip_prefix("{{").or_else(|| tail.strip_prefix("}}")) {
                plain.push_str(&tail[..1]);
                rest = after;
            } else if let Some(inner) = tail.strip_prefix('{') {
                let end = inner.find('}').ok_or(TemplateError::Open)?;
                parts.push(Part::Plain(std::mem::take(&mut plain)));
                parts.push(Part::Place(inner[..end].trim().to_owned()));
                rest = &inner[end + 1..];
            } else {
                plain.push('}');
                rest = &tail[1..];
            }
        }
        plain.push_str(rest);
        parts.push(Part::Plain(plain));
        Ok(Self(parts.into_iter().filter(|part| *part != Part::Plain(String::new())).collect()))
    }

    /// The names of the placeholders.
    pub(crate) fn places(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Place(name) => Some(name.as_str()),
            Part::Plain(_) => None,
        })
    }

    /// The one placeholder, where the text is nothing else.
    pub(crate) fn only_place(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Part::Place(name)] => Some(name),
            _ => None,
        }
    }

    /// Replaces `{secret:NAME}` for good; a secret's own braces are text, never placeholders.
    pub(crate) fn with_secrets(&self, secrets: &BTreeMap<String, String>) -> Result<Self, TemplateError> {
        let parts = self.0.iter().map(|part| match part {
            Part::Place(name) => match name.strip_prefix("secret:") {
                Some(secret) => {
                    let value = secrets.get(secret).ok_or_else(|| TemplateError::NoSecret(secret.to_owned()))?;
                    Ok(Part::Plain(value.clone()))
                }
                None => Ok(part.clone()),
            },
            Part::Plain(_) => Ok(part.clone()),
        });
        parts.collect::<Result<_, _>>().map(Self)
    }

    /// The text with every placeholder filled in by `value`.
    pub(crate) fn fill(&self, value: impl Fn(&str) -> Option<String>) -> Result<String, TemplateError> {
        self.0.iter().try_fold(String::new(), |mut text, part| {
            match part {
                Part::Plain(plain) => text.push_str(plain),
                Part::Place(name) => text.push_str(&value(name).ok_or_else(|| TemplateError::NoValue(name.clone()))?),
            }
            Ok(text)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let template = Template::parse(text).unwrap();
        let secrets = BTreeMap::from([("KEY".to_owned(), "s{phone}".to_owned())]);
        let filled = template.with_secrets(&secrets).unwrap().fill(|name| (name == "phone").then(|| "139{x}".to_owned()));
        assert_eq!(filled.unwrap_or_else(|error| error.to_string()), expected);
    }

    #[test]
    fn placeholders_are_filled_once_and_values_are_never_read_again() {
        check("to {phone}!", "to 139{x}!");
        check("Bearer {secret:KEY}", "Bearer s{phone}");
        check("{{\"a\": \"{phone}\"}}", "{\"a\": \"139{x}\"}");
        check("{body}", "the message has no `body`");
    }

    #[test]
    fn a_brace_left_open_and_a_missing_secret_are_named() {
        assert_eq!(Template::parse("a{b").unwrap_err(), TemplateError::Open);
        let template = Template::parse("{secret:NONE}").unwrap();
        assert_eq!(template.with_secrets(&BTreeMap::new()).unwrap_err().to_string(), "secret `NONE` is not given");
    }
}
