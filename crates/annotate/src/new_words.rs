//! Words a corpus uses and the dictionary does not know: runs of words that hold together and stand freely.
//!
//! Counted level by level, each from the one before, so that only runs whose parts are frequent are ever held.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jieba_rs::Jieba;

/// Words of the general language that part terms from their surroundings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edges {
    /// No term begins or ends with one.
    ends: BTreeSet<String>,
    /// No term has one in it.
    inner: BTreeSet<String>,
}

impl Edges {
    /// Reads `index/term_edges.txt`: one word a line, comments behind `#`; `*` before a word that no term has in it.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut edges = Self::default();
        let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
        for word in lines.flat_map(str::split_whitespace) {
            match word.strip_prefix('*') {
                Some(word) => edges.inner.insert(word.to_owned()),
                None => edges.ends.insert(word.to_owned()),
            };
        }
        edges
    }
}

/// What may be proposed.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// How often a word must occur.
    pub least: usize,
    /// How many words are proposed.
    pub most: usize,
}

/// A word proposed for the dictionary.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// The word.
    pub word: String,
    /// How often it occurs.
    pub count: usize,
    /// The frequency with which the segmenter keeps it whole.
    pub frequency: usize,
    /// 词性, by its ending.
    pub tag: &'static str,
    /// How freely it stands: entropy, in bits, of what stands before it and behind it, the smaller of the two.
    pub freedom: f64,
    /// How it holds together: how much more often its parts meet than by chance, in bits, at its weakest joint.
    pub cohesion: f64,
    /// Where it occurs first.
    pub example: String,
}

impl std::fmt::Display for Proposal {
    /// A line of a dictionary with its reasons behind `#`.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { word, frequency, tag, count, freedom, cohesion, example } = self;
        write!(formatter, "{word} {frequency} {tag} # {count} 次, 自由度 {freedom:.1}, 凝固度 {cohesion:.1}: {example}")
    }
}

/// The longest run, in words of the segmenter and in characters.
const MOST_PARTS: usize = 6;
const CHARACTERS: std::ops::RangeInclusive<usize> = 3..=14;
/// Below these a run is a chance meeting or a part of something longer.
const LEAST_FREEDOM: f64 = 1.5;
const LEAST_COHESION: f64 = 4.0;
/// A run that stands inside one longer word this often is a fragment of it, in percent.
const FRAGMENT_PERCENT: usize = 70;
/// What parts runs: marks, digits, letters and line ends.
const BREAK: u32 = u32::MAX;
/// Characters of an example on either side of the word.
const EXAMPLE_SIDE: usize = 10;

/// Proposes new words from texts; the same texts always give the same words, the most frequent first.
#[must_use]
pub fn propose(texts: &[&str], jieba: &Jieba, edges: &Edges, wanted: Wanted) -> Vec<Proposal> {
    let mut corpus = Corpus::new(texts, jieba);
    let known = |word: &str| jieba.has_word(word) || !CHARACTERS.contains(&word.chars().count());
    let runs = corpus.runs(wanted.least.max(2));
    let mut kept: Vec<(String, Vec<u32>, usize, f64)> = Vec::new();
    for (run, count) in runs.iter().skip(1).flatten() {
        let word = corpus.text_of(run);
        if known(&word) || !corpus.is_bounded(run, edges) {
            continue;
        }
        let cohesion = corpus.cohesion(run, *count, &runs);
        if cohesion >= LEAST_COHESION {
            kept.push((word, run.clone(), *count, cohesion));
        }
    }
    let freedoms = corpus.freedoms(&kept.iter().map(|(_, run, ..)| run.clone()).collect());
    kept.retain(|(_, run, ..)| freedoms.get(run).is_some_and(|freedom| *freedom >= LEAST_FREEDOM));
    let fragments = fragments(&kept);
    kept.retain(|(word, ..)| !fragments.contains(word));
    kept.sort_by(|one, other| (other.2, &one.0).cmp(&(one.2, &other.0)));
    // One word may be cut in two ways; the more frequent cut stands first.
    let mut seen = BTreeSet::new();
    kept.retain(|(word, ..)| seen.insert(word.clone()));
    kept.truncate(wanted.most);
    let made = kept.into_iter().map(|(word, run, count, cohesion)| Proposal {
        frequency: jieba.suggest_freq(&word).max(count),
        tag: tag_of(&word),
        freedom: freedoms.get(&run).copied().unwrap_or_default(),
        example: example(texts, &word),
        word,
        count,
        cohesion,
    });
    made.collect()
}

