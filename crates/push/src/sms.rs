//! SMS through a gateway reached over HTTP, described in the configuration. Gateways send approved templates with variables,
//! so that is all a request can carry: there is no placeholder for free text.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::Timestamp;
use model::{Channel, Message};
use reqwest::Client;
use reqwest::header::{HeaderName, HeaderValue};
use serde_json::Value;

use crate::compose::VARIABLES;
use crate::config::{self, Format, Method, SmsTemplate, Success};
use crate::http;
use crate::template::{Template, TemplateError};
use crate::{PushError, Receipt};

const CHANNEL: Channel = Channel::Sms;

/// What url, headers and body may hold.
const KNOWN: &str = "{phone}, {id}, {template}, {var:NAME}, {variables}, {variables:list}, {variables:json} or {secret:NAME}";

/// The channel, ready to send.
pub(crate) struct Gateway {
    client: Client,
    method: Method,
    format: Format,
    url: Template,
    headers: Vec<(HeaderName, Template)>,
    body: Node,
    success: Success,
    receipt: Option<String>,
    templates: BTreeMap<String, SmsTemplate>,
}

/// A JSON body with placeholders in its texts.
enum Node {
    Object(Vec<(String, Node)>),
    List(Vec<Node>),
    Text(Template),
    Fixed(Value),
}

/// A mistake in the `[sms]` table, with its place where it has one of its own.
pub(crate) fn check(config: &config::Sms) -> Result<(), (Option<Range<usize>>, String)> {
    let url = config.url.get_ref();
    let plain = Template::parse(url).and_then(|template| template.fill(|_| Some("x".to_owned()))).ok();
    if !plain.and_then(|url| url::Url::parse(&url).ok()).is_some_and(|url| matches!(url.scheme(), "http" | "https")) {
        return Err((Some(config.url.span()), format!("`{url}` cannot be used; expected an http or https URL")));
    }
    let at = |range: Range<usize>| move |error: TemplateError| (Some(range), error.to_string());
    check_places(url, false).map_err(at(config.url.span()))?;
    for (name, value) in &config.headers {
        if name.parse::<HeaderName>().is_err() {
            return Err((Some(value.span()), format!("`{name}` is no header name")));
        }
        check_places(value.get_ref(), false).map_err(at(value.span()))?;
    }
    let json = config.format == Format::Json && config.method == Method::Post;
    if !json && config.body.values().any(|value| matches!(value, toml::Value::Table(_) | toml::Value::Array(_))) {
        return Err((None, "a form has no tables or lists; expected texts, numbers and truth values in sms.body".to_owned()));
    }
    config.body.values().try_for_each(|value| check_value(value, json)).map_err(|error| (None, error.to_string()))?;
    for (name, template) in &config.templates {
        if let Some(unknown) = template.variables.iter().find(|variable| !VARIABLES.contains(&variable.as_str())) {
            return Err((
                None,
                format!("template `{name}`: variable `{unknown}` is not known; expected {}", VARIABLES.join(", ")),
            ));
        }
    }
    Ok(())
}

fn check_value(value: &toml::Value, json: bool) -> Result<(), TemplateError> {
    match value {
        toml::Value::String(text) => check_places(text, json),
        toml::Value::Array(values) => values.iter().try_for_each(|value| check_value(value, json)),
        toml::Value::Table(table) => table.values().try_for_each(|value| check_value(value, json)),
        _ => Ok(()),
    }
}

fn check_places(text: &str, whole_values: bool) -> Result<(), TemplateError> {
    let template = Template::parse(text)?;
    let alone = whole_values && template.only_place().is_some();
    template.places().try_for_each(|place| match place {
        "phone" | "id" | "template" | "variables:json" => Ok(()),
        "variables" | "variables:list" if alone => Ok(()),
        _ if place.strip_prefix("var:").is_some_and(|name| VARIABLES.contains(&name)) => Ok(()),
        _ if place.strip_prefix("secret:").is_some_and(|name| !name.is_empty()) => Ok(()),
        _ => Err(TemplateError::Unknown(place.to_owned(), KNOWN)),
    })
}

/// What the placeholders of one message stand for.
struct Values<'a> {
    phone: &'a str,
    id: &'a str,
    template: &'a SmsTemplate,
    variables: Vec<(&'a str, String)>,
}

impl Values<'_> {
    fn get(&self, place: &str) -> Option<String> {
        match place {
            "phone" => Some(self.phone.to_owned()),
            "id" => Some(self.id.to_owned()),
            "template" => Some(self.template.code.clone()),
            "variables:json" => Some(self.object().to_string()),
            _ => {
                let name = place.strip_prefix("var:")?;
                self.variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
            }
        }
    }

    fn object(&self) -> Value {
        self.variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::String(value.clone())))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }

    fn list(&self) -> Value {
        self.variables.iter().map(|(_, value)| Value::String(value.clone())).collect()
    }
}

