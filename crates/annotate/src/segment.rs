//! Segmentation with the policy dictionary and the editors' own words, shared by annotation and search.

use std::sync::Arc;

use jieba_rs::Jieba;
use model::ConfigError;

/// Name under which errors show the shipped dictionary.
const SHIPPED: &str = "index/dictionary.txt";
/// Longer words would never be found in running text.
const MOST_WORD_CHARACTERS: usize = 32;
/// Frequency of an editor's word that says none: above every shipped word, so that it wins where they overlap.
const OWN_FREQUENCY: usize = 100_000;

/// A word of a dictionary.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Word {
    /// The word.
    pub text: String,
    /// How strongly it holds together; the segmenter finds one where it is not said.
    pub frequency: Option<usize>,
    /// 词性, such as `n`, `nt`, `nz`.
    pub tag: Option<String>,
}

impl Word {
    /// Reads `word frequency tag`, of which the word alone must be there.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(line: &str) -> Result<Self, String> {
        let mut fields = line.split_whitespace();
        let text = fields.next().unwrap_or_default().to_owned();
        if text.is_empty() {
            return Err("expected `word frequency tag`, found no word".to_owned());
        }
        if text.chars().count() > MOST_WORD_CHARACTERS {
            return Err(format!("`{text}` is longer than {MOST_WORD_CHARACTERS} characters"));
        }
        let frequency = match fields.next() {
            None => None,
            Some(number) => {
                let parsed = number.parse::<usize>();
                Some(parsed.map_err(|_| format!("frequency `{number}` of `{text}` is no whole number"))?)
            }
        };
        let tag = fields.next().map(str::to_owned);
        match fields.next() {
            None => Ok(Self { text, frequency, tag }),
            Some(extra) => Err(format!("expected `word frequency tag`, found a fourth field `{extra}`")),
        }
    }
}

impl std::fmt::Display for Word {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}", self.text)?;
        // A tag is the third field, so a frequency stands before it.
        match (self.frequency, &self.tag) {
            (None, None) => Ok(()),
            (Some(frequency), None) => write!(formatter, " {frequency}"),
            (frequency, Some(tag)) => write!(formatter, " {} {tag}", frequency.unwrap_or(OWN_FREQUENCY)),
        }
    }
}

/// Reads a dictionary: `word frequency tag` lines, comments behind `#`. `file` names it in errors.
///
/// # Errors
/// The first line that has no number as frequency, or more than three fields.
pub fn read_words(file: &str, dictionary: &str) -> Result<Vec<Word>, ConfigError> {
    let mut words = Vec::new();
    let mut offset = 0;
    for line in dictionary.split_inclusive('\n') {
        let content = line.split('#').next().unwrap_or_default().trim();
        if !content.is_empty() {
            let word = Word::parse(content)
                .map_err(|message| ConfigError::at(file, dictionary, offset..offset + line.trim_end().len(), message))?;
            words.push(word);
        }
        offset += line.len();
    }
    Ok(words)
}

/// The default dictionary of the segmenter plus the shipped words, and over them the editors' own.
///
/// It takes over 100 MB and a fifth of a second: make it once and share it.
///
/// # Errors
/// The first line of the shipped dictionary that cannot be read.
pub fn segmenter(dictionary: &str, own: &[Word]) -> Result<Arc<Jieba>, ConfigError> {
    let mut jieba = Jieba::new();
    for word in read_words(SHIPPED, dictionary)? {
        jieba.add_word(&word.text, word.frequency, word.tag.as_deref());
    }
    for word in own {
        jieba.add_word(&word.text, Some(word.frequency.unwrap_or(OWN_FREQUENCY)), word.tag.as_deref());
    }
    Ok(Arc::new(jieba))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut<'t>(jieba: &Jieba, text: &'t str) -> Vec<&'t str> {
        jieba.cut(text, false).into_iter().map(|token| token.word).collect()
    }

    #[test]
    fn words_of_the_policy_dictionary_stay_whole() {
        let jieba = segmenter("# 注释\n专精特新中小企业 20000 nz\n稳岗返还 9000 n # 尾注\n", &[]).unwrap();
        assert_eq!(cut(&jieba, "支持专精特新中小企业稳岗返还"), ["支持", "专精特新中小企业", "稳岗返还"]);
    }

    #[test]
    fn the_words_of_editors_win_over_the_shipped_ones() {
        let shipped = "品质提升 12000 n\n";
        let own = [Word::parse("商圈品质").unwrap()];
        assert_eq!(cut(&segmenter(shipped, &[]).unwrap(), "商圈品质提升"), ["商圈", "品质提升"]);
        assert_eq!(cut(&segmenter(shipped, &own).unwrap(), "商圈品质提升"), ["商圈品质", "提升"]);
    }

    #[test]
    fn a_broken_line_is_named() {
        let error = segmenter("好 1 n\n坏 多 n\n", &[]).unwrap_err();
        assert_eq!(error.line, 2);
        assert!(error.message.contains('多'), "{error}");
        assert!(segmenter("坏 1 n x\n", &[]).is_err());
    }

    #[test]
    fn a_word_is_written_as_it_is_read() {
        for line in ["商圈品质", "商圈品质 9000", "商圈品质 9000 n"] {
            assert_eq!(Word::parse(line).unwrap().to_string(), line);
        }
    }
}
