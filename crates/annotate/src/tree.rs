//! The condition tree: how the conditions of a text combine, and the name of the group each belongs to.
//!
//! The shape of the document decides: `符合下列条件之一` makes its entries alternatives; what stands in the section of an
//! award holds for that award, so several awards are alternatives; lists for several kinds of applicants hold each for
//! its kind; all other requirements hold for all.

use model::annotation::Case;
use model::{Condition, ConditionTree, Item, What};

use crate::alternatives::{Grouper, Join};
use crate::page::Page;
use crate::rules::{CueKind, Section};

/// A condition with its place, as the tree sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leaf {
    /// Index into the items.
    pub(crate) item: usize,
    pub(crate) sentence: usize,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// Builds the tree and names the groups of the conditions. `awarded` are the sentences that give something, in order.
pub(crate) fn build(page: &Page<'_>, leaves: &[Leaf], items: &mut [Item], awarded: &[usize]) -> Option<ConditionTree> {
    if leaves.is_empty() {
        return None;
    }
    let lines = page.outline.lines.len();
    let mut builder = Builder {
        page,
        items,
        grouper: Grouper { alternatives: 0, cases: 0, tiers: 0 },
        own: vec![Vec::new(); lines],
        children: vec![Vec::new(); lines],
        roots: Vec::new(),
        any: vec![false; lines],
    };
    builder.sort_in(leaves, awarded);
    let roots = std::mem::take(&mut builder.roots);
    let parts = roots.into_iter().filter_map(|line| builder.part(line)).collect();
    builder.join(parts, false).tree
}

/// What a line and the lines under it ask for.
#[derive(Debug, Default)]
struct Part {
    tree: Option<ConditionTree>,
    /// Something is given here.
    awarded: bool,
    /// It is for one kind of applicants only.
    cased: bool,
}

/// What one sentence holds.
#[derive(Debug, Clone, Copy)]
struct Held {
    sentence: usize,
    awarded: bool,
}

struct Builder<'p, 'i> {
    page: &'p Page<'p>,
    items: &'i mut [Item],
    grouper: Grouper,
    /// The sentences of each line that hold conditions or awards.
    own: Vec<Vec<(Held, Vec<Leaf>)>>,
    /// The lines under each line, as far as they hold anything.
    children: Vec<Vec<usize>>,
    roots: Vec<usize>,
    /// Lines whose entries are alternatives.
    any: Vec<bool>,
}

impl Builder<'_, '_> {
    /// Puts the leaves and awards into their lines and the lines into the tree of lines.
    fn sort_in(&mut self, leaves: &[Leaf], awarded: &[usize]) {
        let mut at = 0;
        let mut awards = awarded.iter().copied().peekable();
        loop {
            let next = leaves.get(at).map(|leaf| leaf.sentence);
            let Some(sentence) = next.into_iter().chain(awards.peek().copied()).min() else { break };
            let to = at + leaves[at..].iter().take_while(|leaf| leaf.sentence == sentence).count();
            let gives = awards.next_if_eq(&sentence).is_some();
            if let Some(line) = self.page.outline.sentences.get(sentence).map(|found| found.line) {
                let held = Held { sentence, awarded: gives };
                self.own[line].push((held, leaves[at..to].to_vec()));
            }
            at = to;
        }
        self.hang();
    }

    /// Hangs every line that holds something, with the lines above it, below its header.
    fn hang(&mut self) {
        let lines = &self.page.outline.lines;
        let mut seen = vec![false; lines.len()];
        for index in (0..lines.len()).filter(|index| !self.own[*index].is_empty()) {
            let mut above = Some(index);
            while let Some(line) = above.filter(|line| !std::mem::replace(&mut seen[*line], true)) {
                above = lines[line].parent;
                match above {
                    Some(parent) => self.children[parent].push(line),
                    None => self.roots.push(line),
                }
            }
        }
        lines.iter().filter_map(|line| line.any).for_each(|list| self.any[list] = true);
        self.roots.sort_unstable();
        self.children.iter_mut().for_each(|children| children.sort_unstable());
    }

