//! What kind of document a title names, and what an editor does with it.

use crate::rules::{KindRule, Rules, TriageRule};

/// The kind of document a title ends with: the inner title of a notice that prints it decides.
pub(crate) fn kind_of<'r>(rules: &'r Rules, title: &str) -> Option<(&'r KindRule, &'r str)> {
    let title = first_line(title);
    let opening = rules.kinds.kind.iter().find_map(|rule| {
        let word = rule.starts.iter().find(|word| title.starts_with(word.as_str()))?;
        Some((rule, word.as_str()))
    });
    let inner = model::title::inner_title(title);
    opening.or_else(|| ending(rules, core_of(inner.as_deref().unwrap_or(title)))).or_else(|| ending(rules, core_of(title)))
}

/// A title as it was set: what a list page put behind it stands on lines of its own.
fn first_line(title: &str) -> &str {
    const SHORTEST: usize = 24;
    title.split_once('\n').map_or(title, |(line, _)| if line.len() >= SHORTEST { line } else { title }).trim_end()
}

/// A title without (试行), years, numbers and marks at its end.
fn core_of(title: &str) -> &str {
    let mut core = title.trim_end_matches(['》', '〉', ' ', '"', '”', '。']);
    while core.ends_with(')') {
        let Some(open) = core.rfind('(') else { break };
        if core[open..].contains("征求意见") || core[open..].contains("草案") {
            break;
        }
        core = core[..open].trim_end();
    }
    without_number(core.trim_end_matches(['》', ' ']))
}

/// `公告2020年第24号` → `公告`.
fn without_number(title: &str) -> &str {
    let Some(rest) = title.strip_suffix('号') else { return title };
    let digits = rest.trim_end_matches(|character: char| character.is_ascii_digit());
    match digits.strip_suffix('第') {
        Some(core) if digits.len() < rest.len() => {
            core.trim_end_matches('年').trim_end_matches(|character: char| character.is_ascii_digit()).trim_end()
        }
        _ => title,
    }
}

fn ending<'r>(rules: &'r Rules, name: &str) -> Option<(&'r KindRule, &'r str)> {
    let words = rules.kinds.kind.iter().flat_map(|rule| rule.words.iter().map(move |word| (rule, word.as_str())));
    words
        .filter(|(_, word)| name.ends_with(word) || name.trim_end_matches(')').ends_with(word))
        .max_by_key(|(_, word)| word.len())
}

/// Kinds that lay down rules; an act among them is no call for applications whatever its subject.
const STANDING: [&str; 9] = ["measures", "rules", "regulation", "ordinance", "law", "opinion", "steps", "standard", "procedure"];

/// How surely a class was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// By a word of the title, or by its kind.
    Title,
    /// By words of the text.
    Text,
    /// By nothing: what is no document is news.
    Nothing,
}

/// The class of a document with the stretch that tells it: bytes of the title or, where told by it, of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Triage {
    pub(crate) class: String,
    pub(crate) told: Told,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Whether the title has the form of an official document.
    pub(crate) official: bool,
}

/// The triage class of a title, and failing that of the text.
pub(crate) fn triage(rules: &Rules, title: &str, text: &str) -> Option<Triage> {
    if title.is_empty() {
        return None;
    }
    let form = Form::new(rules, title);
    let by_title = rules.kinds.triage.iter().find_map(|rule| Some((rule, form.told_by(rule)?)));
    let all = |class: &str, told, start, end| Some(Triage { class: class.to_owned(), told, start, end, official: form.official });
    if let Some((rule, (start, end))) = by_title {
        return all(&rule.class, Told::Title, start, end);
    }
    if form.official {
        let start = form.kind_word.and_then(|word| title.rfind(word).map(|start| (start, start + word.len())));
        let (start, end) = start.unwrap_or((0, title.len()));
        return all("standard", Told::Title, start, end);
    }
    // A title that says nothing: the text decides, and what tells nothing either is news.
    match rules.kinds.triage.iter().find_map(|rule| Some((rule, told_by_text(rule, text)?))) {
        Some((rule, (start, end))) => all(&rule.class, Told::Text, start, end),
        None => all("news", Told::Nothing, 0, title.len()),
    }
}

/// A word of a rule that labels a part of the text (`服务对象:…`), or two different words of it anywhere; where the
/// first stands.
fn told_by_text(rule: &TriageRule, text: &str) -> Option<(usize, usize)> {
    let mut first = None;
    for word in &rule.text {
        let Some(start) = text.find(word.as_str()) else { continue };
        let end = start + word.len();
        let behind = &text[end..];
        let on_its_own = behind.starts_with('\n') && text[..start].ends_with(|character: char| !character.is_alphabetic());
        if behind.starts_with(':') || on_its_own || first.is_some() {
            return first.or(Some((start, end)));
        }
        first = Some((start, end));
    }
    None
}

