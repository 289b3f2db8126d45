//! The editors' own words: a file of the data folder, beside the shipped dictionary and winning over it.

use std::io::Write;

use annotate::Word;
use anyhow::Context;

use crate::pipeline::Folder;

/// Read as a list of words up to this size.
const MOST_BYTES: u64 = 4 * 1024 * 1024;
/// What stands above the words.
const HEAD: &str = "# 编辑自定的词: 词 词频 词性; 与随附词典不一致时以此为准。由 huice dictionary 增删。\n";

/// The words, in order; none where the file is not there.
///
/// # Errors
/// A file that cannot be read, or its first line that is no word.
pub fn read(folder: &Folder) -> anyhow::Result<Vec<Word>> {
    let path = folder.words();
    let name = path.display().to_string();
    let size = match std::fs::metadata(&path) {
        Ok(found) => found.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("read {name}")),
    };
    anyhow::ensure!(size <= MOST_BYTES, "{name}: {size} bytes; a list of words has at most {MOST_BYTES}");
    let text = std::fs::read_to_string(&path).with_context(|| format!("read {name}: expected UTF-8 text"))?;
    let mut words = annotate::read_words(&name, &text)?;
    words.sort();
    Ok(words)
}

/// Adds a word, or changes what is said of one; says whether it was new.
///
/// # Errors
/// A word that is none, or a file that cannot be read or written.
pub fn add(folder: &Folder, word: Word) -> anyhow::Result<bool> {
    let characters = word.text.chars().count();
    anyhow::ensure!(characters >= 2, "`{}`: expected a word of two or more characters", word.text);
    let breaks = |character: char| character.is_whitespace() || character == '#' || character.is_control();
    anyhow::ensure!(!word.text.contains(breaks), "`{}`: a word has no blanks and no #", word.text);
    // What is written must be read again.
    Word::parse(&word.to_string()).map_err(anyhow::Error::msg)?;
    let mut words = read(folder)?;
    let before = words.len();
    words.retain(|known| known.text != word.text);
    let is_new = words.len() == before;
    words.push(word);
    write(folder, words)?;
    Ok(is_new)
}

/// Takes a word away; says whether it was there.
///
/// # Errors
/// A file that cannot be read or written.
pub fn remove(folder: &Folder, text: &str) -> anyhow::Result<bool> {
    let mut words = read(folder)?;
    let before = words.len();
    words.retain(|word| word.text != text);
    let was_there = words.len() < before;
    if was_there {
        write(folder, words)?;
    }
    Ok(was_there)
}

/// Replaces the file as a whole, so that no reader sees half of it.
fn write(folder: &Folder, mut words: Vec<Word>) -> anyhow::Result<()> {
    words.sort();
    let path = folder.words();
    let name = path.display().to_string();
    std::fs::create_dir_all(folder.root()).with_context(|| format!("create data folder {}", folder.root().display()))?;
    let lines: String = words.iter().map(|word| format!("{word}\n")).collect();
    let beside = path.with_extension("txt.new");
    let mut file = std::fs::File::create(&beside).with_context(|| format!("write {}", beside.display()))?;
    file.write_all((HEAD.to_owned() + &lines).as_bytes())
        .and_then(|()| file.sync_all())
        .with_context(|| format!("write {name}"))?;
    std::fs::rename(&beside, &path).with_context(|| format!("write {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_added_changed_listed_in_order_and_removed() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::new(root.path().join("data"));
        assert!(read(&folder).unwrap().is_empty());
        let word = |line: &str| Word::parse(line).unwrap();
        assert!(add(&folder, word("免申快享")).unwrap());
        assert!(add(&folder, word("一企一策 9000 n")).unwrap());
        assert!(!add(&folder, word("免申快享 8000 n")).unwrap());
        let lines: Vec<String> = read(&folder).unwrap().iter().map(Word::to_string).collect();
        assert_eq!(lines, ["一企一策 9000 n", "免申快享 8000 n"]);
        assert!(remove(&folder, "一企一策").unwrap());
        assert!(!remove(&folder, "一企一策").unwrap());
        assert_eq!(read(&folder).unwrap().len(), 1);
    }

    #[test]
    fn what_is_no_word_is_refused_and_a_broken_line_named() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::new(root.path());
        for text in ["", "字", "两 词", "井#号"] {
            let word = Word { text: text.to_owned(), frequency: None, tag: None };
            assert!(add(&folder, word).is_err(), "{text}");
        }
        std::fs::write(folder.words(), "好词\n坏词 多\n").unwrap();
        let error = format!("{:#}", read(&folder).unwrap_err());
        assert!(error.contains("words.txt") && error.contains('多'), "{error}");
    }
}