    /// What a line and the lines under it ask for; lines are nested at most as deep as lists are read.
    fn part(&mut self, line: usize) -> Option<Part> {
        let own = std::mem::take(&mut self.own[line]);
        let mut parts: Vec<Part> = own.into_iter().map(|(held, leaves)| self.sentence(held, &leaves)).collect();
        let children = std::mem::take(&mut self.children[line]);
        let cases = self.cases(&children);
        let below: Vec<Part> = children.into_iter().zip(cases).filter_map(|(child, case)| self.child(child, case)).collect();
        if self.any[line] {
            parts.push(self.alternatives(below));
        } else {
            parts.extend(below);
        }
        // Items of a list without numbers are alternatives one by one.
        let lines = &self.page.outline.lines;
        let listed = lines[line].level == 0 && lines[line].any.is_some() && lines[line].any == lines[line].parent;
        (!parts.is_empty()).then(|| self.join(parts, listed))
    }

    fn child(&mut self, line: usize, case: Option<Case>) -> Option<Part> {
        let mut part = self.part(line)?;
        let Some(case) = case else { return Some(part) };
        if let Some(tree) = part.tree.take() {
            self.grouper.cases += 1;
            name_group(&tree, self.items, &format!("case{}", self.grouper.cases));
            part.cased = true;
            part.tree = Some(ConditionTree::When { case, then: Box::new(tree) });
        }
        Some(part)
    }

    fn sentence(&mut self, held: Held, leaves: &[Leaf]) -> Part {
        let Some(first) = leaves.first() else { return Part { awarded: held.awarded, ..Part::default() } };
        let line = self.page.line(held.sentence);
        let refused = line.is_some_and(|line| line.refused) || self.page.is_refused(held.sentence, first.start);
        let tree = self.grouper.sentence(self.page, leaves, self.items, refused);
        Part { tree: Some(tree), awarded: held.awarded, cased: false }
    }

    /// One of several entries is enough.
    fn alternatives(&mut self, parts: Vec<Part>) -> Part {
        let awarded = parts.iter().any(|part| part.awarded);
        let trees: Vec<ConditionTree> = parts.into_iter().filter_map(|part| part.tree).collect();
        if trees.is_empty() {
            return Part { awarded, ..Part::default() };
        }
        if trees.len() > 1 {
            self.grouper.alternatives += 1;
            let name = format!("any{}", self.grouper.alternatives);
            let nested = trees.iter().any(|tree| !matches!(tree, ConditionTree::Item(_)));
            for (index, tree) in trees.iter().enumerate() {
                let group = if nested { format!("{name}.{}", index + 1) } else { name.clone() };
                name_group(tree, self.items, &group);
            }
        }
        Part { tree: Some(one_or(trees, ConditionTree::Any)), awarded, cased: false }
    }

    /// General requirements hold for all; those that stand with awards are alternatives.
    fn join(&mut self, parts: Vec<Part>, listed: bool) -> Part {
        if listed && parts.len() > 1 {
            return self.alternatives(parts);
        }
        let awarded = parts.iter().any(|part| part.awarded);
        let (schemes, general): (Vec<Part>, Vec<Part>) = parts.into_iter().partition(|part| part.awarded && !part.cased);
        let mut branches: Vec<ConditionTree> = general.into_iter().filter_map(|part| part.tree).collect();
        let schemes: Vec<ConditionTree> = schemes.into_iter().filter_map(|part| part.tree).collect();
        if schemes.len() > 1 {
            for scheme in &schemes {
                self.grouper.tiers += 1;
                name_group(scheme, self.items, &format!("tier{}", self.grouper.tiers));
            }
        }
        if !schemes.is_empty() {
            branches.push(one_or(schemes, ConditionTree::Any));
        }
        Part { tree: (!branches.is_empty()).then(|| flat(branches)), awarded, cased: false }
    }

    /// The kinds of applicants several lists side by side are for: `申请试点单位应符合以下条件:`, `申请示范单位应…`.
    fn cases(&self, children: &[usize]) -> Vec<Option<Case>> {
        let found: Vec<Option<Case>> = children.iter().map(|line| self.case(*line)).collect();
        let mut names: Vec<&str> = found.iter().flatten().map(|case| case.quote.as_str()).collect();
        names.sort_unstable();
        let several = names.len() > 1 && names.windows(2).all(|pair| pair[0] != pair[1]);
        if several { found } else { vec![None; children.len()] }
    }