/// Words that mostly stand inside one longer one.
fn fragments(kept: &[(String, Vec<u32>, usize, f64)]) -> BTreeSet<String> {
    let counts: BTreeMap<&str, usize> = kept.iter().map(|(word, _, count, _)| (word.as_str(), *count)).collect();
    let mut fragments = BTreeSet::new();
    for (word, _, count, _) in kept {
        let boundaries: Vec<usize> = word.char_indices().map(|(at, _)| at).chain([word.len()]).collect();
        for (from, start) in boundaries.iter().enumerate() {
            for end in boundaries.iter().skip(from + 1) {
                let part = &word[*start..*end];
                if part.len() < word.len() && counts.get(part).is_some_and(|of_part| count * 100 >= of_part * FRAGMENT_PERCENT) {
                    fragments.insert(part.to_owned());
                }
            }
        }
    }
    fragments
}

/// Texts as numbers of words.
struct Corpus<'t> {
    numbers: HashMap<&'t str, u32>,
    words: Vec<&'t str>,
    tokens: Vec<u32>,
}

/// Runs of one length with how often they occur.
type Level = BTreeMap<Vec<u32>, usize>;

impl<'t> Corpus<'t> {
    fn new(texts: &[&'t str], jieba: &Jieba) -> Self {
        let mut corpus = Self { numbers: HashMap::new(), words: Vec::new(), tokens: Vec::new() };
        for text in texts {
            for token in jieba.cut(text, false) {
                let number = corpus.number(token.word);
                corpus.tokens.push(number);
            }
            corpus.tokens.push(BREAK);
        }
        corpus
    }

    fn number(&mut self, word: &'t str) -> u32 {
        if !word.chars().all(is_han) || is_ordinal(word) {
            return BREAK;
        }
        let next = u32::try_from(self.words.len()).unwrap_or(BREAK);
        *self.numbers.entry(word).or_insert_with(|| {
            self.words.push(word);
            next
        })
    }

    fn text_of(&self, run: &[u32]) -> String {
        run.iter().map(|number| self.words[*number as usize]).collect()
    }

    /// All runs that occur often enough, by length less one.
    fn runs(&mut self, least: usize) -> Vec<Level> {
        let mut levels: Vec<Level> = Vec::new();
        for length in 1..=MOST_PARTS {
            let mut counts: HashMap<&[u32], usize> = HashMap::new();
            for run in self.tokens.windows(length).filter(|run| !run.contains(&BREAK)) {
                // A run can only be frequent where both its ends are.
                let may =
                    levels.last().is_none_or(|before| before.contains_key(&run[1..]) && before.contains_key(&run[..length - 1]));
                if may {
                    *counts.entry(run).or_default() += 1;
                }
            }
            let level: Level =
                counts.into_iter().filter(|(_, count)| *count >= least).map(|(run, count)| (run.to_vec(), count)).collect();
            levels.push(level);
        }
        levels
    }

    /// Whether both ends may be ends of a word.
    fn is_bounded(&self, run: &[u32], edges: &Edges) -> bool {
        let word = |number: &u32| self.words[*number as usize];
        let free = |number: &u32| !edges.inner.contains(word(number));
        let end = |number: &u32| !edges.ends.contains(word(number));
        run.iter().all(free) && run.first().is_some_and(end) && run.last().is_some_and(end)
    }

    /// The weakest joint of a run.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    fn cohesion(&self, run: &[u32], count: usize, levels: &[Level]) -> f64 {
        let total = self.tokens.len() as f64;
        let of = |part: &[u32]| levels.get(part.len() - 1).and_then(|level| level.get(part)).copied().unwrap_or(count) as f64;
        (1..run.len())
            .map(|joint| (count as f64 * total / (of(&run[..joint]) * of(&run[joint..]))).log2())
            .fold(f64::INFINITY, f64::min)
    }

    /// How freely each run stands.
    fn freedoms(&self, runs: &BTreeSet<Vec<u32>>) -> HashMap<Vec<u32>, f64> {
        let mut sides: HashMap<&[u32], [HashMap<u32, usize>; 2]> = HashMap::new();
        for length in 2..=MOST_PARTS {
            for (at, run) in self.tokens.windows(length).enumerate() {
                let Some(run) = runs.get(run) else { continue };
                let before = at.checked_sub(1).map_or(BREAK, |before| self.tokens[before]);
                let after = self.tokens.get(at + length).copied().unwrap_or(BREAK);
                let sides = sides.entry(run).or_default();
                *sides[0].entry(before).or_default() += 1;
                *sides[1].entry(after).or_default() += 1;
            }
        }
        sides.into_iter().map(|(run, [before, after])| (run.to_vec(), entropy(&before).min(entropy(&after)))).collect()
    }
}

