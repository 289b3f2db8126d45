//! `huice bench dedup`: identity of a million synthetic documents on one core, held against the truth they were made by.
//!
//! The generator is the same each time. Of its documents about a third repeat an act: word by word on another site, inside
//! another page, without number and issuer, with slips, passed on under another heading, or amended under its name. As many are
//! made to look like an act they are not: next year's notice, the next batch, the twin of another city, its 解读.

use std::collections::HashMap;
use std::time::Instant;

use model::{DocNumber, Document};
use store::{Collection, Incoming, Role};

use super::bench::Figure;

/// Documents made; the target of a million is what a region collects in some years.
const DOCUMENTS: usize = 1_000_000;
/// Acts that later documents repeat or resemble.
const REMEMBERED: usize = 4_096;

/// Numbers that look random and are the same each time (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most.max(1) as u64).unwrap_or(0)
    }

    fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }
}

/// An act, from which documents are made.
#[derive(Clone)]
struct Act {
    number: u32,
    city: usize,
    office: &'static str,
    object: String,
    kind: &'static str,
    year: i16,
    batch: usize,
    month: i8,
    day: i8,
    sequence: u32,
    seed: u64,
}

const OFFICES: &[&str] = &["工业和信息化局", "科学技术局", "财政局", "发展和改革委员会", "商务局", "人力资源和社会保障局"];
const SUBJECTS: &[&str] = &[
    "专精特新",
    "数字化转型",
    "绿色制造",
    "技术改造",
    "研发费用",
    "外贸稳增长",
    "人才引进",
    "融资担保",
    "工业互联网",
    "首台套",
    "服务外包",
    "节能降碳",
    "知识产权",
    "创新平台",
    "中试基地",
    "电子商务",
];
const OBJECTS: &[&str] = &["奖励资金", "示范企业", "专项资金", "补助项目", "培育名单", "贴息资金", "试点企业", "认定企业"];
const KINDS: &[&str] = &["申报", "拨付", "复核", "评审", "验收", "推荐"];
const SYLLABLES: &[&str] =
    &["安", "平", "宁", "清", "江", "河", "山", "阳", "泰", "丰", "永", "新", "东", "西", "南", "北", "石", "金", "青", "云"];
const CLAUSES: &[&str] = &[
    "申报企业应当依法登记注册并具有独立法人资格",
    "企业上年度营业收入不低于",
    "对符合条件的企业给予一次性奖励",
    "各县区主管部门要认真组织审核",
    "申报材料应当真实完整不得弄虚作假",
    "专项资金实行专款专用任何单位不得截留挪用",
    "经专家评审并向社会公示无异议后确定",
    "企业应当建立健全财务管理制度",
    "近三年内未发生重大安全环保质量事故",
    "逾期未报送的视为自动放弃",
    "研发费用占营业收入的比例不低于",
    "鼓励企业加大技术改造投入力度",
    "具体名单由主管部门会同财政部门确定",
    "对弄虚作假骗取资金的依法追究责任",
    "支持企业开展数字化网络化智能化改造",
    "各单位要按照职责分工抓好落实",
    "项目实施期限原则上不超过",
    "补助标准按照实际投入的一定比例执行",
    "同一项目不得重复申报同类资金",
    "本通知自印发之日起施行由主管部门负责解释",
];

fn city_of(number: usize) -> String {
    let count = SYLLABLES.len();
    format!("{}{}{}市", SYLLABLES[number % count], SYLLABLES[number / count % count], SYLLABLES[number / count / count % count])
}

impl Act {
    fn new(number: u32, dice: &mut Dice) -> Self {
        Self {
            number,
            city: dice.below(2_000),
            office: dice.one_of(OFFICES),
            object: format!("{}{}", dice.one_of(SUBJECTS), dice.one_of(OBJECTS)),
            kind: dice.one_of(KINDS),
            year: 2018 + i16::try_from(dice.below(8)).unwrap_or(0),
            batch: 1 + dice.below(9),
            month: 1 + i8::try_from(dice.below(12)).unwrap_or(0),
            day: 1 + i8::try_from(dice.below(28)).unwrap_or(0),
            sequence: 1 + number,
            seed: u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        }
    }

    fn title(&self) -> String {
        let (city, office) = (city_of(self.city), self.office);
        format!("{city}{office}关于组织开展{}年第{}批{}{}工作的通知", self.year, self.batch, self.object, self.kind)
    }

