//! `/policies/{id}/diff`: what two texts differ in, what they ask and give first, then sentence by sentence.

use annotate::difference::{FieldChange, Kind, ParameterChange, TextChange};
use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use model::{Decimal, Item, What};
use serde_json::Value;

use super::{parameter, policy_address, render, segment};
use crate::App;
use crate::findings;
use crate::history::{Compared, Wanted};
use crate::params::whole;
use crate::problem::Problem;
use crate::wording;

/// Changes shown on one page; the API gives all.
const MOST_SHOWN: usize = 2_000;

#[derive(Template)]
#[template(path = "diff.html")]
struct DiffView {
    section: &'static str,
    old: TextView,
    new: TextView,
    is_read: bool,
    counts: annotate::difference::Counts,
    parameters: Vec<ParameterView>,
    text: Vec<ChangeView>,
    cut: usize,
}

struct TextView {
    title: String,
    address: String,
    revision: u32,
}

struct ParameterView {
    sign: &'static str,
    word: &'static str,
    class: &'static str,
    kind: &'static str,
    name: String,
    was: String,
    is: String,
    fields: Vec<(String, String, String)>,
}

struct ChangeView {
    class: &'static str,
    word: &'static str,
    moved: bool,
    /// Of what stayed, how many sentences.
    same: usize,
    pieces: Vec<(&'static str, String)>,
}

/// The page of what changed between two revisions.
pub(crate) fn difference_address(id: &str, from: u32, to: u32) -> String {
    format!("/policies/{}/diff?from={from}&to={to}", segment(id))
}

/// `GET /policies/{id}/diff`.
pub(crate) async fn page(State(app): State<App>, Path(id): Path<String>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    let compared = app.compare(id, wanted(|name| parameter(raw.as_deref(), name))?).await?;
    render(&view(&app, compared))
}

/// What an address asks to compare.
pub(crate) fn wanted(value: impl Fn(&str) -> Option<String>) -> Result<Wanted, Problem> {
    let number = |name: &str| {
        let text = value(name);
        let number = text.map(|text| whole(name, &text, 1, 1_000_000)).transpose().map_err(Problem::bad_request)?;
        Ok::<_, Problem>(number.and_then(|number| u32::try_from(number).ok()))
    };
    Ok(Wanted { from: number("from")?, to: number("to")?, with: value("with") })
}

fn view(app: &App, compared: Compared) -> DiffView {
    let text = |(id, title, revision): (model::PolicyId, String, u32)| TextView {
        title,
        address: policy_address(id.as_str()),
        revision,
    };
    let changes = compared.difference.text.len();
    DiffView {
        section: "search",
        is_read: compared.is_read,
        counts: compared.difference.counts,
        parameters: compared.difference.parameters.iter().take(MOST_SHOWN).map(|change| parameter_view(app, change)).collect(),
        text: compared.difference.text.iter().take(MOST_SHOWN).map(change_view).collect(),
        cut: changes.saturating_sub(MOST_SHOWN),
        old: text(compared.old),
        new: text(compared.new),
    }
}

const fn words_of(kind: Kind) -> (&'static str, &'static str, &'static str) {
    match kind {
        Kind::Same => ("＝", "未变", "same"),
        Kind::Added => ("＋", "新增", "added"),
        Kind::Removed => ("－", "删去", "removed"),
        Kind::Changed => ("～", "修改", "changed"),
    }
}

fn parameter_view(app: &App, change: &ParameterChange) -> ParameterView {
    let (sign, word, class) = words_of(change.kind);
    let told = |item: &Option<Item>| {
        item.as_ref().map_or_else(String::new, |item| {
            let (name, detail) = findings::words(item, &app.vocabulary, app.clock.today());
            if detail.is_empty() { name } else { format!("{name} {detail}") }
        })
    };
    let item = change.new.as_ref().or(change.old.as_ref());
    let name = item.map_or_else(String::new, |item| match &item.what {
        What::Condition(condition) => app.vocabulary.indicator_name(&condition.indicator),
        What::Material { name, .. } | What::Parameter { name, .. } => name.clone(),
        What::Award(award) => award.who.clone().unwrap_or_default(),
        _ => String::new(),
    });
    let fields = match item {
        Some(item) => change.fields.iter().map(|field| field_view(item, field)).collect(),
        None => Vec::new(),
    };
    let kind = item.map_or("", |item| wording::item_kind(&item.what));
    ParameterView { sign, word, class, kind, name, was: told(&change.old), is: told(&change.new), fields }
}

/// A field in Chinese with what it was and is: (`上限`, `200 万元`, `100 万元`).
fn field_view(item: &Item, change: &FieldChange) -> (String, String, String) {
    let name = match change.field.as_str() {
        "cap" => "上限",
        "amount" => "金额",
        "amount_to" => "金额上端",
        "ratio" => "比例",
        "value" | "value_base" => "数值",
        "op" => "比较方式",
        "unit" | "unit_base" => "单位",
        "period" => "考核期间",
        "agg" => "多年口径",
        "negated" => "是否为禁止",
        "when" => "限定情形",
        "who" => "对象",
        "base" => "计算基数",
        "per" => "计量",
        "tiers" => "分档",
        "and_caps" => "其他上限",
        "max_years" => "最长年限",
        "once" => "一次性",
        "mode" => "支持方式",
        "start" => "开始",
        "end" => "截止",
        "end_time" => "截止时刻",
        "recurrence" => "周期",
        "strict" => "逾期不予受理",
        "years" => "年限",
        "required" => "是否必交",
        "copies" => "份数",
        "form" => "形式",
        "url" => "网址",
        "group" => "所属条件组",
        "bounds" => "端点",
        "strength" => "约束程度",
        "to" => "状态",
        "of" => "对象",
        other => other,
    };
    (name.to_owned(), field_words(item, &change.field, &change.was), field_words(item, &change.field, &change.is))
}

fn field_words(item: &Item, field: &str, value: &Value) -> String {
    let number = value.as_number().and_then(|number| number.to_string().parse::<Decimal>().ok());
    let money = ["amount", "amount_to", "cap", "on_top_of"].contains(&field);
    match (value, number) {
        (Value::Null, _) => "未规定".to_owned(),
        (Value::Bool(yes), _) => if *yes { "是" } else { "否" }.to_owned(),
        (_, Some(number)) if money => wording::money(number),
        (_, Some(number)) if field == "ratio" => wording::percent(number),
        (_, Some(number)) => match &item.what {
            What::Condition(condition) if field == "value" => {
                format!("{}{}", wording::number(number), condition.unit.as_deref().unwrap_or_default())
            }
            _ => wording::number(number),
        },
        (Value::String(text), _) if field == "op" => sign(text).to_owned(),
        (Value::String(text), _) => text.clone(),
        (Value::Array(values), _) if field == "value" => {
            values.iter().map(|one| field_words(item, field, one)).collect::<Vec<_>>().join("、")
        }
        // Steps and further limits stand in full in the two texts beside it.
        (Value::Array(values), _) => format!("{} 项", values.len()),
        (other, _) => other.to_string(),
    }
}

fn sign(op: &str) -> &str {
    match op {
        ">=" => "不低于",
        "<=" => "不高于",
        ">" => "高于",
        "<" => "低于",
        "range" => "区间",
        "is" => "是",
        "in" => "属于",
        "has" => "具备",
        "has_any" => "具备其一",
        "first_time" => "首次",
        "first_exceed" => "首次超过",
        "transition" => "转为",
        "increase>" => "增长",
        other => other,
    }
}

fn change_view(change: &TextChange) -> ChangeView {
    let (_, word, class) = words_of(change.kind);
    let same = if change.kind == Kind::Same { change.sentences } else { 0 };
    let pieces = change.pieces.iter().map(|piece| (words_of(piece.kind).2, piece.text.clone())).collect();
    ChangeView { class, word, moved: change.moved, same, pieces }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_told_in_the_words_of_readers() {
        let item: Item = serde_json::from_value(serde_json::json!({"type": "award", "mode": "cap", "cap": 1_000_000,
            "quote": "最高100万元", "span": [0, 7], "confidence": 0.9, "rule": "r"}))
        .unwrap();
        let change = FieldChange { field: "cap".to_owned(), was: 2_000_000.into(), is: 1_000_000.into() };
        assert_eq!(field_view(&item, &change), ("上限".to_owned(), "200 万元".to_owned(), "100 万元".to_owned()));
        let change = FieldChange { field: "ratio".to_owned(), was: Value::Null, is: serde_json::json!(0.3) };
        assert_eq!(field_view(&item, &change), ("比例".to_owned(), "未规定".to_owned(), "30%".to_owned()));
    }
}