impl Node {
    fn of(value: &toml::Value, secrets: &BTreeMap<String, String>) -> Result<Self, TemplateError> {
        Ok(match value {
            toml::Value::String(text) => Self::Text(Template::parse(text)?.with_secrets(secrets)?),
            toml::Value::Array(values) => {
                Self::List(values.iter().map(|value| Self::of(value, secrets)).collect::<Result<_, _>>()?)
            }
            toml::Value::Table(table) => Self::table(table, secrets)?,
            toml::Value::Integer(number) => Self::Fixed((*number).into()),
            toml::Value::Float(number) => Self::Fixed((*number).into()),
            toml::Value::Boolean(truth) => Self::Fixed((*truth).into()),
            toml::Value::Datetime(time) => Self::Fixed(time.to_string().into()),
        })
    }

    fn table(table: &toml::Table, secrets: &BTreeMap<String, String>) -> Result<Self, TemplateError> {
        let fields = table.iter().map(|(name, value)| Ok((name.clone(), Self::of(value, secrets)?)));
        Ok(Self::Object(fields.collect::<Result<_, _>>()?))
    }

    fn fill(&self, values: &Values<'_>) -> Result<Value, TemplateError> {
        Ok(match self {
            Self::Object(fields) => {
                let fields = fields.iter().map(|(name, node)| Ok((name.clone(), node.fill(values)?)));
                Value::Object(fields.collect::<Result<_, _>>()?)
            }
            Self::List(nodes) => Value::Array(nodes.iter().map(|node| node.fill(values)).collect::<Result<_, _>>()?),
            Self::Text(template) => match template.only_place() {
                Some("variables") => values.object(),
                Some("variables:list") => values.list(),
                _ => Value::String(template.fill(|place| values.get(place))?),
            },
            Self::Fixed(value) => value.clone(),
        })
    }
}

impl Gateway {
    pub(crate) fn new(config: &config::Sms, secrets: &BTreeMap<String, String>) -> Result<Self, PushError> {
        let fail = |error: TemplateError| PushError::permanent(CHANNEL, error.to_string());
        let template = |text: &str| Template::parse(text).and_then(|template| template.with_secrets(secrets)).map_err(fail);
        let headers = config.headers.iter().map(|(name, value)| {
            let name: HeaderName =
                name.parse().map_err(|_| PushError::permanent(CHANNEL, format!("`{name}` is no header name")))?;
            Ok((name, template(value.get_ref())?))
        });
        Ok(Self {
            client: http::client(CHANNEL, config.timeout_seconds, false)?,
            method: config.method,
            format: config.format,
            url: template(config.url.get_ref())?,
            headers: headers.collect::<Result<_, PushError>>()?,
            body: Node::table(&config.body, secrets).map_err(fail)?,
            success: config.success.clone(),
            receipt: config.receipt.clone(),
            templates: config.templates.clone(),
        })
    }

    pub(crate) async fn send(&self, message: &Message, now: Timestamp) -> Result<Receipt, PushError> {
        let fail = |cause: String| PushError::permanent(CHANNEL, cause);
        let phone = mobile_number(&message.address).ok_or_else(|| fail("the address is no mobile number".to_owned()))?;
        let template = self
            .templates
            .get(&message.template)
            .ok_or_else(|| fail(format!("template `{}` has no approved counterpart", message.template)))?;
        let values = Values { phone: &phone, id: message.id.as_str(), template, variables: variables(template, message)? };
        let request = self.request(&values)?;
        let response = request.send().await.map_err(|error| http::failure(CHANNEL, error))?;
        if !self.success.status.contains(&response.status().as_u16()) {
            return Err(http::refusal(CHANNEL, &response, now));
        }
        let answer = http::read(CHANNEL, response).await?;
        self.judge(&answer)
    }

