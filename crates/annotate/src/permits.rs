//! What a sentence may say: whether it may set conditions of applicants, and whether it may say what is given.
//!
//! The document, the section and the sentence itself decide. Goals, budgets, statistics, duties of authorities, scoring,
//! definitions and what is asked of those who already got the money set no conditions.

use crate::lexicon::within;
use crate::outline::Line;
use crate::page::Page;
use crate::rules::{CueKind, Genre, Section, SectionFile};
use crate::triage::Told;

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
    let mut permits: Vec<Permit> = Vec::with_capacity(page.outline.sentences.len());
    for sentence in 0..page.outline.sentences.len() {
        let bounds = page.sentence(sentence);
        let (start, end) = (bounds.start, bounds.end);
        let before = permits.last().copied().unwrap_or_default();
        let judge = Judge { page, sentence, slice: page.slice(start, end), bounds: (start, end), genre, headed, before };
        permits.push(judge.permit());
    }
    permits
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
    /// What the sentence before may say.
    before: Permit,
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
        if !self.document_may(line) {
            return refuse("document");
        }
        if self.genre == Some(Genre::Report) {
            return refuse("report");
        }
        let asked = matches!(line.section, Section::Conditions | Section::Exclusions);
        // 平台应具有法人资格 is asked of a supplier only where no applicant is a platform.
        if self.has(CueKind::Service) && !asked {
            return refuse("service");
        }
        let helps = self.tells_support() || self.gives() && self.names_applicant();
        // 自筹资金不低于项目预算的50% is asked; what a budget holds is not.
        if self.has(CueKind::Budget) && !helps && !asked {
            return refuse("budget");
        }
        if self.has(CueKind::Target) && !asked && !(self.gives() && self.names_recipients()) {
            return refuse("target");
        }
        if self.is_title(line) {
            return refuse("title");
        }
        if counts_enterprises(self.slice) || !asked && self.is_statistic() {
            return refuse("statistic");
        }
        let why = self.why_no_conditions(line);
        let conditions = why.is_empty();
        let asked = conditions && self.lists_requirements(line);
        Permit { conditions, asked, awards: self.may_award(line), remarks: true, why }
    }

    /// Whether the document may set conditions here: news and lists of names may carry a notice, then its sections, its
    /// lists or the title say so.
    fn document_may(&self, line: &Line) -> bool {
        let triage = self.page.triage.as_deref();
        if !triage.is_some_and(|triage| WITHOUT_CONDITIONS.contains(&triage)) {
            return true;
        }
        let headed = self.headed && matches!(line.section, Section::Conditions | Section::Exclusions | Section::Support);
        let listed = || self.list_sets_conditions(line) || self.follows_a_label(line);
        match triage {
            // …推进会召开: a title that ends with the deed of a newspaper is one of it.
            Some("news") if self.page.told.as_ref().is_some_and(|triage| self.closes_title(triage)) => {
                headed && listed() || self.tells_support()
            }
            Some("news") => match self.page.told.as_ref().map(|triage| triage.told) {
                // What reads like a newspaper sets conditions only where it says who gets something, or prints a notice.
                Some(Told::Text) => headed || listed() || self.tells_support(),
                Some(Told::Nothing) if listed() => true,
                _ => headed || self.is_about_support(),
            },
            Some("result") => headed,
            Some("interpret") => !self.page.explains,
            _ => false,
        }
    }

    /// Whether the word that tells the class ends the title.
    fn closes_title(&self, triage: &crate::triage::Triage) -> bool {
        triage.told == Told::Title && self.page.named.len() == triage.end
    }

    /// `截至去年底,全市企业达1260家`: how things are.
    fn is_statistic(&self) -> bool {
        if self.gives() {
            return false;
        }
        // 截至2024年底: how things are on a day; 截至申报日 is when they must be so.
        let dated = self.slice.strip_prefix("截至").is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()));
        (dated || self.has(CueKind::Statistic)) && !self.names_applicant() && !(self.page.phrase && self.demands())
            || states_a_number_of_enterprises(self.slice)
    }

    /// Whether a bound is set; that of 规模以上 is part of a name.
    fn demands(&self) -> bool {
        within(self.page.hits.cues(CueKind::Requirement), self.bounds.0, self.bounds.1)
            .iter()
            .any(|hit| !self.page.slice(self.bounds.0, hit.start).ends_with(['模', '额']))
    }

    /// A line that is the name of the document, or of another: 深圳市企业技术中心资助操作规程.
    fn is_title(&self, line: &Line) -> bool {
        const ENDINGS: [&str; 12] =
            ["办法", "细则", "规程", "通知", "意见", "措施", "公告", "方案", "条例", "申报条件", "认定条件", "评选条件"];
        const MODALS: [&str; 6] = ["应", "须", "符合", "具备", "满足", "属于"];
        let name = self.slice.trim_matches([' ', ':', '《', '》']);
        let length = name.chars().count();
        let whole = line.level == 0 && self.bounds.0 <= line.body + 3 && self.bounds.1 + 3 >= line.end;
        if self.page.phrase || !whole || !(6..=60).contains(&length) || name.contains([',', ';', '。']) {
            return false;
        }
        let title = self.page.named.as_str();
        let extra = || name.strip_prefix(title).is_some_and(|rest| rest.chars().count() <= 12);
        let own = || length >= 10 && (title.contains(name) || title.chars().count() >= 10 && extra());
        own() || ENDINGS.iter().any(|ending| name.ends_with(ending)) && !MODALS.iter().any(|modal| name.contains(modal))
    }

    /// Why the sentence may set no conditions; empty where it may.
    fn why_no_conditions(&self, line: &Line) -> &'static str {
        let refuses = line.refused || self.has(CueKind::Refusal) || self.page.follows_a_refusal(self.sentence);
        if self.page.phrase {
            return self.why_not_in_a_phrase(refuses);
        }
        // 考核评为优秀的,给予奖励 is no table of points.
        let rated = self.gives() && !self.slice.contains('分');
        if (self.has(CueKind::Scoring) || gives_points(self.slice)) && !rated || line.section == Section::Scoring {
            return "scoring";
        }
        let listed = matches!(line.section, Section::Conditions | Section::Exclusions) || self.list_sets_conditions(line);
        // 近三年未被责令停产: what must not have happened.
        let spared = listed && self.has(CueKind::Negator);
        if self.has(CueKind::Sanction) && !refuses && !spared {
            return "sanction";
        }
        if self.restricts(line) && !refuses && !self.gives() {
            return "restriction";
        }
        let defines = self.has(CueKind::Definition) || self.supposes();
        if defines && !matches!(line.section, Section::Conditions) {
            return "definition";
        }
        // 各级…局要…,取消资格: what is refused there is a duty too.
        let everyone = self.speaks_to_offices() && !self.gives();
        // 运营机构应具有… is a duty only where nothing is listed that applicants must meet.
        let bound = self.has(CueKind::Duty) || self.has(CueKind::BodyDuty) && !listed;
        if (bound || is_authority(self.slice)) && !refuses || everyone {
            return "duty";
        }
        // 同等条件下优先支持专精特新企业: who is preferred, not who may apply.
        if self.has(CueKind::Priority) && !refuses && !self.gives() && !self.says(&["应", "须", "需", "具备", "符合"]) {
            return "priority";
        }
        if self.follows_an_award(listed) && !refuses && !self.gives() {
            return "after award";
        }
        if self.by_section(line, refuses) { "" } else { "section" }
    }

    /// What is around a phrase is not known, but what it defines, threatens, prefers, rates or charges others with is asked
    /// of nobody.
    fn why_not_in_a_phrase(&self, refuses: bool) -> &'static str {
        let vetoes = [(CueKind::Definition, "definition"), (CueKind::Sanction, "sanction"), (CueKind::Priority, "priority")];
        if let Some((_, why)) = vetoes.into_iter().find(|(kind, _)| self.has(*kind)) {
            return why;
        }
        if gives_points(self.slice) {
            return "scoring";
        }
        let charged = is_authority(self.slice) || self.speaks_to_offices() || obliges(self.slice);
        // 予以通报 gives nothing.
        let pays = self.gives() && self.says(&["奖", "补", "资助", "贴息", "返还", "减免"]);
        if charged && !refuses && !pays { "duty" } else { "" }
    }

    /// What is limited by law, by itself or by the header of its list.
    fn restricts(&self, line: &Line) -> bool {
        let header = line.list.and_then(|list| self.page.outline.lines.get(list));
        self.has(CueKind::Restriction)
            || header.is_some_and(|header| self.page.has(CueKind::Restriction, header.start, header.end))
    }

    /// `获得资金后…`, `项目承担单位应…`: what is asked of those who got it; in a list of conditions the latter are applicants.
    fn follows_an_award(&self, listed: bool) -> bool {
        within(self.page.hits.cues(CueKind::AfterAward), self.bounds.0, self.bounds.1)
            .iter()
            .any(|hit| !(listed && self.page.slice(hit.start, hit.end).ends_with(['应', '须'])))
    }

    /// `各区中小企业主管部门…`, `各县区要…`: to offices, of whom a duty is told.
    fn speaks_to_offices(&self) -> bool {
        const PLACES: [&str; 9] = ["各地", "各县", "各区", "各市", "各镇", "各乡", "各街道", "各级", "各有关"];
        let places = || PLACES.iter().any(|place| self.slice.starts_with(place)) && self.says(&["要", "应", "须"]);
        self.slice.starts_with('各') && (names_offices(self.slice) || places())
    }

    /// `若委托两个引荐人,视为一个团队`: what counts as what.
    fn supposes(&self) -> bool {
        let taken = self.slice.split("视为").nth(1).or_else(|| self.slice.split("视同").nth(1));
        let meets = |rest: &str| ["符合", "具备", "满足", "达到", "未", "不"].iter().any(|word| rest.starts_with(word));
        self.slice.starts_with(['若', '如']) && taken.is_some_and(|rest| !meets(rest))
    }

    /// Whether the section allows it, or the sentence says itself whom it is about.
    fn by_section(&self, line: &Line, refuses: bool) -> bool {
        let says_so = self.names_applicant();
        if self.has(CueKind::Only) && !matches!(line.section, Section::Contact | Section::Materials) {
            return true;
        }
        if matches!(line.section, Section::Other | Section::Tasks | Section::Support | Section::Basis)
            && self.follows_a_label(line)
        {
            return true;
        }
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
            Section::Other | Section::Tasks => {
                self.says_who_gets() || refuses || self.list_sets_conditions(line) || self.goes_on()
            }
        }
    }

    /// Whether the sentence stands among requirements: by its section, its list, what the document is, or its own `应当`.
    fn lists_requirements(&self, line: &Line) -> bool {
        let by_place = matches!(line.section, Section::Conditions | Section::Exclusions)
            || line.refused
            || line.any.is_some()
            || self.list_sets_conditions(line)
            || self.follows_a_label(line);
        let recognises =
            self.genre == Some(Genre::Recognition) && matches!(line.section, Section::Other | Section::Tasks | Section::Basis);
        let calls = self.page.triage.as_deref() == Some("apply") || self.genre == Some(Genre::Recognition);
        let by_document =
            recognises || calls && !self.headed && matches!(line.section, Section::Other | Section::Tasks | Section::Support);
        by_place
            || by_document
            || self.goes_on()
            || !self.gives() && (self.names_applicant() || self.is_about_support() && self.has(CueKind::Requirement))
    }

    /// `此外,企业还应…`, `其中,软件企业不低于6%`: requirements that run over several sentences.
    fn goes_on(&self) -> bool {
        const LINKS: [&str; 10] = ["此外", "另外", "前款", "上述企业", "除上述", "其中", "同时", "并且", "还应", "还须"];
        const BEYOND: usize = 5;
        if !self.before.asked || self.gives() || self.sentence == 0 {
            return false;
        }
        let linked = |links: &[&str]| links.iter().any(|link| self.slice.starts_with(link));
        let same = self.page.sentence(self.sentence - 1).line == self.page.sentence(self.sentence).line;
        let asks = || self.demands() && self.says(&["应", "须", "需", "不低于", "不少于"]);
        if same { linked(&LINKS) || asks() } else { linked(&LINKS[..BEYOND]) }
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

    /// `创业板的基本条件:…;…。`: a label inside a paragraph holds for the sentences behind it, up to the next label.
    fn follows_a_label(&self, line: &Line) -> bool {
        const MOST_SENTENCES: usize = 12;
        const MOST_LABEL: usize = 20;
        let label = (0..=self.sentence).rev().take(MOST_SENTENCES).find_map(|index| {
            let bounds = self.page.sentence(index);
            let slice = self.page.slice(bounds.start.max(line.body), bounds.end);
            let inside = bounds.start >= line.body;
            let label = slice.split_once(':').map(|(label, _)| label.rsplit(',').next().unwrap_or(label));
            if inside { label.filter(|label| label.chars().count() <= MOST_LABEL).map(Some) } else { Some(None) }
        });
        label.flatten().is_some_and(|label| ["条件", "申报要求", "资格要求"].iter().any(|word| label.ends_with(word)))
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

/// `得20分`, `加5分`: what is rated; a score that must be reached (得分60分以上) is none.
fn gives_points(sentence: &str) -> bool {
    let rated = sentence.match_indices('分').any(|(at, _)| {
        let before = sentence[..at].trim_end_matches(|character: char| character.is_ascii_digit() || character == '.');
        before.len() < at && before.ends_with(['得', '加', '扣', '计'])
    });
    rated || sentence.contains("不得分")
}

/// `从业人员300人以上的,应当配备…`: a duty by law of whoever is so large.
fn obliges(sentence: &str) -> bool {
    const DUTIES: [&str; 10] = ["配备", "设置", "设立", "报告", "缴纳", "编制", "委托", "聘请", "安装", "投保"];
    sentence.match_indices("的,应").any(|(at, opening)| {
        let rest = sentence[at + opening.len()..].trim_start_matches(['当', '按', '依', '法', '规', '定']);
        DUTIES.iter().any(|duty| rest.starts_with(duty))
    })
}

/// `新增亿元企业达75家`, `20家单位被授予…`: a number without a bound says how many there are.
fn states_a_number_of_enterprises(sentence: &str) -> bool {
    const KINDS: [&str; 5] = ["企业", "企业数", "总数", "企业数量", "户数"];
    sentence.match_indices(['家', '户']).any(|(at, unit)| {
        let behind = &sentence[at + unit.len()..];
        let before = sentence[..at].trim_end_matches(['万', '余', '多']);
        let digits = before.trim_end_matches(|character: char| character.is_ascii_digit() || character == '.');
        let noun = digits.trim_end_matches(['已', '共', '有', '达', '到', '约']);
        let told = KINDS.iter().any(|kind| noun.ends_with(kind)) || noun.len() < digits.len() && noun.ends_with('的');
        let given = ["单位被", "企业被", "园区被", "企业获", "单位获", "企业入选"].iter().any(|word| behind.starts_with(word));
        digits.len() < before.len() && !is_bounded(behind) && (told || given)
    })
}

fn followed_by_count(rest: &str) -> bool {
    let digits = rest.trim_start_matches(['到', '过', '约']);
    let after = digits.trim_start_matches(|character: char| character.is_ascii_digit() || character == '.');
    let unit = after.trim_start_matches(['万', '余', '多']);
    let behind = ["家", "户", "个"].iter().find_map(|word| unit.strip_prefix(word));
    after.len() < digits.len() && behind.is_some_and(|behind| !is_bounded(behind))
}

/// `15家以上`, `15家的园区`: a number that is asked for.
fn is_bounded(behind: &str) -> bool {
    ["以上", "及以上", "(含", "以内", "以下", "的"].iter().any(|word| behind.starts_with(word))
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
            ("截至去年底,全市新增亿元企业达75家,比去年同期增加10家。", "statistic"),
            ("全国20家单位被授予示范基地称号。", "statistic"),
            ("2025年1月1日以后建成的优先。", "priority"),
            ("若委托两个以上代理人的,视为一个代理团队。", "definition"),
            ("甲区专项资金管理办法", "title"),
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
            "考核被评为优秀的企业技术中心,给予50万元奖励。",
            "申请认定的园区应具备以下条件:\n(一)运营机构应在本市注册满2年。",
            "平台认定条件:\n1.平台应已运营2年以上。",
            "各类基地应具备以下条件:\n——物流园区。入驻物流企业30家以上。",
            "申报企业应具备:\n1.上年度营业收入1000万元以上。",
            "参评对象应同时达到下列标准:\n1.上年度营业收入1000万元以上。",
            "凡有下列行为者,取消申报资格:\n1.近三年受到行政处罚的。",
            "二、遴选标准\n上年度营业收入1000万元以上。",
            "二、除外情形\n近三年受到行政处罚的。",
            "一、申报条件\n1.项目承担单位应成立满1年。",
            "一、申报条件\n1.自筹资金不低于项目总预算的50%。",
            "一、申报条件\n1.近三年未被责令停产停业。",
            "申请备案的机构应在本市注册,成立满2年。此外,机构还应设有实验场所,面积不小于300平方米。",
            "申报单位应成立满2年。\n前款所述单位专职研发人员应不少于15人。",
            "上市后备企业的基本条件:最近两年连续盈利;净资产不少于2000万元。",
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
    fn phrases_about_something_else_set_no_conditions() {
        for (text, why) in [
            ("据悉,此次认定的龙头企业共有23家,总数达到166家。", "statistic"),
            ("截至2024年底,全区拥有高新技术企业312家,研发投入强度达3.2%。", "statistic"),
            ("该公司成立于2010年,拥有发明专利36项。", "statistic"),
            ("各县区要确保新增规上企业不少于10家,未完成任务的予以通报。", "duty"),
            ("银行应在5个工作日内完成调查,对贷款余额超过500万元的企业开展核查。", "duty"),
            ("生产企业从业人员在300人以上的,应当配备安全工程师。", "duty"),
            ("研发费用占比达到5%以上的得20分,低于3%的不得分。", "scoring"),
            ("专项资金总额不超过2000万元,用于设备补贴的比例不低于60%。", "budget"),
            ("企业评价得分达到60分以上。", ""),
            ("截至申报之日,企业营业收入应在1000万元以上。", ""),
            ("入驻企业达到15家的园区,给予20万元奖励。", ""),
            ("研发人员在100人以上的,应不低于职工总数的8%。", ""),
        ] {
            check("", text, why);
        }
    }

    #[test]
    fn a_page_that_is_no_document_sets_conditions_only_in_a_list_of_them() {
        for (text, why) in [
            ("本报讯(记者王某)园区入驻企业应在50家以上。", "document"),
            ("园区入驻企业50家以上。", "document"),
            ("入选园区应具备以下条件:\n1.入驻企业50家以上。", ""),
            ("入选园区的基本条件:入驻企业50家以上。", ""),
        ] {
            check("本区园区建设走上新台阶", text, why);
        }
        check("某类集聚区创建条件", "园区入驻企业50家以上。", "");
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
