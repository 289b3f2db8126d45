//! What a sentence may say: whether it may set conditions of applicants, and whether it may say what is given.
//!
//! The document, the section and the sentence itself decide. Goals, budgets, statistics, duties of authorities, scoring,
//! definitions and what is asked of those who already got the money set no conditions.

use crate::lexicon::within;
use crate::outline::Line;
use crate::page::Page;
use crate::rules::{CueKind, Genre, Section, SectionFile};

/// Triage classes whose texts set no conditions of their own.
const WITHOUT_CONDITIONS: [&str; 4] = ["news", "interpret", "result", "lifecycle"];

/// The subject of a sentence is looked for in so many bytes.
const MOST_SUBJECT: usize = 120;

/// What one sentence may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Permit {
    /// What applicants must meet.
    pub(crate) conditions: bool,
    /// It stands where requirements are listed, so that every comparison in it is one unless something else is said of it.
    pub(crate) asked: bool,
    /// What is given.
    pub(crate) awards: bool,
    /// Remarks such as priorities and quotas.
    pub(crate) remarks: bool,
    /// Why it may not set conditions; empty where it may.
    pub(crate) why: &'static str,
}

/// The permits of all sentences of a page.
pub(crate) fn all(page: &Page<'_>) -> Vec<Permit> {
    let genre = if page.triage.as_deref() == Some("apply") { Some(Genre::Recognition) } else { page.genre };
    let headed = page.outline.lines.iter().any(|line| line.rule.is_some() && line.section == Section::Conditions);
    let judge = |sentence| {
        let bounds = page.sentence(sentence);
        let (start, end) = (bounds.start, bounds.end);
        Judge { page, sentence, slice: page.slice(start, end), bounds: (start, end), genre, headed }.permit()
    };
    (0..page.outline.sentences.len()).map(judge).collect()
}

/// What a document is, from its title: the word nearest to the end counts; plans for a kind of rules are those rules.
pub(crate) fn genre_of(title: &str, sections: &SectionFile) -> Option<Genre> {
    const RULES: [&str; 8] = ["办法", "细则", "措施", "申报", "指南", "政策", "条例", "征集"];
    let words = sections.document.iter().flat_map(|rule| rule.words.iter().map(move |word| (word, rule.class)));
    let found: Vec<(usize, Genre)> =
        words.filter_map(|(word, class)| Some((title.rfind(word.as_str())? + word.len(), class))).collect();
    let (end, class) = *found.iter().max_by_key(|(end, _)| *end)?;
    let rules = RULES.iter().any(|kind| title[end..].contains(kind));
    let best = found.iter().map(|(_, class)| *class).filter(|class| is_support(*class)).max();
    if is_support(class) || rules { best } else { Some(class) }
}

const fn is_support(genre: Genre) -> bool {
    matches!(genre, Genre::Support | Genre::Recognition)
}

struct Judge<'p> {
    page: &'p Page<'p>,
    sentence: usize,
    slice: &'p str,
    bounds: (usize, usize),
    genre: Option<Genre>,
    /// A heading or label of the document names conditions.
    headed: bool,
}

