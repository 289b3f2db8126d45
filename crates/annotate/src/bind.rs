//! Which indicator a number belongs to: the nearest name that fits its unit, a ratio or growth composed of two names,
//! what the clause before was about, or an open label.

mod composed;
mod inherited;
mod meant;

use crate::lexicon::{Hit, within};
use crate::lists;
use crate::outline::Clause;
use crate::page::Page;
use crate::rules::WordKind;
use crate::token::{Family, Quantity};

/// How a number found its indicator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// The name stands in the clause.
    Named,
    /// Composed of two names.
    Composed,
    /// The same as the number before it in a list or the clause before.
    Inherited,
    /// A rule for numbers without a name.
    Ellipsis,
    /// A limit on applications.
    Limit,
    /// An open label.
    Free,
}

/// The indicator of a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binding {
    /// Id from the vocabulary, or `free:<label>`.
    pub(crate) indicator: String,
    pub(crate) source: Source,
    /// Where the words that name it start and end, with the number.
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// An operator written apart from the number: `不低于职工总数的50%`.
    pub(crate) op: Option<model::Op>,
    /// The case the number is for, where 分别 pairs numbers with cases.
    pub(crate) case: Option<String>,
}

/// How far before a number its name may stand, in bytes.
const MOST_DISTANCE: usize = 240;
/// How far behind a number its name may start, in characters: `1项以上有效发明专利`.
const MOST_BEHIND: usize = 9;
/// How far before a number the word that gives it may stand, in bytes.
const MOST_GIVEN: usize = 45;
/// Labels of at most so many characters that end like a place are one.
const MOST_PLACE: usize = 4;
/// A name this near to the number, in characters, is certainly its own.
const MOST_NEAR: usize = 8;
/// How far before the number the verb of an age may stand, in characters: 注册登记时间应在.
const MOST_AGE_GAP: usize = 6;

/// Binds every quantity of a sentence; `None` where a number belongs to nothing.
pub(crate) fn bind_sentence(page: &Page<'_>, sentence: usize) -> Vec<Option<Binding>> {
    let mut bindings: Vec<Option<Binding>> = Vec::new();
    let range = page.quantities_of(sentence);
    for index in range.clone() {
        let (quantity, mut clause) = (page.quantity(index), page.clause(page.clause_of[index]));
        clause.start = floor(page.text(), clause.start.max(quantity.number_start.saturating_sub(MOST_DISTANCE * 2)));
        let binder = Binder { page, sentence, index, quantity, clause };
        let earlier = Earlier { first: range.start, bindings: &bindings };
        bindings.push(if binder.is_period() { None } else { binder.bind(earlier) });
    }
    bindings
}

/// The bindings of the sentence so far.
#[derive(Clone, Copy)]
struct Earlier<'b> {
    first: usize,
    bindings: &'b [Option<Binding>],
}

impl<'b> Earlier<'b> {
    fn all(self) -> impl Iterator<Item = (usize, &'b Binding)> {
        self.bindings.iter().enumerate().filter_map(move |(at, binding)| Some((self.first + at, binding.as_ref()?)))
    }

    fn last(self) -> Option<(usize, &'b Binding)> {
        self.bindings.iter().enumerate().rev().find_map(|(at, binding)| Some((self.first + at, binding.as_ref()?)))
    }
}

struct Binder<'p> {
    page: &'p Page<'p>,
    sentence: usize,
    index: usize,
    quantity: &'p Quantity,
    clause: Clause,
}

impl<'p> Binder<'p> {
    /// `近3年` is a period, not a quantity.
    fn is_period(&self) -> bool {
        let quantity = self.quantity;
        // 毕业5年内, 成立3年内: time since an event.
        let before = self.page.slice(self.clause.start, quantity.number_start).trim_end_matches(['后', '未', '不', '满']);
        if self.page.rules.numbers.ends(WordKind::Elapsed, before).is_some() {
            return false;
        }
        let periods = &self.page.hits.periods;
        let from = periods.partition_point(|hit| hit.end <= quantity.number_start);
        periods.get(from).is_some_and(|hit| hit.start < quantity.number_end && hit.end >= quantity.number_end)
    }