    fn request(&self, values: &Values<'_>) -> Result<reqwest::RequestBuilder, PushError> {
        let fail = |error: TemplateError| PushError::permanent(CHANNEL, error.to_string());
        let encoded =
            |place: &str| values.get(place).map(|value| url::form_urlencoded::byte_serialize(value.as_bytes()).collect());
        let url = self.url.fill(encoded).map_err(fail)?;
        let mut url = url::Url::parse(&url).map_err(|_| PushError::permanent(CHANNEL, "the gateway's URL is no URL"))?;
        let body = self.body.fill(values).map_err(fail)?;
        let mut request = match self.method {
            Method::Get => {
                url.query_pairs_mut().extend_pairs(pairs(&body));
                self.client.get(url)
            }
            Method::Post => {
                let (kind, body) = match self.format {
                    Format::Json => ("application/json; charset=utf-8", body.to_string()),
                    Format::Form => (
                        "application/x-www-form-urlencoded; charset=utf-8",
                        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs(&body)).finish(),
                    ),
                };
                self.client.post(url).header("content-type", kind).body(body)
            }
        };
        for (name, template) in &self.headers {
            let text = template.fill(|place| values.get(place)).map_err(fail)?;
            let mut value = HeaderValue::from_bytes(text.as_bytes())
                .map_err(|_| PushError::permanent(CHANNEL, format!("header `{name}` has characters no header may have")))?;
            value.set_sensitive(true);
            request = request.header(name, value);
        }
        Ok(request)
    }

    /// Whether the gateway accepted. An answer that cannot be read is final: trying again might send a message twice.
    fn judge(&self, answer: &[u8]) -> Result<Receipt, PushError> {
        let json: Option<Value> = serde_json::from_slice(answer).ok();
        if let Some(path) = &self.success.path {
            let found = json.as_ref().and_then(|json| at_path(json, path)).map(plain);
            let Some(found) = found else {
                return Err(PushError::permanent(CHANNEL, format!("the answer has no `{path}`")));
            };
            if !self.success.equals.contains(&found) {
                let shown: String = found.chars().filter(|character| !character.is_control()).take(80).collect();
                let cause = format!("the gateway answered `{shown}`");
                return Err(if self.success.retry.contains(&found) {
                    PushError::transient(CHANNEL, cause)
                } else {
                    PushError::permanent(CHANNEL, cause)
                });
            }
        }
        let id =
            self.receipt.as_ref().and_then(|path| at_path(json.as_ref()?, path)).map(|id| plain(id).chars().take(200).collect());
        Ok(Receipt { id })
    }

    pub(crate) fn describe(&self) -> String {
        let host = self
            .url
            .fill(|_| Some("x".to_owned()))
            .ok()
            .and_then(|url| url::Url::parse(&url).ok()?.host_str().map(str::to_owned));
        let names: Vec<&str> = self.templates.keys().map(String::as_str).collect();
        format!("sms: gateway {}, templates {}", host.unwrap_or_default(), names.join(", "))
    }
}

fn pairs(body: &Value) -> Vec<(String, String)> {
    body.as_object().map(|fields| fields.iter().map(|(name, value)| (name.clone(), plain(value))).collect()).unwrap_or_default()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `data.0.code`.
fn at_path<'a>(json: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(json, |value, step| match value {
        Value::Array(values) => values.get(step.parse::<usize>().ok()?),
        _ => value.get(step),
    })
}

/// The variables the approved template has, in its order, cut to what it takes.
fn variables<'a>(template: &'a SmsTemplate, message: &Message) -> Result<Vec<(&'a str, String)>, PushError> {
    let cut = |value: &str| {
        let flat: String = value.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
        match flat.chars().count() > template.longest {
            true => flat.chars().take(template.longest.saturating_sub(1)).chain(['…']).collect(),
            false => flat,
        }
    };
    let values = template.variables.iter().map(|name| match message.variables.get(name) {
        Some(value) => Ok((name.as_str(), cut(value))),
        None => Err(PushError::permanent(CHANNEL, format!("the message has no variable `{name}`"))),
    });
    values.collect()
}

/// A mainland mobile number without blanks and country code.
pub(crate) fn mobile_number(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|character| !matches!(character, ' ' | '-' | '\u{a0}')).collect();
    let digits = digits.strip_prefix("+86").or_else(|| digits.strip_prefix("0086")).unwrap_or(&digits);
    let plausible = digits.len() == 11 && digits.starts_with('1') && digits.bytes().all(|byte| byte.is_ascii_digit());
    plausible.then(|| digits.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mobile_numbers_are_read_with_blanks_and_country_code() {
        for (text, expected) in [
            ("13900000000", Some("13900000000")),
            ("+86 139-0000-0000", Some("13900000000")),
            ("008613900000000", Some("13900000000")),
            ("0991-1234567", None),
            ("23900000000", None),
            ("1390000000０", None),
            ("", None),
        ] {
            assert_eq!(mobile_number(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn paths_lead_through_objects_and_lists() {
        let json: Value = serde_json::from_str(r#"{"a":[{"b":1},{"b":"x"}]}"#).unwrap();
        assert_eq!(at_path(&json, "a.1.b").map(plain).as_deref(), Some("x"));
        assert_eq!(at_path(&json, "a.0.b").map(plain).as_deref(), Some("1"));
        for missing in ["a.2.b", "a.b", "c", "a.-1", ""] {
            assert_eq!(at_path(&json, missing), None, "{missing}");
        }
    }

    #[test]
    fn long_variables_are_cut_and_missing_ones_named() {
        let template = SmsTemplate { code: "T".to_owned(), variables: vec!["title".to_owned()], longest: 5 };
        let mut message = Message::default();
        assert!(variables(&template, &message).unwrap_err().to_string().contains("`title`"));
        message.variables.insert("title".to_owned(), "关于\n支持中小企业".to_owned());
        assert_eq!(variables(&template, &message).unwrap(), [("title", "关于 支…".to_owned())]);
    }
}