impl Judge<'_> {
    fn has(&self, kind: CueKind) -> bool {
        self.page.has(kind, self.bounds.0, self.bounds.1)
    }

    /// Whether the sentence names applicants; 企业应对困难 names none that should do something.
    fn names_applicant(&self) -> bool {
        within(self.page.hits.cues(CueKind::Applicant), self.bounds.0, self.bounds.1).iter().any(|hit| {
            let duty = self.page.slice(hit.start, hit.end).ends_with('应');
            !(duty && self.page.slice(hit.end, self.bounds.1).starts_with(['对', '急', '用', '收', '付', '聘', '届']))
        })
    }

    fn says(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.slice.contains(word))
    }

    fn permit(&self) -> Permit {
        let refuse = |why| Permit { why, ..Permit::default() };
        let Some(line) = self.page.line(self.sentence) else { return refuse("nothing") };
        let triage = self.page.triage.as_deref();
        // News and lists of names may carry a notice: then its sections or the title say so.
        let inside = || matches!(line.section, Section::Conditions | Section::Exclusions | Section::Support);
        let notice = match triage {
            Some("news") => self.is_about_support() || self.headed && inside(),
            Some("result") => self.headed && inside(),
            Some("interpret") => !self.page.explains,
            _ => false,
        };
        if triage.is_some_and(|triage| WITHOUT_CONDITIONS.contains(&triage)) && !notice {
            return refuse("document");
        }
        if self.genre == Some(Genre::Report) {
            return refuse("report");
        }
        if self.has(CueKind::Service) {
            return refuse("service");
        }
        let told = self.tells_support() || self.gives() && self.names_applicant();
        if self.has(CueKind::Budget) && !told {
            return refuse("budget");
        }
        let asked = matches!(line.section, Section::Conditions | Section::Exclusions);
        if self.has(CueKind::Target) && !asked && !(self.gives() && self.names_recipients()) {
            return refuse("target");
        }
        if counts_enterprises(self.slice) || !asked && self.has(CueKind::Statistic) && !self.names_applicant() && !self.gives() {
            return refuse("statistic");
        }
        let why = self.why_no_conditions(line);
        let conditions = why.is_empty();
        let asked = conditions && self.lists_requirements(line);
        Permit { conditions, asked, awards: self.may_award(line), remarks: true, why }
    }

    /// Why the sentence may set no conditions; empty where it may.
    fn why_no_conditions(&self, line: &Line) -> &'static str {
        if self.page.phrase {
            // What is around a phrase is not known, but what it defines, threatens or prefers is asked of nobody.
            let vetoes = [(CueKind::Definition, "definition"), (CueKind::Sanction, "sanction"), (CueKind::Priority, "priority")];
            return vetoes.into_iter().find(|(kind, _)| self.has(*kind)).map_or("", |(_, why)| why);
        }
        let refuses = line.refused || self.has(CueKind::Refusal) || self.page.follows_a_refusal(self.sentence);
        if self.has(CueKind::Scoring) || line.section == Section::Scoring {
            return "scoring";
        }
        if self.has(CueKind::Sanction) && !refuses {
            return "sanction";
        }
        let header = line.list.and_then(|list| self.page.outline.lines.get(list));
        let restricted = self.has(CueKind::Restriction)
            || header.is_some_and(|header| self.page.has(CueKind::Restriction, header.start, header.end));
        if restricted && !refuses && !self.gives() {
            return "restriction";
        }
        if self.has(CueKind::Definition) && !matches!(line.section, Section::Conditions) {
            return "definition";
        }
        // 各级…局要…,取消资格: what is refused there is a duty too.
        let everyone = self.slice.starts_with('各') && !self.gives() && names_offices(self.slice);
        if (self.has(CueKind::Duty) || is_authority(self.slice)) && !refuses || everyone {
            return "duty";
        }
        if self.has(CueKind::AfterAward) && !refuses && !self.gives() {
            return "after award";
        }
        if self.by_section(line, refuses) { "" } else { "section" }
    }

    /// Whether the section allows it, or the sentence says itself whom it is about.
    fn by_section(&self, line: &Line, refuses: bool) -> bool {
        let says_so = self.names_applicant();
        match line.section {
            Section::Conditions | Section::Exclusions => true,
            Section::Contact | Section::Materials | Section::Scoring => false,
            Section::Target | Section::Division => self.tells_support(),
            Section::Basis => self.says(&["适用于", "适用本"]) || self.tells_support(),
            Section::Supervision => refuses && says_so,
            Section::Procedure | Section::Window | Section::Validity => refuses && says_so || self.tells_support(),
            _ if self.genre == Some(Genre::Plan) => line.refused || line.any.is_some() || self.gives() && self.names_recipients(),
            _ if line.refused || line.any.is_some() => true,
            _ if self.genre == Some(Genre::Recognition) => true,
            _ if self.genre == Some(Genre::Support) && (self.gives() || self.has(CueKind::Requirement)) => true,
            Section::Support => {
                says_so
                    || refuses
                    || self.list_sets_conditions(line)
                    || self.gives()
                    || self.has(CueKind::Recipient)
                    || self.slice.starts_with('对')
            }
            Section::Other | Section::Tasks => self.says_who_gets() || refuses || self.list_sets_conditions(line),
        }
    }

    /// Whether the sentence stands among requirements: by its section, its list, what the document is, or its own `应当`.
    fn lists_requirements(&self, line: &Line) -> bool {
        let by_place = matches!(line.section, Section::Conditions | Section::Exclusions)
            || line.refused
            || line.any.is_some()
            || self.list_sets_conditions(line);
        let recognises =
            self.genre == Some(Genre::Recognition) && matches!(line.section, Section::Other | Section::Tasks | Section::Basis);
        let calls = self.page.triage.as_deref() == Some("apply") || self.genre == Some(Genre::Recognition);
        let by_document =
            recognises || calls && !self.headed && matches!(line.section, Section::Other | Section::Tasks | Section::Support);
        by_place
            || by_document
            || !self.gives() && (self.names_applicant() || self.is_about_support() && self.has(CueKind::Requirement))
    }

    /// Money, or in a document about support any other advantage.
    fn gives(&self) -> bool {
        self.has(CueKind::Award) || self.is_about_support() && self.has(CueKind::Benefit)
    }

    /// `对…的企业,给予…` in a document about support, whatever its heading says.
    fn tells_support(&self) -> bool {
        self.is_about_support() && self.gives() && self.names_recipients()
    }

    fn is_about_support(&self) -> bool {
        self.genre.is_some_and(is_support)
    }

    /// `申报单位应…`, `对…的企业,给予…`.
    fn says_who_gets(&self) -> bool {
        let must = || self.says(&["应", "须", "需", "符合", "具备", "满足"]);
        if self.is_about_support() {
            return self.names_applicant() && (must() || self.gives()) || self.gives() && self.names_recipients();
        }
        // Elsewhere 企业应当 is a duty of enterprises, and 鼓励 speaks to authorities.
        let urges = self.has(CueKind::Urging);
        self.applies() && must() || self.gives() && self.names_recipients() && !urges
    }

    /// Whether the sentence speaks of applying and its conditions.
    fn applies(&self) -> bool {
        let applies =
            |words: &str| ["申报", "申请", "条件", "对象", "下列", "以下", "同时"].iter().any(|word| words.contains(word));
        within(self.page.hits.cues(CueKind::Applicant), self.bounds.0, self.bounds.1)
            .iter()
            .any(|hit| applies(self.page.slice(hit.start, hit.end)))
    }

    /// `对首次…的,给予`, `凡…的企业,可享受`.
    fn names_recipients(&self) -> bool {
        self.slice.starts_with(['对', '凡']) || self.has(CueKind::Recipient) || self.names_applicant()
    }

    /// An entry under a line such as `申报企业应符合下列条件:`.
    fn list_sets_conditions(&self, line: &Line) -> bool {
        let Some(header) = line.list.and_then(|list| self.page.outline.lines.get(list)) else { return false };
        self.page.has(CueKind::Applicant, header.start, header.end) || self.page.slice(header.start, header.end).contains("条件")
    }

    fn may_award(&self, line: &Line) -> bool {
        // 并处5000元以下罚款 is given too, but nobody applies for it.
        let punishes = self.has(CueKind::Sanction);
        let section = !matches!(
            line.section,
            Section::Target
                | Section::Division
                | Section::Contact
                | Section::Materials
                | Section::Exclusions
                | Section::Scoring
                | Section::Supervision
                | Section::Basis
        );
        let inside = matches!(line.section, Section::Conditions | Section::Support);
        let plan = self.genre == Some(Genre::Plan) && !inside && !self.names_recipients();
        (section
            || self.tells_support() && !matches!(line.section, Section::Exclusions | Section::Supervision | Section::Scoring))
            && !punishes
            && !plan
            && !line.refused
    }
}