    fn bind(&self, earlier: Earlier<'_>) -> Option<Binding> {
        if self.quantity.family == Family::Other
            && self.quantity.unit.is_empty()
            && self.quantity.op.is_none_or(|op| op == model::Op::Range)
        {
            return None;
        }
        if let Some(start) = crate::limits::limited(self.page, self.quantity, self.clause) {
            return Some(self.binding("limit.quota", Source::Limit, start));
        }
        if let Some(binding) = self.relaxed(earlier) {
            return Some(binding);
        }
        let pair = crate::pairs::of(self.page, self.sentence, self.index, self.clause);
        if let Some((indicator, start)) = pair.as_ref().and_then(|pair| Some((pair.indicator?, pair.start))) {
            return Some(self.binding(&self.page.rules.indicators[usize::from(indicator)].id, Source::Named, start));
        }
        let case = pair.and_then(|pair| pair.case);
        self.bind_alone(earlier).map(|binding| {
            // 商场企业: the kind alone names the case.
            let own = || binding.case.as_deref().map(|case| case.strip_suffix("企业").unwrap_or(case).to_owned());
            self.of_dwelling(Binding { case: case.or_else(own), ..binding.clone() })
        })
    }

    /// `144平方米以下的新建商品住房`: without a name, the area of what is bought, not of the applicant's premises.
    fn of_dwelling(&self, binding: Binding) -> Binding {
        let named = self.page.slice(binding.start, binding.end).contains("面积");
        if binding.indicator != "premises.area" || named {
            return binding;
        }
        let behind = self.page.slice(self.quantity.end, self.clause.end).trim_start_matches(['的', '新', '建']);
        let before = self.page.slice(self.clause.start, self.quantity.start);
        let dwelling = ["住房", "商品住房", "商品房", "住宅", "普通住房", "自住住房", "房地产开发项目"];
        let bought = ["购房", "唯一住房", "改善性住房", "单套", "套型", "户型"];
        let housing = dwelling.iter().any(|noun| behind.starts_with(noun)) || bought.iter().any(|word| before.contains(word));
        if housing { Binding { indicator: "free:住房面积".to_owned(), ..binding } } else { binding }
    }

    /// Binds a number that is not paired with a name by 分别.
    fn bind_alone(&self, earlier: Earlier<'_>) -> Option<Binding> {
        if self.quantity.per.is_some() {
            return self.free();
        }
        let named = self.named(earlier);
        if self.quantity.family == Family::Percent
            && let Some(binding) = self.ratio(earlier).or_else(|| self.growth(earlier, named.as_ref()))
        {
            return Some(binding);
        }
        // 离校2年内未就业高校毕业生: time since an event that is no indicator of ours.
        if self.quantity.family == Family::Duration
            && let Some(binding) = self.since_event()
        {
            return Some(binding);
        }
        // 招用毕业生并签订1年以上劳动合同: a name right behind the number is nearer than one far before it.
        let far =
            named.as_ref().is_some_and(|binding| self.page.slice(binding.start, self.quantity.start).chars().count() > MOST_NEAR);
        if far && let Some(binding) = self.behind().filter(|binding| binding.end - self.quantity.end <= MOST_NEAR * 3) {
            return Some(binding);
        }
        named
            .or_else(|| {
                let alone = matches!(self.quantity.family, Family::Duration | Family::Money);
                self.behind().filter(|_| !alone || !self.has_own_noun())
            })
            .or_else(|| self.named_further())
            .or_else(|| self.around())
            .or_else(|| self.headed(earlier))
            .or_else(|| self.inherited(earlier))
            .or_else(|| self.carried())
            .or_else(|| self.graded())
            .or_else(|| self.ellipsis(earlier))
            .or_else(|| self.share_of_last(earlier))
            .or_else(|| self.free())
    }

    fn family(&self, hit: &Hit<u16>) -> Family {
        Family::of(self.page.rules.indicators[usize::from(hit.what)].unit_family.as_deref().unwrap_or("none"))
    }