/// How names of agencies end.
const AGENCY_ENDINGS: [char; 9] = ['局', '厅', '委', '部', '会', '府', '院', '办', '室'];

/// What a title looks like.
struct Form<'t> {
    title: &'t str,
    kind: Option<&'t str>,
    kind_word: Option<&'t str>,
    official: bool,
    /// The title itself ends with a kind of document, or is cut off where it would.
    formal: bool,
}

impl<'t> Form<'t> {
    fn new(rules: &'t Rules, title: &'t str) -> Self {
        let title = first_line(title);
        let found = kind_of(rules, title);
        let agency =
            title.split_once("关于").is_some_and(|(before, _)| before.is_empty() || before.trim_end().ends_with(AGENCY_ENDINGS));
        let cut_off = agency && (title.ends_with("...") || title.ends_with('…'));
        let formal = ending(rules, core_of(title)).is_some();
        let about = title.contains("关于") || title.contains("印发");
        Self {
            title,
            kind: found.map(|(rule, _)| rule.id.as_str()),
            kind_word: found.map(|(_, word)| word),
            official: about && (formal || cut_off),
            formal,
        }
    }

    /// Where a rule finds its word or kind in the title.
    fn told_by(&self, rule: &TriageRule) -> Option<(usize, usize)> {
        let (title, kind) = (self.title, self.kind);
        let standing = kind.is_some_and(|kind| STANDING.contains(&kind));
        let skipped = match rule.class.as_str() {
            "news" => self.official || standing && self.formal,
            "interpret" => self.official && !title.contains("解读"),
            "apply" => {
                standing && !title.contains("组织申报") && !title.contains("开展申报")
                    || kind == Some("letter") && title.contains("答复")
            }
            "result" => standing,
            "standard" | "regulate" => !self.formal,
            _ => false,
        };
        if skipped || rule.except.iter().any(|word| title.contains(word.as_str())) {
            return None;
        }
        if let Some(word) = self.kind_word.filter(|_| kind.is_some_and(|kind| rule.kinds.iter().any(|wanted| wanted == kind))) {
            return title.rfind(word).map(|start| (start, start + word.len()));
        }
        rule.words.iter().find_map(|word| title.find(word.as_str()).map(|start| (start, start + word.len())))
    }
}

/// What users see of a class.
pub(crate) fn label(class: &str) -> &'static str {
    match class {
        "apply" => "申报通知",
        "standard" => "办法与标准",
        "regulate" => "法规与规定",
        "result" => "公示与名单",
        "draft" => "征求意见",
        "interpret" => "解读",
        "lifecycle" => "废止与修改",
        _ => "新闻",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::shipped_rules;

    #[test]
    fn numbers_and_notes_behind_the_kind_are_passed_over() {
        let rules = shipped_rules();
        for (title, expected) in [
            ("财政部公告2020年第24号", Some("announcement")),
            ("中华人民共和国国务院令第748号", Some("order")),
            ("专项资金管理办法(试行)", Some("measures")),
            ("专项资金管理办法(征求意见稿)", Some("draft")),
            ("关于印发《促进消费若干措施》的通知", Some("steps")),
            ("一图读懂 | 促进消费若干措施", Some("diagram")),
            ("第5号", None),
        ] {
            assert_eq!(kind_of(&rules, title).map(|(kind, _)| kind.id.as_str()), expected, "{title}");
        }
    }

    #[test]
    fn the_class_is_told_by_the_form_of_the_title_before_its_words() {
        let rules = shipped_rules();
        for (title, text, expected) in [
            ("关于促进消费“十五五”规划的批复", "", "regulate"),
            ("我市出台多项措施促进消费", "", "news"),
            ("全市工业经济运行情况", "全市规模以上工业增加值同比增长6.1%。", "news"),
            ("示例市支持商圈品质提升项目", "支持对象:企业。\n支持方式:资金补助。", "standard"),
            ("示例市试点示范单位认定", "服务对象:企业事业单位。\n申报单位应当具备下列条件。", "standard"),
            ("关于组织申报2026年技术改造项目的通知", "", "apply"),
            ("关于印发技术改造项目管理办法的通知", "", "standard"),
            ("关于修改《消防条例》的决定", "", "lifecycle"),
            ("关于2026年第一批补贴名单的公示", "", "result"),
            ("关于开展2026年度节水企业名单申报工作的通知", "", "apply"),
            ("关于公布2026年度节水企业名单的通知", "", "result"),
        ] {
            assert_eq!(triage(&rules, title, text).unwrap().class, expected, "{title}");
        }
    }
}