/// `市财政局应当…`, `各区人民政府负责…`: the sentence is about what an authority does.
fn is_authority(sentence: &str) -> bool {
    const OFFICES: [&str; 14] =
        ["局", "厅", "委", "部", "部门", "政府", "办公室", "管委会", "银行", "委员会", "金融机构", "政府办", "法院", "协会"];
    let reach = sentence.char_indices().map(|(at, _)| at).take_while(|at| *at <= MOST_SUBJECT).last().unwrap_or(0);
    let modals = ["应", "要", "须", "负责", "会同", "牵头"];
    let Some(at) = modals.iter().filter_map(|modal| sentence[..reach].find(modal)).min() else { return false };
    let subject = sentence[..at].trim_end_matches(['均', '也', '都', '可', ')', '分', '别', '共', '同']);
    OFFICES.iter().any(|office| subject.ends_with(office)) && !subject.contains([',', ':']) && subject.chars().count() <= 24
}

/// `各区中小企业主管部门对照…`: offices by all their names, of whom a duty is told.
fn names_offices(sentence: &str) -> bool {
    const NEAR: usize = 14;
    let reach = sentence.char_indices().nth(NEAR).map_or(sentence.len(), |(at, _)| at);
    ["部门", "政府", "局", "厅", "管委会", "委员会"].iter().any(|office| sentence[..reach].contains(office))
}

/// `纳税过1亿元的企业达30家`: a count of enterprises is a goal or a report, never a condition.
fn counts_enterprises(sentence: &str) -> bool {
    ["的企业达", "的企业超过", "的企业突破", "企业数量达", "企业总数达", "的企业有", "企业达到", "的企业共"]
        .iter()
        .any(|word| sentence.match_indices(word).any(|(at, _)| followed_by_count(&sentence[at + word.len()..])))
}

