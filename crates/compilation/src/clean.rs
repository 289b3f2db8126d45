//! Makes fetched text fit for a format: illegal characters go, special ones are escaped, only web addresses become links.
//!
//! Titles and quotes come from pages nobody vouches for. Each writer passes every text through exactly one of these.

use std::borrow::Cow;

/// Characters no XML 1.0 file may hold, and those that reorder the text around them.
fn is_unfit(character: char) -> bool {
    let illegal = matches!(character, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}');
    let reordering = matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    illegal || reordering || character == '\r'
}

/// The text without unfit characters; line breaks and tabs stay.
pub(crate) fn fit(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_unfit) { text.chars().filter(|character| !is_unfit(*character)).collect() } else { text.into() }
}

/// The text on one line: every run of white space is one blank.
pub(crate) fn one_line(text: &str) -> String {
    fit(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Appends text to HTML or XML, in element content or a double-quoted attribute.
pub(crate) fn push_markup(out: &mut String, text: &str) {
    for character in text.chars().filter(|character| !is_unfit(*character)) {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
}

/// The text escaped for HTML or XML.
pub(crate) fn markup(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_markup(&mut out, text);
    out
}

/// The text on one line, escaped so that Markdown shows it as it is, also at the start of a line and inside a table cell.
pub(crate) fn markdown(text: &str) -> String {
    let line = one_line(text);
    let mut out = String::with_capacity(line.len() + 8);
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    for (at, character) in line.char_indices() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '|' | '~' | '!' | '$' | '^' => {
                out.push('\\');
                out.push(character);
            }
            '-' | '+' | '=' | ':' if at == 0 => {
                out.push('\\');
                out.push(character);
            }
            '.' | ')' if at == digits && digits > 0 => {
                out.push('\\');
                out.push(character);
            }
            other => out.push(other),
        }
    }
    out
}

/// The normal, ASCII form of a web address; `None` for anything that is no `http` or `https` address of bearable length.
///
/// Word calls a whole document damaged when one link in it is no valid URI, so links are never passed through.
pub(crate) fn web_address(text: &str) -> Option<String> {
    const MOST_BYTES: usize = 2_000;
    let url = url::Url::parse(text.trim()).ok()?;
    let kept = matches!(url.scheme(), "http" | "https") && url.as_str().len() <= MOST_BYTES;
    kept.then(|| url.as_str().replace(['\'', '|', '\\', '^', '`', '{', '}', '[', ']'], ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_reordering_characters_are_dropped() {
        assert_eq!(fit("甲\u{0}\u{b}乙\u{202e}丙\u{ffff}\n丁\r"), "甲乙丙\n丁");
        assert!(matches!(fit("没有"), Cow::Borrowed(_)));
        assert_eq!(one_line(" 甲 \n\t乙 "), "甲 乙");
    }

    #[test]
    fn markup_cannot_be_opened_or_closed_by_text() {
        assert_eq!(markup("<script>\"a\"&'b'"), "&lt;script&gt;&quot;a&quot;&amp;&#39;b&#39;");
    }

    #[track_caller]
    fn check_markdown(text: &str, expected: &str) {
        assert_eq!(markdown(text), expected);
    }

    #[test]
    fn markdown_shows_text_as_it_is() {
        check_markdown("# 一*二*[三](x)", "\\# 一\\*二\\*\\[三\\](x)");
        check_markdown("<script>|", "&lt;script&gt;\\|");
        check_markdown("1. 列表", "1\\. 列表");
        check_markdown("- 列表", "\\- 列表");
        check_markdown("=== 下划", "\\=== 下划");
        check_markdown("费率 3.5-4", "费率 3.5-4");
    }

    #[test]
    fn only_web_addresses_become_links() {
        assert_eq!(web_address("http://例子.cn/a b?x=\"1\"").unwrap(), "http://xn--fsqu00a.cn/a%20b?x=%221%22");
        for text in ["javascript:alert(1)", "file:///etc/passwd", "xt_1.html", "http://[", ""] {
            assert_eq!(web_address(text), None, "{text}");
        }
        assert_eq!(web_address(&format!("http://a.cn/{}", "x".repeat(3_000))), None);
    }
}