/// The entropy of neighbours in bits; the edge of a sentence is another neighbour each time.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn entropy(neighbours: &HashMap<u32, usize>) -> f64 {
    let total = neighbours.values().sum::<usize>() as f64;
    // In order of size, so that rounding is the same in every run.
    let mut counts: Vec<usize> = neighbours.iter().filter(|(word, _)| **word != BREAK).map(|(_, count)| *count).collect();
    counts.sort_unstable();
    let edges = neighbours.get(&BREAK).copied().unwrap_or_default() as f64;
    let bits: f64 = counts.iter().map(|count| *count as f64 / total).map(|share| -share * share.log2()).sum();
    bits + edges / total * total.log2()
}

/// `第七十一`: articles are counted, not named.
fn is_ordinal(word: &str) -> bool {
    let digits = word.strip_prefix('第').unwrap_or(word);
    !digits.is_empty() && digits.chars().all(|character| "一二三四五六七八九十百千零两".contains(character))
}

fn is_han(character: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&character)
}

fn tag_of(word: &str) -> &'static str {
    const AGENCIES: [&str; 12] = ["局", "厅", "部", "委", "委员会", "办公室", "中心", "集团", "公司", "银行", "协会", "总署"];
    if AGENCIES.iter().any(|ending| word.ends_with(ending)) {
        "nt"
    } else if word.ends_with(['省', '市', '县', '州']) {
        "ns"
    } else {
        "n"
    }
}

fn example(texts: &[&str], word: &str) -> String {
    let found = texts.iter().find_map(|text| Some((*text, text.find(word)?)));
    let Some((text, at)) = found else { return String::new() };
    let before: Vec<char> = text[..at].chars().rev().take(EXAMPLE_SIDE).take_while(|character| *character != '\n').collect();
    let behind = text[at + word.len()..].chars().take(EXAMPLE_SIDE).take_while(|character| *character != '\n');
    before.into_iter().rev().chain(word.chars()).chain(behind).collect::<String>().trim().replace('#', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_holds_together_and_stands_freely_is_proposed_and_its_parts_are_not() {
        let jieba = Jieba::new();
        let around = ["支持", "鼓励", "推动", "引导", "帮助", "扶持", "培育", "规范"];
        let behind = ["发展", "扩大", "升级", "转型", "壮大", "集聚", "出海", "合作"];
        let text: String = (0..64).map(|index| format!("{}飞地孵化基地{}。", around[index % 8], behind[index / 8])).collect();
        // Words hold together against what else a corpus says.
        let text = text + &"全市工业平稳,服务业回升。".repeat(400);
        let proposals = propose(&[&text], &jieba, &Edges::default(), Wanted { least: 20, most: 10 });
        let words: Vec<&str> = proposals.iter().map(|proposal| proposal.word.as_str()).collect();
        assert_eq!(words, ["飞地孵化基地"]);
        assert_eq!(proposals[0].count, 64);
        assert!(proposals[0].to_string().starts_with("飞地孵化基地 "), "{}", proposals[0]);
        assert!(crate::segment::read_words("proposed", &proposals[0].to_string()).is_ok());
    }

    #[test]
    fn words_of_the_general_language_neither_end_a_term_nor_stand_in_it() {
        let jieba = Jieba::new();
        let text: String = (0..40)
            .map(|index| format!("{}飞地孵化基地{}。", ["支持", "应当"][index % 2], ["的人才", "和企业"][index % 2]))
            .collect();
        let edges = Edges::parse("支持 应当 # 动词\n*的 *和\n");
        let words: Vec<String> =
            propose(&[&text], &jieba, &edges, Wanted { least: 10, most: 10 }).into_iter().map(|proposal| proposal.word).collect();
        assert!(words.iter().all(|word| !word.contains('的') && !word.starts_with("支持")), "{words:?}");
    }

    #[test]
    fn known_words_and_rare_ones_are_not_proposed() {
        let jieba = Jieba::new();
        let text = "中小企业。".repeat(50) + "飞地孵化基地。";
        assert!(propose(&[&text], &jieba, &Edges::default(), Wanted { least: 20, most: 10 }).is_empty());
        assert!(propose(&[], &jieba, &Edges::default(), Wanted { least: 20, most: 10 }).is_empty());
    }
}