fn followed_by_count(rest: &str) -> bool {
    let digits = rest.trim_start_matches(['到', '过', '约']);
    let after = digits.trim_start_matches(|character: char| character.is_ascii_digit() || character == '.');
    after.len() < digits.len() && after.trim_start_matches(['万', '余', '多']).starts_with(['家', '户', '个'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotator::Input;
    use crate::examples::shipped;

    /// Whether the last sentence of a text may set conditions, and why not.
    #[track_caller]
    fn check(title: &str, text: &str, expected: &str) {
        let page = shipped().page(&Input { title, text, ..Input::default() });
        let permit = page.permit(page.outline.sentences.len() - 1);
        assert_eq!((permit.why, permit.conditions), (expected, expected.is_empty()), "in {text}");
    }

    const MEASURES: &str = "专项资金管理办法";

    #[test]
    fn sentences_that_are_about_something_else_set_no_conditions() {
        for (text, why) in [
            ("力争到2030年全市营业收入达到2000亿元以上。", "target"),
            ("市财政每年安排专项资金不低于2亿元。", "budget"),
            ("据统计,今年以来新增企业超过3000家。", "statistic"),
            ("市财政局应当在10个工作日内拨付不低于80%的资金。", "duty"),
            ("研发投入占比5%以上的得10分,满分20分。", "scoring"),
            ("本办法所称中小企业,是指从业人员1000人以下的企业。", "definition"),
            ("企业获得资金后三年内不得迁出,营业收入不低于1亿元。", "after award"),
            ("骗取资金的,并处5000元以下罚款。", "sanction"),
            ("本市居民家庭已有2套住房的,暂停向其销售商品住房。", "restriction"),
            ("房地产企业、典当行等机构不适用本项业务。", "restriction"),
            ("有下列情形之一的家庭,暂停向其销售住房:\n(一)已有2套住房的家庭;\n(二)已有3套住房的家庭。", "restriction"),
            ("各区财政局要加强监管,对严重违法的取消资格。", "duty"),
            ("各区中小企业主管部门对照认定条件和申报要求,负责材料受理和初审。", "duty"),
            ("以上所称小微企业,是指从业人员300人以下的企业。", "definition"),
            ("一、保障措施\n企业营业收入应不低于1亿元。", "section"),
            ("一、申报材料\n1.上年度营业收入1000万元以上的证明。", "section"),
            ("一、支持对象\n甲。\n二、监督管理\n企业营业收入应不低于1亿元。", "section"),
        ] {
            check(MEASURES, text, why);
        }
    }

    #[test]
    fn sections_lists_and_words_open_a_sentence() {
        for text in [
            "一、申报条件\n上年度营业收入1000万元以上。",
            "对上年度营业收入1000万元以上的企业,给予10万元奖励。",
            "申请单位应当具备下列条件:\n(一)上年度营业收入1000万元以上。",
            "有下列情形之一的,不予支持:\n(一)近三年受到行政处罚。",
            "申报条件:上年度营业收入1000万元以上。",
            "1.企业成长奖励\n支持对象:上年度营业收入1000万元以上的企业。",
        ] {
            check(MEASURES, text, "");
        }
    }

    #[test]
    fn the_title_decides_what_a_bare_paragraph_may_say() {
        let text = "本区概况。\n园区入驻企业15家以上,年运营收入1000万元以上。";
        for (title, why) in [
            ("省级示范园区认定标准", ""),
            ("关于支持园区发展的若干政策", ""),
            ("2025年国民经济和社会发展统计公报", "document"),
            ("关于印发园区发展三年行动计划的通知", "section"),
            ("《园区管理办法》政策解读", "document"),
        ] {
            check(title, text, why);
        }
    }

    #[test]
    fn the_last_word_of_a_title_tells_the_genre() {
        let sections = &shipped().rules().sections;
        for (title, genre) in [
            ("产业发展规划", Some(Genre::Plan)),
            ("产业发展专项资金管理办法", Some(Genre::Support)),
            ("行动计划项目申报指南", Some(Genre::Recognition)),
            ("总部企业认定和奖励办法", Some(Genre::Recognition)),
            ("2025年统计公报", Some(Genre::Report)),
            ("关于加强安全生产工作的通知", None),
        ] {
            assert_eq!(genre_of(title, sections), genre, "{title}");
        }
    }
}
