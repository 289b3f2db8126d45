//! Segmentation with the policy dictionary, shared by annotation and search.

use std::sync::Arc;

use jieba_rs::Jieba;
use model::ConfigError;

/// Name under which errors show the file.
const FILE: &str = "index/dictionary.txt";
/// Longer words would never be found in running text.
const MOST_WORD_CHARACTERS: usize = 32;

/// The default dictionary of the segmenter plus our words: `word frequency tag` lines, comments behind `#`.
///
/// It takes over 100 MB and a fifth of a second: make it once and share it.
///
/// # Errors
/// Names the first line that has no word, no number as frequency, or more than three fields.
pub fn segmenter(dictionary: &str) -> Result<Arc<Jieba>, ConfigError> {
    let mut jieba = Jieba::new();
    let mut offset = 0;
    for line in dictionary.split_inclusive('\n') {
        let content = line.split('#').next().unwrap_or_default().trim();
        if !content.is_empty() {
            let (word, frequency, tag) = entry(content)
                .map_err(|message| ConfigError::at(FILE, dictionary, offset..offset + line.trim_end().len(), message))?;
            jieba.add_word(word, frequency, tag);
        }
        offset += line.len();
    }
    Ok(Arc::new(jieba))
}

fn entry(content: &str) -> Result<(&str, Option<usize>, Option<&str>), String> {
    let mut fields = content.split_whitespace();
    let word = fields.next().unwrap_or_default();
    if word.chars().count() > MOST_WORD_CHARACTERS {
        return Err(format!("`{word}` is longer than {MOST_WORD_CHARACTERS} characters"));
    }
    let frequency = match fields.next() {
        None => None,
        Some(text) => Some(text.parse::<usize>().map_err(|_| format!("frequency `{text}` of `{word}` is no whole number"))?),
    };
    let tag = fields.next();
    match fields.next() {
        None => Ok((word, frequency, tag)),
        Some(extra) => Err(format!("expected `word frequency tag`, found a fourth field `{extra}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_policy_dictionary_stay_whole() {
        let jieba = segmenter("# 注释\n专精特新中小企业 20000 nz\n稳岗返还 9000 n # 尾注\n").unwrap();
        let words: Vec<&str> = jieba.cut("支持专精特新中小企业稳岗返还", false).into_iter().map(|token| token.word).collect();
        assert_eq!(words, ["支持", "专精特新中小企业", "稳岗返还"]);
    }

    #[test]
    fn a_broken_line_is_named() {
        let error = segmenter("好 1 n\n坏 多 n\n").unwrap_err();
        assert_eq!(error.line, 2);
        assert!(error.message.contains('多'), "{error}");
        assert!(segmenter("坏 1 n x\n").is_err());
    }
}