    fn issuer(&self) -> String {
        format!("{}{}", city_of(self.city), self.office)
    }

    fn doc_number(&self) -> Option<DocNumber> {
        let letters: String = city_of(self.city).chars().take(3).collect();
        DocNumber::parse(&format!("{letters}工信〔{}〕{}号", self.year, self.sequence))
    }

    /// About 1,300 characters; the wording follows the seed, the figures the year, the places the city.
    fn text(&self) -> String {
        let mut dice = Dice(self.seed);
        let mut lines =
            vec![format!("各有关单位：\n为做好{}年{}{}工作，现将有关事项通知如下。", self.year, self.object, self.kind)];
        let city = city_of(self.city);
        for article in 1..=28 {
            let (one, other) = (dice.one_of(CLAUSES), dice.one_of(CLAUSES));
            let (subject, amount) =
                (dice.one_of(SUBJECTS), 10 + dice.below(990) + usize::try_from(self.year - 2018).unwrap_or(0));
            let word: String = (0..4).map(|_| dice.one_of(SYLLABLES)).collect();
            lines.push(format!("{article}、{city}{subject}{word}方面，{one}{amount}万元，{other}。"));
        }
        lines.push(format!("{}\n{}年{}月{}日", self.issuer(), self.year, self.month, self.day));
        lines.join("\n")
    }
}

/// How a document stands to the act it is made from.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Making {
    First,
    Copy,
    Wrapped,
    Bare,
    Slips,
    PassedOn,
    NextYear,
    NextBatch,
    Twin,
    Explained,
    Amended,
}

/// What is made and how often, in hundredths.
const MIX: [(Making, usize); 11] = [
    (Making::First, 46),
    (Making::Copy, 10),
    (Making::Wrapped, 7),
    (Making::Bare, 5),
    (Making::Slips, 3),
    (Making::PassedOn, 3),
    (Making::NextYear, 8),
    (Making::NextBatch, 5),
    (Making::Twin, 7),
    (Making::Explained, 3),
    (Making::Amended, 3),
];

/// Makes documents with the number of the act each is of.
struct Generator {
    dice: Dice,
    acts: Vec<Act>,
    /// The acts made from an act, each once.
    kin: HashMap<(u32, Making), u32>,
    made: u32,
    written: usize,
}

impl Generator {
    fn new() -> Self {
        Self { dice: Dice(88_172_645_463_325_252), acts: Vec::new(), kin: HashMap::new(), made: 0, written: 0 }
    }

    fn next(&mut self) -> (Incoming, u32, bool) {
        let mut at = self.dice.below(100);
        let drawn = MIX.iter().find(|(_, share)| {
            let is_here = at < *share;
            at = at.saturating_sub(*share);
            is_here
        });
        let making = drawn.map_or(Making::First, |(making, _)| *making);
        let making = if self.acts.is_empty() { Making::First } else { making };
        let act = if making == Making::First { self.fresh() } else { self.acts[self.dice.below(self.acts.len())].clone() };
        let act = self.varied(act, making);
        let document = self.document(&act, making);
        self.written += 1;
        let incoming = Incoming {
            id: format!("S{}", self.written).as_str().into(),
            url: format!("https://site{}.gov.cn/zwgk/t{}.html", self.site_of(&act, making), self.written),
            source: "synthetic".into(),
            inner_title: model::title::inner_title(&document.title),
            document,
            ..Incoming::default()
        };
        (incoming, act.number, making == Making::Amended)
    }

    fn fresh(&mut self) -> Act {
        let act = Act::new(self.made, &mut self.dice);
        self.made += 1;
        self.remember(act.clone());
        act
    }

    fn remember(&mut self, act: Act) {
        if self.acts.len() < REMEMBERED {
            self.acts.push(act);
        } else {
            let place = self.dice.below(REMEMBERED);
            self.acts[place] = act;
        }
    }

    /// The act itself, or another one that looks like it.
    fn varied(&mut self, mut act: Act, making: Making) -> Act {
        if matches!(making, Making::NextYear | Making::NextBatch | Making::Twin | Making::Explained) {
            let number = *self.kin.entry((act.number, making)).or_insert_with(|| {
                self.made += 1;
                self.made - 1
            });
            (act.number, act.sequence) = (number, number + 1);
        }
        match making {
            Making::NextYear => act.year += 1,
            Making::NextBatch => act.batch += 1,
            Making::Twin => act.city += 2_000,
            _ => {}
        }
        act
    }