    /// The kind of applicants one list is for: named before `应符合以下条件:`, or by the heading inside a section of conditions.
    fn case(&self, line: usize) -> Option<Case> {
        let line = self.page.outline.lines.get(line).filter(|line| !line.refused)?;
        let body = self.page.slice(line.body, line.end).trim_end().trim_end_matches(':');
        let introduces = line.body + body.len() < line.end && self.page.has(CueKind::Listing, line.body, line.end);
        let must = MUSTS.iter().filter_map(|must| body.find(must)).min().filter(|_| introduces);
        let kind = line.heading && line.section == Section::Conditions && line.rule.is_none() && body.ends_with(KINDS);
        let end = must.or_else(|| kind.then_some(body.len()))?;
        let front = ["申请认定", "申报认定", "申请", "申报", "认定", "对", "属于"].iter().find(|word| body.starts_with(**word));
        let from = front.map_or(0, |word| word.len());
        let subject = body.get(from..end)?.trim_end_matches(['的', ',', '还', '均', '除', ' ']);
        let plain = ANYBODY.contains(&subject);
        if plain || !(2..=24).contains(&subject.chars().count()) || subject.contains([',', '。']) {
            return None;
        }
        let span = self.page.reading.span(line.body + from, line.body + from + subject.len());
        let quote = self.page.reading.quote(span).to_owned();
        (!quote.is_empty()).then(|| Case { quote, span, tests: Vec::new() })
    }
}

/// Ends of headings that name a kind of applicants, by their last character.
const KINDS: [char; 12] = ['业', '构', '位', '心', '台', '类', '型', '园', '区', '社', '场', '目'];
/// Words with which a list header goes on behind its subject.
const MUSTS: [&str; 8] = ["应", "须", "需", "要", "同时", "符合", "具备", "满足"];
/// Subjects that are every applicant.
const ANYBODY: [&str; 14] = [
    "单位",
    "企业",
    "人",
    "主体",
    "者",
    "项目",
    "的单位",
    "的企业",
    "的项目",
    "本项目",
    "机构",
    "申报单位",
    "申请人",
    "专项资金的单位",
];

pub(crate) fn one_or(mut branches: Vec<ConditionTree>, join: Join) -> ConditionTree {
    if branches.len() == 1 { branches.remove(0) } else { join(branches) }
}

/// All branches, with nested conjunctions lifted.
pub(crate) fn flat(branches: Vec<ConditionTree>) -> ConditionTree {
    let mut lifted = Vec::new();
    for branch in branches {
        match branch {
            ConditionTree::All(inner) => lifted.extend(inner),
            other => lifted.push(other),
        }
    }
    one_or(lifted, ConditionTree::All)
}

/// Names the group of every plain condition of a branch.
pub(crate) fn name_group(tree: &ConditionTree, items: &mut [Item], name: &str) {
    match tree {
        ConditionTree::All(branches) | ConditionTree::Any(branches) => {
            branches.iter().for_each(|branch| name_group(branch, items, name))
        }
        ConditionTree::Not(branch) | ConditionTree::When { then: branch, .. } => name_group(branch, items, name),
        ConditionTree::Item(index) => {
            if let Some(condition) = condition_of(items, *index)
                && condition.group == "all"
            {
                name.clone_into(&mut condition.group);
            }
        }
    }
}

