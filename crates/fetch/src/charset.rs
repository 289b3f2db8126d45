//! From bytes to text, whatever the headers claim.
//!
//! Claims are tried in order of trust, and the first is checked against the bytes: pages that say `utf-8` and are GBK,
//! or the reverse, are common. `gb2312` and `gbk` always mean gb18030, and no claim at all never means ISO-8859-1.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{BIG5, Encoding, GB18030, GBK, UTF_8, UTF_16BE, UTF_16LE};
use model::Issue;

/// Where a declaration inside the page is looked for.
const HEAD_BYTES: usize = 4 << 10;
/// How much is shown to the detector, from the first byte that is not ASCII.
const SAMPLE_BYTES: usize = 16 << 10;

/// A body as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The text, without byte order mark and NUL characters.
    pub text: String,
    /// The charset it was in, in lower case: `utf-8`, `gb18030`, `big5` …
    pub charset: &'static str,
    /// `charset_wrong`, `charset_garbage`, `nul_bytes`.
    pub issues: Vec<Issue>,
}

/// Turns a body into text.
///
/// `declared` is the source's own setting and may be empty. After it come the byte order mark, the `Content-Type`
/// header, a declaration in the first 4 KB, valid UTF-8, and detection.
#[must_use]
pub fn decode(body: &[u8], content_type: Option<&str>, declared: &str) -> Decoded {
    let mut issues = Vec::new();
    let claim = claimed(body, content_type, declared);
    let encoding = match claim {
        Some(claim) => {
            let chosen = checked(body, claim);
            if chosen != claim {
                issues.push(Issue::new("charset_wrong", format!("declared {}, is {}", name(claim), name(chosen))));
            }
            chosen
        }
        None => guessed(body),
    };
    let (mut text, _) = encoding.decode_with_bom_removal(body);
    if text.contains('\0') {
        let count = text.matches('\0').count();
        issues.push(Issue::new("nul_bytes", count.to_string()));
        text = text.replace('\0', "").into();
    }
    issues.extend(garbage(&text));
    Decoded { text: text.into_owned(), charset: name(encoding), issues }
}

/// The most trusted claim about the charset.
fn claimed(body: &[u8], content_type: Option<&str>, declared: &str) -> Option<&'static Encoding> {
    label(declared)
        .or_else(|| Encoding::for_bom(body).map(|(encoding, _)| encoding))
        .or_else(|| label(after_charset(content_type?)?))
        .or_else(|| in_page(&body[..body.len().min(HEAD_BYTES)]))
}

/// The encoding a label means. GBK is read as gb18030, which contains it.
fn label(text: &str) -> Option<&'static Encoding> {
    let encoding = Encoding::for_label_no_replacement(text.trim().as_bytes())?;
    Some(if encoding == GBK { GB18030 } else { encoding })
}

/// The value behind `charset=` (or `encoding=`), without quotes; of `utf-8,gbk` the first.
fn after_charset(text: &str) -> Option<&str> {
    let at = find(text, "charset").map(|at| at + "charset".len())?;
    value_of(&text[at..])
}

fn value_of(text: &str) -> Option<&str> {
    let value = text.trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
    let end = value.find(|character: char| character.is_whitespace() || "\"';,/>?".contains(character)).unwrap_or(value.len());
    Some(&value[..end]).filter(|value| !value.is_empty())
}

fn find(text: &str, word: &str) -> Option<usize> {
    text.as_bytes().windows(word.len()).position(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}

/// A declaration inside the page: `<?xml … encoding=…?>` or a `<meta … charset=…>`.
fn in_page(head: &[u8]) -> Option<&'static Encoding> {
    // Declarations are ASCII; other bytes only have to keep their places.
    let head: String = head.iter().map(|&byte| if byte.is_ascii() { char::from(byte) } else { '?' }).collect();
    let xml = head.trim_start().strip_prefix("<?xml").and_then(|rest| {
        let declaration = &rest[..rest.find('>')?];
        value_of(&declaration[find(declaration, "encoding")? + "encoding".len()..])
    });
    let found = xml.and_then(label).or_else(|| in_meta(&head))?;
    // A page whose declaration can be read as ASCII is not UTF-16.
    Some(if found == UTF_16LE || found == UTF_16BE { UTF_8 } else { found })
}