    fn site_of(&mut self, act: &Act, making: Making) -> usize {
        if making == Making::First { act.city } else { 5_000 + self.dice.below(5_000) }
    }

    fn document(&mut self, act: &Act, making: Making) -> Document {
        let mut text = act.text();
        let mut title = act.title();
        let day = jiff::civil::date(act.year, act.month, act.day);
        let mut document = Document {
            numbers: act.doc_number().into_iter().collect(),
            issuers: vec![act.issuer()],
            published: Some(day.into()),
            ..Document::default()
        };
        match making {
            Making::Wrapped => {
                let head =
                    format!("首页 政务公开 通知公告 {}\n浏览次数：{}次\n", self.dice.one_of(SUBJECTS), self.dice.below(9_999));
                text = format!(
                    "{head}{text}\n主办单位：{}信息中心 备案序号{}",
                    self.dice.one_of(SYLLABLES),
                    self.dice.below(99_999)
                );
                document.numbers.clear();
            }
            Making::Bare => {
                text = format!("{text}\n（此件公开发布）");
                document.numbers.clear();
                document.issuers.clear();
                document.published = None;
            }
            Making::Slips => text = text.replacen("认真", "认具", 1).replacen("真实", "具实", 1),
            Making::PassedOn => {
                title = format!("重磅！{}新政策来了", self.dice.one_of(SUBJECTS));
                text = format!("{text}\n来源：{}发布", self.dice.one_of(SYLLABLES));
                document.numbers.clear();
                document.issuers.clear();
            }
            Making::Explained => {
                text = format!("近日，{}印发通知。现就有关内容解读如下。\n{text}", act.issuer());
                title = format!("《{title}》政策解读");
                document.numbers.clear();
            }
            Making::Amended => {
                let later = day.checked_add(jiff::Span::new().days(60)).unwrap_or(day);
                document.published = Some(later.into());
                text = text.replacen("万元", "亿元", 3).replacen("一次性", "分期", 2) + "\n原规定与本通知不一致的以本通知为准。";
            }
            _ => {}
        }
        document.title = title;
        document.text = text;
        document
    }
}

/// Right and wrong by pairs of a document and the first of its act: what a person would see.
#[derive(Default)]
struct Truth {
    /// The group in which each act was first put.
    group_of: Vec<Option<u32>>,
    /// The act that opened each group.
    act_of: Vec<u32>,
    merged: usize,
    rightly: usize,
    to_merge: usize,
}

impl Truth {
    fn take(&mut self, act: u32, group: u32, role: Role) {
        let act_at = act as usize;
        if self.group_of.len() <= act_at {
            self.group_of.resize(act_at + 1, None);
        }
        if role == Role::Canonical {
            self.act_of.push(act);
        } else {
            self.merged += 1;
            self.rightly += usize::from(self.act_of.get(group as usize) == Some(&act));
        }
        match self.group_of[act_at] {
            None => self.group_of[act_at] = Some(group),
            Some(_) => self.to_merge += 1,
        }
    }
}

pub(crate) fn measure() -> anyhow::Result<Vec<Figure>> {
    let mut generator = Generator::new();
    let mut collection = Collection::new(tempfile::tempfile()?);
    let mut truth = Truth::default();
    let mut seconds = 0.0;
    let (mut revisions, mut told) = (0usize, 0usize);
    // Made in portions, so that only the judging is timed.
    for _ in 0..DOCUMENTS / 1_000 {
        let portion: Vec<(Incoming, u32, bool)> = (0..1_000).map(|_| generator.next()).collect();
        let started = Instant::now();
        let places = portion.iter().map(|(incoming, ..)| collection.add(incoming)).collect::<Result<Vec<_>, _>>()?;
        seconds += started.elapsed().as_secs_f64();
        for ((_, act, amended), place) in portion.iter().zip(places) {
            truth.take(*act, place.group, place.role);
            revisions += usize::from(*amended);
            told += usize::from(*amended && place.role == Role::Revision);
        }
    }
    let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
    Ok(vec![
        ("million", DOCUMENTS as f64 / seconds, "documents/s"),
        ("million_precision", share(truth.rightly, truth.merged), "ratio"),
        ("million_recall", share(truth.rightly, truth.to_merge), "ratio"),
        ("million_revisions_told", share(told, revisions), "ratio"),
    ])
}