pub(crate) fn condition_of(items: &mut [Item], index: usize) -> Option<&mut Condition> {
    match &mut items.get_mut(index)?.what {
        What::Condition(condition) => Some(condition),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotator::Input;
    use crate::examples::shipped;
    use model::Annotation;

    fn shown(tree: &ConditionTree, annotation: &Annotation) -> String {
        let list = |name: &str, branches: &[ConditionTree]| {
            let inner: Vec<String> = branches.iter().map(|branch| shown(branch, annotation)).collect();
            format!("{name}({})", inner.join(", "))
        };
        match tree {
            ConditionTree::All(branches) => list("all", branches),
            ConditionTree::Any(branches) => list("any", branches),
            ConditionTree::Not(branch) => format!("not({})", shown(branch, annotation)),
            ConditionTree::When { case, then } => format!("when({}: {})", case.quote, shown(then, annotation)),
            ConditionTree::Item(index) => match &annotation.items[*index].what {
                What::Condition(condition) => format!("{}{}", if condition.negated { "!" } else { "" }, condition.indicator),
                other => other.name().to_owned(),
            },
        }
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let annotation = shipped().annotate(&Input { text, ..Input::default() });
        let found = annotation.tree.as_ref().map_or_else(String::new, |tree| shown(tree, &annotation));
        assert_eq!(found, expected, "in {text}");
    }

    #[test]
    fn clauses_must_all_hold_and_or_joins_its_neighbours() {
        check("具有独立法人资格,上年度营业收入不低于1000万元", "all(reg.independent_legal_person, fin.revenue)");
        check(
            "具有独立法人资格,拥有有效发明专利2件以上,或获得高新技术企业认定",
            "all(reg.independent_legal_person, any(ip.invention, qual.has))",
        );
        check("销售收入增长率≥15%或任意一年销售收入≥200万", "any(fin.revenue_growth, fin.sales_revenue)");
        check(
            "在通州区注册的科技型企业或者创新型企业,职工总数不超过300人,上年度营业收入不超过1亿元",
            "all(reg.place, staff.total, fin.revenue)",
        );
    }

    #[test]
    fn an_alternative_keeps_what_belongs_to_it() {
        check(
            "上年度营业收入总额在1000万元以上,或上年度营业收入总额在1000万元以下,但近2年新增股权融资总额达到2000万元以上",
            "any(fin.revenue, all(fin.revenue, equity.new_investment))",
        );
        check(
            "企业上一年度研发经费不低于主营业务收入的3%,研发经费超过3000万元的,不受该比例限制",
            "any(rd.expense_ratio, rd.expense)",
        );
    }

    #[test]
    fn a_denied_alternative_denies_both() {
        check("企业未被列入经营异常名录或严重失信主体名单", "all(!credit.abnormal, !credit.serious_dishonest)");
    }

    #[test]
    fn list_headers_negate_or_make_alternatives() {
        check(
            "有下列情形之一的,不得申报:\n(一)被列入经营异常名录的;\n(二)拖欠职工工资的;\n(三)申请累计超过3次的。",
            "all(!credit.abnormal, !credit.wage_arrears, !loan.times)",
        );
        check(
            "有下列情形之一的,不得申报:\n(一)被列入经营异常名录或严重失信主体名单;\n(二)拖欠职工工资且受到行政处罚的。",
            "all(!credit.abnormal, !credit.serious_dishonest, any(!credit.wage_arrears, !credit.penalty))",
        );
        check(
            "申报企业应当符合下列条件之一:\n1.上年度营业收入1亿元以上;\n2.拥有发明专利5件以上,且研发人员不少于10人。",
            "any(fin.revenue, all(ip.invention, staff.rd))",
        );
    }

    #[test]
    fn lists_for_several_kinds_of_applicants_hold_each_for_its_kind() {
        check(
            "一、申报条件\n1.申请试点单位应符合以下条件:\n(1)上年度营业收入1000万元以上;\n(2)具有独立法人资格。\n2.申请示范单位应符合以下条件:\n(1)上年度营业收入5000万元以上。",
            "all(when(试点单位: all(fin.revenue, reg.independent_legal_person)), when(示范单位: fin.revenue))",
        );
        check(
            "一、申报条件\n1.申报单位应符合以下条件:\n(1)上年度营业收入1000万元以上。\n2.申请人应符合以下条件:\n(1)具有独立法人资格。",
            "all(fin.revenue, reg.independent_legal_person)",
        );
        check(
            "一、申报条件\n(一)加工类企业\n1.上年度营业收入1000万元以上;\n2.具有独立法人资格。\n(二)批发市场\n1.上年度营业收入5000万元以上。",
            "all(when(加工类企业: all(fin.revenue, reg.independent_legal_person)), when(批发市场: fin.revenue))",
        );
    }

    #[test]
    fn a_requirement_for_a_case_is_asked_in_that_case_only() {
        let text = "一、申报条件\n上年度营业收入在2亿元以上的企业,研发费用占营业收入比例不低于3%。";
        check(text, "when(营业收入在2亿元以上: rd.expense_ratio)");
        let annotation = shipped().annotate(&Input { text, ..Input::default() });
        let Some(ConditionTree::When { case, .. }) = &annotation.tree else { panic!("no case") };
        assert_eq!(case.tests.iter().map(|test| test.indicator.as_str()).collect::<Vec<_>>(), ["fin.revenue"]);
        check(
            "加工型企业总资产2000万元以上,年销售收入3000万元以上;流通型企业总资产1000万元以上。",
            "all(when(加工型企业: fin.total_assets), fin.sales_revenue, when(流通型企业: fin.total_assets))",
        );
    }

    #[test]
    fn nested_lists_keep_their_own_way_of_joining() {
        check(
            "申报单位应同时满足下列条件:\n(一)具有独立法人资格;\n(二)符合下列条件之一:\n1.上年度营业收入1亿元以上;\n2.发明专利5件以上,研发人员10人以上。\n(三)未被列入经营异常名录。",
            "all(reg.independent_legal_person, any(fin.revenue, all(ip.invention, staff.rd)), !credit.abnormal)",
        );
        check("申报单位应符合下列条件之一:上年度营业收入1亿元以上;发明专利5件以上。", "any(fin.revenue, ip.invention)");
    }

    #[test]
    fn what_stands_in_the_section_of_an_award_holds_for_that_award() {
        check(
            "一、申报条件\n申报单位应具有独立法人资格。\n二、支持标准\n(一)技术改造\n申报条件:设备投资500万元以上。\n奖励标准:给予最高100万元补助。\n(二)企业成长\n申报条件:上年度营业收入1亿元以上。\n奖励标准:给予20万元奖励。",
            "all(reg.independent_legal_person, any(project.equipment_invest, fin.revenue))",
        );
    }

    #[test]
    fn several_awards_are_alternatives_under_the_general_conditions() {
        check(
            "一、申报条件\n申报单位应具有独立法人资格。\n二、支持标准\n对年度营业收入1亿元以上的企业,给予40万元奖励。\n对年度营业收入5000万元以上的企业,给予30万元奖励。",
            "all(reg.independent_legal_person, any(fin.revenue, fin.revenue))",
        );
    }

    #[test]
    fn news_interpretations_targets_and_budgets_set_no_conditions() {
        for text in [
            "力争到2030年全市高新技术企业营业收入达到2000亿元以上",
            "市财政每年安排专项资金不低于2亿元",
            "纳税过1亿元的企业达30家",
        ] {
            check(text, "");
        }
        let text = "企业研发费用占营业收入比例不低于4%,申报单位须具有独立法人资格。";
        for title in ["《管理办法》政策解读", "我市召开中小企业发展大会"] {
            let annotation = shipped().annotate(&Input { text, title, ..Input::default() });
            assert!(annotation.tree.is_none() && annotation.conditions().next().is_none(), "{title}");
        }
    }

    #[test]
    fn a_number_that_selects_becomes_a_case_with_its_own_tests() {
        for (text, expected) in [
            ("最近一年销售收入在2亿元以上的企业,研发费用占销售收入的比例不低于3%", 1),
            ("最近一年销售收入在5000万元以上2亿元以下的企业,研发费用占销售收入的比例不低于4%", 2),
        ] {
            let annotation = shipped().annotate(&Input { text, ..Input::default() });
            let Some(ConditionTree::When { case, then }) = annotation.tree else {
                panic!("no case in {text}: {:?}", annotation.tree)
            };
            assert_eq!(case.span.of(text), case.quote);
            assert!(case.tests.iter().all(|test| test.indicator == "fin.sales_revenue"), "in {text}");
            assert_eq!(case.tests.len(), expected, "in {text}");
            assert!(matches!(*then, ConditionTree::Item(_)), "in {text}");
        }
    }
}