    fn id(&self, hit: &Hit<u16>) -> &'p str {
        &self.page.rules.indicators[usize::from(hit.what)].id
    }

    /// Whether a name can be that of the number: of its unit, and neither made another by what follows (产值净增量) nor by
    /// what lies between (注册登记在本人名下1年以上).
    fn suits(&self, hit: &Hit<u16>) -> bool {
        let between = self.page.slice(hit.end, self.quantity.start.max(hit.end));
        let next = between.trim_start_matches('的');
        let grown = self.page.rules.numbers.list(WordKind::Grown).iter().any(|word| next.starts_with(word.as_str()));
        let id = self.id(hit);
        // 上缴税金地方经济贡献额: the noun behind the name is the head.
        let tail = crate::open::without_light(self.page, between);
        let numbers = &self.page.rules.numbers;
        let headed = tail.chars().count() >= 4
            && !tail.contains(['的', '(', ')', '、', ','])
            && numbers.ends(WordKind::Measure, tail).is_some()
            && !["总额", "金额", "支出额", "数量", "人数", "规模", "支出", "总数"].iter().any(|word| tail.ends_with(word));
        let grown = grown || headed && id != "tax.paid" || between.contains("名下");
        let brief = !(id.starts_with("reg.age") || id == "loan.term") || between.chars().count() <= MOST_AGE_GAP;
        self.quantity.family.fits(self.family(hit)) && !grown && brief && self.counts(id) && !self.is_of_another(hit)
    }

    /// `控股母公司总资产`, `工业设计从业人员`: the measure of someone else, or of a part.
    fn is_of_another(&self, hit: &Hit<u16>) -> bool {
        let before = self.page.slice(self.clause.start, hit.start).trim_end_matches(['的', '年', '度']);
        let id = self.id(hit);
        let others =
            ["母公司", "控股公司", "股东", "投资方", "合作方", "人均", "亩均", "户均", "单个产品", "单品", "单客房", "单间客房"];
        if self.is_narrowed(id, before) {
            return true;
        }
        // 工业设计专职从业人员: how they are employed says nothing of what they do.
        let engaged = ["专职", "全职", "在职", "在岗"].iter().find_map(|word| before.strip_suffix(word)).unwrap_or(before);
        let parts = ["设计", "服务", "技术", "专业", "管理", "销售", "安全", "检测"];
        // 已组建技术中心并正常运行一年以上: the centre is as old.
        let centre = ["技术中心", "研发机构", "实验室", "研究院", "工程中心", "研发中心"];
        if id == "reg.age" && before.contains('并') && centre.iter().any(|word| before.contains(word)) {
            return true;
        }
        if id == "premises.area" && self.page.slice(hit.start, hit.end) == "面积" && !self.is_of_premises(hit) {
            return true;
        }
        others.iter().any(|word| before.ends_with(word))
            || id == "staff.total" && parts.iter().any(|word| engaged.ends_with(word))
    }

    /// A name of the unit of the number right before it that is of someone else.
    fn is_named_of_another(&self, hit: &Hit<u16>) -> bool {
        let between = self.page.slice(hit.end, self.quantity.start.max(hit.end));
        self.quantity.family.fits(self.family(hit))
            && self.counts(self.id(hit))
            && between.chars().count() <= MOST_NEAR
            && self.is_of_another(hit)
    }

    /// `营业面积` and `面积` alone are of premises, `采摘园面积` is of something else.
    fn is_of_premises(&self, hit: &Hit<u16>) -> bool {
        let from = floor(self.page.text(), self.clause.start.max(self.previous_quantity_end()).max(hit.start.saturating_sub(60)));
        let Some(noun) = crate::open::noun_before(self.page, from.min(hit.start), hit.end) else { return true };
        let owner = noun.strip_suffix("面积").unwrap_or(&noun).trim_end_matches(['总', '净', '的']);
        // The noun may be a word the segmenter does not know: 采摘园.
        let before = crate::open::without_light(self.page, self.page.slice(from.min(hit.start), hit.start));
        let bare = before.ends_with(|last: char| !last.is_alphabetic() || "有总且其净".contains(last))
            || self.page.rules.numbers.ends(WordKind::Break, before).is_some();
        owner.ends_with('有')
            || owner.is_empty() && (before.is_empty() || bare)
            || self.page.rules.numbers.ends(WordKind::Premises, before).is_some()
            || self.page.rules.numbers.ends(WordKind::Premises, owner).is_some()
    }

    /// Whether the unit of a count can be that of an indicator: people are not counted in 套.
    fn counts(&self, id: &str) -> bool {
        let base = self.quantity.base.as_str();
        if id == "premises.area" {
            return base == "平方米";
        }
        if id == "invest.years_grad" && matches!(self.quantity.op, Some(model::Op::AtLeast | model::Op::More)) {
            return false;
        }
        if self.quantity.family != Family::Count {
            return true;
        }
        if id.starts_with("staff.") || id == "hire.new_count" {
            base == "人"
        } else {
            !id.starts_with("ip.") || matches!(base, "项" | "件" | "个")
        }
    }

    /// Names in a clause before the number that stand in no parentheses the number stands outside of.
    fn names_before(&self) -> Vec<Hit<u16>> {
        let from = self.clause.start.max(self.quantity.start.saturating_sub(MOST_DISTANCE));
        // 经营满一年: 经营满 is a name, 满 the comparison.
        let hits = within(&self.page.hits.aliases, from, self.quantity.number_start);
        let before = hits.iter().filter(|hit| hit.start < self.quantity.start);
        before.filter(|hit| !self.in_closed_parentheses(hit.start)).copied().collect()
    }

    fn in_closed_parentheses(&self, at: usize) -> bool {
        let mut depth = 0i32;
        for byte in self.page.text().as_bytes()[at..self.quantity.start].iter() {
            match byte {
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => {}
            }
            if depth < 0 {
                return true;
            }
        }
        false
    }

    fn previous_quantity_end(&self) -> usize {
        match self.index.checked_sub(1).map(|index| self.page.quantity(index)) {
            Some(previous) if previous.number_start >= self.clause.start => previous.end,
            _ => self.clause.start,
        }
    }

    /// The nearest fitting name since the last number.
    fn named(&self, earlier: Earlier<'_>) -> Option<Binding> {
        if let Some(binding) = self.glossed() {
            return Some(binding);
        }
        // 1项发明或15项实用新型: a name the number before has taken is not free.
        let taken = earlier.last().map_or(0, |(_, binding)| binding.end);
        let floor = self.previous_quantity_end().max(taken);
        // 自实现税收年度起且亩均税收达到10万元: the nearest name is that of a part, and no name before it is meant.
        let near = self.names_before().into_iter().rev().take_while(|hit| hit.end > floor);
        let hit = near.into_iter().find(|hit| self.suits(hit) || self.is_named_of_another(hit)).filter(|hit| self.suits(hit))?;
        // 达到在职职工人数10%: the comparison stands before or inside the name.
        let apart = || self.page.lexer.last_word_in(self.page.text(), hit.start, self.quantity.start).map(|(op, _, _)| op);
        let op = if self.quantity.op.is_none() && self.quantity.family == Family::Percent { apart() } else { None };
        Some(Binding { op, ..self.binding(self.id(&hit), Source::Named, hit.start) })
    }

    /// The nearest fitting name in the clause, across other numbers that are no rivals.
    fn named_further(&self) -> Option<Binding> {
        if self.has_own_noun() {
            return None;
        }
        let hit = self.names_before().into_iter().rev().find(|hit| self.suits(hit) && !self.is_whole(hit))?;
        let rival = self.page.quantities_of(self.sentence).take_while(|index| *index < self.index).any(|index| {
            let other = self.page.quantity(index);
            other.number_start > hit.end && other.family == self.quantity.family
        });
        let quantity_between = self.page.slice(hit.end, self.quantity.start);
        (!rival || quantity_between.contains(['、', '或']))
            .then(|| self.binding(self.id(&hit), Source::Inherited, self.quantity.start))
    }

    /// `研发费用占营业收入比重不低于3%且不低于800万元`: the second number is of the part, not of the whole.
    fn is_whole(&self, hit: &Hit<u16>) -> bool {
        const FILLERS: [&str; 9] = ["企业", "同期", "当年", "年度", "年", "总", "上年度", "全部", "其"];
        let mut before = self.page.slice(self.clause.start, hit.start);
        while let Some(rest) = FILLERS.iter().find_map(|word| before.strip_suffix(word)) {
            before = rest;
        }
        before.ends_with('占') && self.page.slice(hit.end, self.quantity.start).contains('%')
    }

    /// `1项以上发明专利`, `签订1年以上劳动合同`.
    fn behind(&self) -> Option<Binding> {
        let rest = self.page.slice(self.quantity.end, self.clause.end);
        let reach = rest.char_indices().nth(MOST_BEHIND).map_or(rest.len(), |(byte, _)| byte);
        let limit = self.quantity.end + reach;
        let aliases = &self.page.hits.aliases;
        let from = aliases.partition_point(|hit| hit.start < self.quantity.end);
        let hit = aliases[from..]
            .iter()
            .take_while(|hit| hit.start <= limit)
            .find(|hit| self.quantity.family.fits(self.family(hit)) && self.counts(self.id(hit)))?;
        let between = self.page.slice(self.quantity.end, hit.start);
        let behind = self.page.slice(hit.end, self.clause.end);
        let given = ["贴息", "补助", "补贴", "奖励", "资助", "支持"].iter().any(|word| behind.starts_with(word));
        if between.contains([',', '、', '(', '或', '且', '占', '可', '后', '给', '按', '缴'])
            || hit.end > self.clause.end
            || given
        {
            return None;
        }
        Some(Binding { end: hit.end, ..self.binding(self.id(hit), Source::Named, self.quantity.start) })
    }

    /// `离校1年内`, `退役后6个月内`: not of the founding, and not of the diploma.
    fn since_event(&self) -> Option<Binding> {
        if !self.page.slice(self.quantity.number_end, self.quantity.end).ends_with('内') {
            return None;
        }
        let before = self.page.slice(self.clause.start, self.quantity.start).trim_end_matches(['后', '未', '满']);
        let word = self.page.rules.numbers.ends(WordKind::Elapsed, before)?;
        (!["毕业", "成立", "注册", "登记", "设立"].contains(&word)).then(|| self.free()).flatten()
    }

    fn quantity_start(&self) -> usize {
        if self.clause.parent.is_some() { self.clause.start } else { self.quantity.start }
    }

    fn binding(&self, indicator: &str, source: Source, start: usize) -> Binding {
        Binding {
            indicator: indicator.to_owned(),
            source,
            start: start.min(self.quantity.start),
            end: self.quantity.end,
            op: None,
            case: None,
        }
    }

    /// Numbers whose name the text leaves out.
    fn ellipsis(&self, earlier: Earlier<'_>) -> Option<Binding> {
        let bare = |family: &str| Family::of(family) == self.quantity.family;
        let came_before = |id: &str| earlier.bindings.iter().flatten().any(|binding| binding.indicator == id);
        let from = self.previous_quantity_end().max(self.clause.start);
        let before = self.page.slice(from, self.quantity.start);
        let tail = before.trim_end_matches(')');
        let category = !before.is_empty()
            && (tail.ends_with(['类', '业', '型'])
                || before.ends_with(')') && before.split('(').next().is_some_and(|head| head.ends_with(['类', '业', '型'])));
        let lower = matches!(lists::operator(self.page, self.index), Some(model::Op::AtLeast | model::Op::More));
        let category = category && lower;
        let rule = self.page.rules.ellipses.iter().find(|rule| {
            let anywhere = rule.after == "anything" && self.quantity.op.is_some() && !self.has_own_noun();
            let unit = rule.base.as_ref().is_none_or(|base| *base == self.quantity.base);
            bare(&rule.family)
                && unit
                && (anywhere
                    || came_before(&rule.after)
                    || rule.after == "category" && category && self.quantity.op_or_list(self.page, self.index))
        })?;
        if rule.after != "category" && rule.after != "anything" {
            let words = before.trim_start_matches(['或', '且']);
            let plain = words.is_empty() || ["比例", "比重", "占比"].iter().any(|word| words.contains(word));
            if !plain {
                return None;
            }
        }
        let start = ["比例", "比重", "占比"].iter().filter_map(|word| before.rfind(word)).max();
        Some(self.binding(&rule.indicator, Source::Ellipsis, start.map_or(self.quantity.start, |at| from + at)))
    }

    /// An open label: the noun before the comparison or behind the number, or what lasts so long.
    fn free(&self) -> Option<Binding> {
        let bare = self.quantity.op.is_none() && self.quantity.family != Family::Percent;
        if bare && lists::operator(self.page, self.index).is_none() || !self.page.may_set_conditions(self.sentence) {
            return None;
        }
        // What is given is no open indicator.
        let from = floor(self.page.text(), self.quantity.start.saturating_sub(MOST_GIVEN));
        let before = self.page.slice(self.clause.start.max(from), self.quantity.start);
        let before = &before[lists::after_last(before, &[':', ';', ')'])..];
        // 获得补助的项目新增投资: the project gets something, the investment is asked for.
        let given = ["资助", "补助", "补贴", "奖励", "贴息", "支持", "给予"]
            .iter()
            .any(|noun| before.rfind(noun).is_some_and(|at| !before[at + noun.len()..].starts_with('的')));
        let given = given && !matches!(self.quantity.family, Family::Count | Family::Duration | Family::Other);
        if given || !crate::open::may_ask(self.page, self.sentence, self.quantity, self.clause) {
            return None;
        }
        let ratio = crate::open::share_of_another(self.page, self.quantity, self.clause);
        let op = lists::operator(self.page, self.index).or(ratio.as_ref().map(|(_, op)| *op));
        let lower = matches!(op, Some(model::Op::AtLeast | model::Op::More));
        let highest = self.page.slice(self.quantity.start, self.quantity.number_start).starts_with("最高");
        if op.is_none() || self.quantity.per.is_some() && !lower || highest && self.quantity.family != Family::Count {
            return None;
        }
        let apart = self.quantity.op.is_none().then_some(op).flatten();
        let label = ratio.map(|(label, _)| label);
        let label = label.or_else(|| crate::open::label(self.page, self.quantity, self.clause, self.previous_quantity_end()));
        let label = label.or_else(|| crate::open::nameless(self.page, self.sentence, self.quantity));
        let modest = || crate::open::modest(self.page, self.sentence, self.quantity, self.clause, self.previous_quantity_end());
        let label = label.or_else(modest)?;
        // 其他市不超过3个: a place is no measure.
        if label.text.ends_with(['市', '县', '区', '省', '州', '旗']) && label.text.chars().count() <= MOST_PLACE {
            return None;
        }
        // 亩均投资, 单位税收: of a part.
        let part = self.page.slice(self.clause.start, label.start).ends_with(['均', '位', '每', '次', '期']);
        let same = self.page.rules.numbers.same(&label.text, self.quantity.family).filter(|_| !part);
        let indicator = same.map_or_else(|| format!("free:{}", label.text), str::to_owned);
        let binding = self.binding(&indicator, Source::Free, label.start);
        Some(Binding { end: binding.end.max(label.end), op: apart, ..binding })
    }
}

impl Quantity {
    /// Has an operator, or stands in a list whose last number has one.
    fn op_or_list(&self, page: &Page<'_>, index: usize) -> bool {
        self.op.is_some()
            || page.tokens.quantities.get(index + 1).is_some_and(|next| {
                next.op.is_some()
                    && page.slice(self.end, next.start).chars().count() <= 10
                    && page.slice(self.end, next.start).contains(['、', '或'])
            })
    }
}

/// The character boundary at or before a byte.
pub(crate) fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