fn in_meta(head: &str) -> Option<&'static Encoding> {
    let mut rest = head;
    while let Some(at) = find(rest, "<meta") {
        rest = &rest[at + "<meta".len()..];
        let tag = &rest[..rest.find('>').unwrap_or(rest.len())];
        if let Some(encoding) = after_charset(tag).and_then(label) {
            return Some(encoding);
        }
    }
    None
}

/// The claim, or what the body evidently is instead.
fn checked(body: &[u8], claim: &'static Encoding) -> &'static Encoding {
    let Some(first) = body.iter().position(|byte| !byte.is_ascii()) else { return claim };
    if claim == UTF_16LE || claim == UTF_16BE {
        return claim;
    }
    // Nearly every page: what is valid needs no counting.
    if claim == UTF_8 && std::str::from_utf8(body).is_ok() {
        return claim;
    }
    let utf8 = Utf8Count::of(body);
    if claim == UTF_8 {
        return if utf8.is_plausible() { claim } else { repaired(body, first, claim) };
    }
    if utf8.is_certain() {
        return UTF_8;
    }
    let share = broken_share(claim, body);
    // Single-byte charsets accept every byte, so only the detector can tell that a page is not Latin.
    if claim.is_single_byte() || share > 0.02 { repaired(body, first, claim) } else { claim }
}

/// What fits better than a claim that does not fit; the claim where nothing does.
fn repaired(body: &[u8], first: usize, claim: &'static Encoding) -> &'static Encoding {
    let guess = detected(body, first);
    if claim.is_single_byte() {
        return if guess.is_single_byte() { claim } else { guess };
    }
    let claim_share = broken_share(claim, body);
    let best = [guess, GB18030, UTF_8, BIG5]
        .into_iter()
        .filter(|encoding| !encoding.is_single_byte())
        .map(|encoding| (encoding, broken_share(encoding, body)))
        // Of equals the first is kept, so the detector decides between GBK and Big5.
        .reduce(|best, next| if next.1 < best.1 { next } else { best });
    match best {
        Some((encoding, share)) if share < claim_share / 4.0 => encoding,
        _ => claim,
    }
}

/// The charset of a body that claims none.
fn guessed(body: &[u8]) -> &'static Encoding {
    let Some(first) = body.iter().position(|byte| !byte.is_ascii()) else { return UTF_8 };
    let utf8 = Utf8Count::of(body);
    if utf8.broken == 0 || utf8.is_certain() {
        return UTF_8;
    }
    let guess = detected(body, first);
    // Government pages that claim nothing are Chinese; the detector calls short ones Latin.
    if guess.is_single_byte() && broken_share(GB18030, body) < 0.02 { GB18030 } else { guess }
}

fn detected(body: &[u8], first: usize) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let sample = &body[first..body.len().min(first + SAMPLE_BYTES)];
    detector.feed(sample, true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    if guess == GBK { GB18030 } else { guess }
}

/// How a body reads as UTF-8.
#[derive(Debug, Default)]
struct Utf8Count {
    /// Ideographs (three bytes that are hardly ever valid by chance).
    wide: usize,
    /// Other characters of several bytes.
    other: usize,
    /// Sequences that are not UTF-8.
    broken: usize,
}

impl Utf8Count {
    fn of(body: &[u8]) -> Self {
        let mut count = Self::default();
        for chunk in body.utf8_chunks() {
            for character in chunk.valid().chars().filter(|character| !character.is_ascii()) {
                if character.len_utf8() == 3 { count.wide += 1 } else { count.other += 1 }
            }
            count.broken += usize::from(!chunk.invalid().is_empty());
        }
        count
    }

    /// Whether a claim of UTF-8 may stand.
    const fn is_plausible(&self) -> bool {
        self.broken * 10 <= self.wide + self.other
    }

    /// Whether it is UTF-8 though something else is claimed.
    const fn is_certain(&self) -> bool {
        (self.broken == 0 && self.wide >= 3) || (self.wide >= 20 && self.broken * 50 < self.wide)
    }
}

/// The share of malformed sequences among all characters that are not ASCII.
fn broken_share(encoding: &'static Encoding, body: &[u8]) -> f64 {
    let (text, _) = encoding.decode_without_bom_handling(body);
    let (mut wide, mut broken) = (0_u32, 0_u32);
    for character in text.chars().filter(|character| !character.is_ascii()) {
        wide += 1;
        broken += u32::from(is_implausible(character));
    }
    f64::from(broken) / f64::from(wide.max(1))
}

/// A replacement character, or one that a wrong reading makes and no page writes: private use and control characters.
const fn is_implausible(character: char) -> bool {
    matches!(character, '\u{fffd}' | '\u{e000}'..='\u{f8ff}' | '\u{80}'..='\u{9f}')
}

/// The issue for what stays unreadable: replacement characters, and `锟斤拷`, which is what they become when read twice.
fn garbage(text: &str) -> Option<Issue> {
    let broken = text.matches('\u{fffd}').count() + text.matches("锟斤拷").count() * 3;
    if broken == 0 {
        return None;
    }
    let all = text.chars().count().max(1);
    #[expect(clippy::cast_precision_loss, reason = "a percentage for people")]
    let share = broken as f64 * 100.0 / all as f64;
    Some(Issue::new("charset_garbage", format!("{share:.2}% ({broken} of {all} characters)")))
}

fn name(encoding: &'static Encoding) -> &'static str {
    match encoding.name() {
        "UTF-8" => "utf-8",
        "Big5" => "big5",
        "UTF-16LE" => "utf-16le",
        "UTF-16BE" => "utf-16be",
        "Shift_JIS" => "shift_jis",
        "EUC-JP" => "euc-jp",
        "EUC-KR" => "euc-kr",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "关于印发《中小企业发展专项资金管理办法》的通知，各省、自治区、直辖市财政厅（局）：";

    fn page(head: &str, encoding: &'static Encoding) -> Vec<u8> {
        let text = format!("<html><head>{head}</head><body>{}</body></html>", TEXT.repeat(5));
        encoding.encode(&text).0.into_owned()
    }

    #[track_caller]
    fn check(body: &[u8], content_type: Option<&str>, declared: &str, charset: &str, issues: &[&str]) {
        let decoded = decode(body, content_type, declared);
        assert_eq!(decoded.charset, charset);
        assert!(decoded.text.contains("专项资金管理办法"), "{}", decoded.text);
        let codes: Vec<&str> = decoded.issues.iter().map(|issue| issue.code.as_str()).collect();
        assert_eq!(codes, issues);
    }

    #[test]
    fn true_declarations_are_followed_wherever_they_stand() {
        let gbk = page("", GBK);
        for name in ["gb2312", "GBK", "gb18030", "\"gb2312\"", "gbk;", "gb2312,utf-8"] {
            check(&gbk, Some(&format!("text/html; charset={name}")), "", "gb18030", &[]);
        }
        check(&gbk, None, "gbk", "gb18030", &[]);
        check(
            &page("<META content='text/html; charset=gb2312' http-equiv=Content-Type>", GBK),
            Some("text/html"),
            "",
            "gb18030",
            &[],
        );
        check(&page("<meta name=a content=b><meta charset=\"GBK\"/>", GBK), None, "", "gb18030", &[]);
        check(&page("", UTF_8), Some("text/html;charset=UTF-8"), "", "utf-8", &[]);
        check(&page("<meta charset=utf-16>", UTF_8), None, "", "utf-8", &[]);
        let xml = format!("<?xml version=\"1.0\" encoding='gb2312'?><a>{TEXT}</a>");
        check(&GBK.encode(&xml).0, None, "", "gb18030", &[]);
    }

    #[test]
    fn a_byte_order_mark_decides_and_is_no_text() {
        let marked = format!("\u{feff}{TEXT}");
        check(marked.as_bytes(), None, "", "utf-8", &[]);
        assert!(decode(marked.as_bytes(), None, "").text.starts_with('关'));
        let utf16: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
        check(&utf16, Some("text/html; charset=gbk"), "", "utf-16le", &[]);
    }

    #[test]
    fn without_a_declaration_the_bytes_decide_and_never_for_latin() {
        check(&page("", UTF_8), Some("text/html"), "", "utf-8", &[]);
        check(&page("", GBK), Some("text/html"), "", "gb18030", &[]);
        let short = GBK.encode("专项资金管理办法").0.into_owned();
        check(&short, None, "", "gb18030", &[]);
        assert_eq!(decode(b"plain ascii", None, "").charset, "utf-8");
        assert_eq!(decode(b"", None, "").text, "");
    }

    #[test]
    fn script_before_the_text_does_not_hide_it_from_the_detector() {
        let mut body = vec![b' '; 40 << 10];
        body.extend(page("", GBK));
        check(&body, None, "", "gb18030", &[]);
    }

    #[test]
    fn a_wrong_declaration_is_repaired_and_reported() {
        check(&page("<meta charset=utf-8>", GBK), None, "", "gb18030", &["charset_wrong"]);
        check(&page("", GBK), Some("text/html; charset=utf-8"), "", "gb18030", &["charset_wrong"]);
        check(&page("", UTF_8), Some("text/html; charset=gbk"), "", "utf-8", &["charset_wrong"]);
        check(&page("", UTF_8), Some("text/html; charset=ISO-8859-1"), "", "utf-8", &["charset_wrong"]);
        check(&page("", GBK), Some("text/html; charset=ISO-8859-1"), "", "gb18030", &["charset_wrong"]);
        check(&page("", UTF_8), None, "gbk", "utf-8", &["charset_wrong"]);
    }

    #[test]
    fn traditional_chinese_is_told_apart() {
        let text = "關於印發《中小企業發展專項資金管理辦法》的通知，各縣市政府財政局應依規定辦理。".repeat(4);
        let body = BIG5.encode(&text).0.into_owned();
        for content_type in [Some("text/html; charset=big5"), None] {
            let decoded = decode(&body, content_type, "");
            assert_eq!((decoded.charset, decoded.text.as_str()), ("big5", text.as_str()));
        }
    }

    #[test]
    fn a_few_broken_characters_do_not_change_the_charset_but_are_reported() {
        let mut body = page("", UTF_8);
        let at = body.len() / 2;
        body.insert(at, 0xff);
        let decoded = decode(&body, Some("text/html; charset=utf-8"), "");
        assert_eq!(decoded.charset, "utf-8");
        let codes: Vec<&str> = decoded.issues.iter().map(|issue| issue.code.as_str()).collect();
        assert_eq!(codes, ["charset_garbage"]);
        assert_eq!(decoded.issues[0].detail, "1.22% (3 of 246 characters)");
    }

    #[test]
    fn garbage_that_was_stored_as_garbage_is_reported() {
        let decoded = decode("标题锟斤拷锟斤拷".as_bytes(), None, "utf-8");
        assert_eq!(decoded.issues[0].code, "charset_garbage");
    }

    #[test]
    fn nul_bytes_are_dropped_with_an_issue() {
        let decoded = decode("通\0知\0".as_bytes(), None, "");
        assert_eq!(decoded.text, "通知");
        assert_eq!(decoded.issues, [Issue::new("nul_bytes", "2")]);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..300), label in "[a-z0-9=;-]{0,12}") {
            let decoded = decode(&body, Some(&format!("text/html; charset={label}")), &label);
            prop_assert!(!decoded.text.contains('\0'));
        }

        #[test]
        fn chinese_text_comes_back_whole(text in "[一-龥，。0-9a-z]{12,80}") {
            prop_assert_eq!(&decode(text.as_bytes(), None, "").text, &text);
            let gbk = GB18030.encode(&text).0;
            prop_assert_eq!(&decode(&gbk, Some("text/html; charset=gb2312"), "").text, &text);
        }
    }
}
