//! Reading attached files: made ones that show one thing each, and the real ones of the corpus.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test ends where it fails, and says what it skips")]

mod files_made;

use std::sync::atomic::Ordering;

use extract::files::{FileLimits, read_file};
use files_made::{Ofd, Pdf, gbk, hex, zip};
use model::{FileKind, FileState, FileText};
use proptest::prelude::*;

fn read(bytes: &[u8]) -> FileText {
    read_file(bytes, &FileLimits::default())
}

fn lines(text: &FileText) -> Vec<&str> {
    text.blocks.iter().map(|block| block.text.as_str()).collect()
}

fn codes(text: &FileText) -> Vec<&str> {
    text.issues.iter().map(|issue| issue.code.as_str()).collect()
}

/// One line of text in the font `F1` at a place.
fn shown(x: u32, y: u32, size: u32, string: &str) -> String {
    format!("BT /F1 {size} Tf 1 0 0 1 {x} {y} Tm {string} Tj ET\n")
}

// --- PDF: fonts -------------------------------------------------------------------------------------------------------

#[test]
fn a_red_header_in_fonts_that_are_not_embedded_survives() {
    // An odd run of ASCII shifts every pair of bytes behind it.
    let header = "示例市A人民政府2024年第7号a文件";
    for (encoding, string) in [
        ("GBK-EUC-H", hex(&gbk(header))),
        ("GBKp-EUC-H", hex(&gbk(header))),
        ("GB-EUC-H", hex(&gbk(header))),
        ("GBpc-EUC-H", hex(&gbk(header))),
        ("GBK2K-H", hex(&gbk(header))),
        ("UniGB-UCS2-H", hex(&files_made::utf16(header))),
        ("UniGB-UTF16-H", hex(&files_made::utf16(header))),
    ] {
        let mut pdf = Pdf::default();
        pdf.font("F1", &files_made::composite_font("SimSun", encoding));
        pdf.page(&shown(100, 700, 36, &string));
        let text = read(&pdf.bytes());
        assert_eq!((text.state, lines(&text)), (FileState::Text, vec![header]), "{encoding}");
    }
}

#[test]
fn gbk_bytes_in_a_simple_font_with_a_chinese_name_are_read() {
    let bytes = hex(&gbk("示例市人民政府2024年文件"));
    for (font, expected) in [
        ("SimSun", "示例市人民政府2024年文件"),
        ("FangSong_GB2312", "示例市人民政府2024年文件"),
        ("#B7#BD#D5#FD#D0#A1#B1#EA#CB#CE#BC#F2#CC#E5", "示例市人民政府2024年文件"),
    ] {
        let mut pdf = Pdf::default();
        pdf.font("F1", &format!("<< /Type /Font /Subtype /TrueType /BaseFont /{font} /Encoding /WinAnsiEncoding >>"));
        pdf.page(&shown(100, 700, 16, &bytes));
        assert_eq!(lines(&read(&pdf.bytes())), [expected], "{font}");
    }
    // A Latin font keeps its Latin letters.
    let mut pdf = Pdf::default();
    pdf.font("F1", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>");
    pdf.page(&shown(100, 700, 16, "(Caf\\351 2024)"));
    assert_eq!(lines(&read(&pdf.bytes())), ["Café 2024"]);
}

#[test]
fn the_font_that_q_saves_is_restored() {
    let mut pdf = Pdf::default();
    pdf.font("F1", &files_made::composite_font("SimSun", "GBK-EUC-H"));
    pdf.font("F2", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>");
    let (one, two) = (hex(&gbk("示例市文件")), hex(&gbk("各有关单位")));
    pdf.page(&format!(
        "BT /F1 16 Tf 1 0 0 1 100 700 Tm {one} Tj ET q BT /F2 16 Tf 1 0 0 1 100 650 Tm (ABC) Tj ET Q \
         BT 1 0 0 1 100 600 Tm {two} Tj ET"
    ));
    assert_eq!(lines(&read(&pdf.bytes())), ["示例市文件", "ABC", "各有关单位"]);
}

#[test]
fn text_within_form_objects_is_read_where_they_stand() {
    let mut pdf = Pdf::default();
    pdf.font("F1", &files_made::composite_font("SimSun", "GBK-EUC-H"));
    pdf.form("X1", "[1 0 0 1 0 300]", &shown(100, 400, 16, &hex(&gbk("表格之内"))));
    pdf.page(&format!("{}/X1 Do\n", shown(100, 600, 16, &hex(&gbk("表格之外")))));
    assert_eq!(lines(&read(&pdf.bytes())), ["表格之内", "表格之外"]);
}

#[test]
fn layers_that_are_off_are_not_read() {
    for (off, expected) in [(false, vec!["可见文字", "另一图层"]), (true, vec!["可见文字"])] {
        let mut pdf = Pdf::default();
        pdf.font("F1", &files_made::composite_font("SimSun", "GBK-EUC-H"));
        pdf.layer(off);
        let other = shown(100, 500, 16, &hex(&gbk("另一图层")));
        pdf.page(&format!("{}/OC /L1 BDC\n{other}EMC\n", shown(100, 600, 16, &hex(&gbk("可见文字")))));
        assert_eq!(lines(&read(&pdf.bytes())), expected, "{off}");
    }
}

// --- PDF: pages -------------------------------------------------------------------------------------------------------

const BODY: [&str; 3] = [
    "为贯彻落实国家有关规定，进一步支持中小企业发展，现就有关",
    "事项通知如下，请各单位结合实际认真执行。",
    "本通知自发布之日起施行。",
];

/// A page of a document with margins of 80 points and letters of 16.
fn page_of(texts: &[(u32, u32, &str)]) -> String {
    texts.iter().map(|(x, y, text)| shown(*x, *y, 16, &hex(&gbk(text)))).collect()
}

#[test]
fn lines_become_paragraphs_and_running_lines_go() {
    let mut pdf = Pdf::default();
    pdf.font("F1", &files_made::composite_font("FangSong", "GBK-EUC-H"));
    for page in 1..=3 {
        let number = format!("- {page} -");
        pdf.page(&page_of(&[
            (80, 800, "示例市人民政府公报"),
            (112, 700, BODY[0]),
            (80, 670, BODY[1]),
            (112, 640, BODY[2]),
            (112, 610, "一、总体要求"),
            (280, 40, &number),
        ]));
    }
    let text = read(&pdf.bytes());
    let article = format!("{}{}", BODY[0], BODY[1]);
    let mut expected = vec!["示例市人民政府公报"];
    for _ in 0..3 {
        expected.extend([article.as_str(), BODY[2], "一、总体要求"]);
    }
    assert_eq!(lines(&text), expected);
    assert_eq!((text.pages, text.blocks.last().unwrap().level), (3, 1));
}

#[test]
fn a_paragraph_goes_on_over_the_page() {
    let mut pdf = Pdf::default();
    pdf.font("F1", &files_made::composite_font("FangSong", "GBK-EUC-H"));
    pdf.page(&page_of(&[(112, 700, BODY[2]), (112, 670, BODY[0]), (290, 40, "1")]));
    pdf.page(&page_of(&[(80, 700, BODY[1]), (112, 670, BODY[2]), (290, 40, "2")]));
    assert_eq!(lines(&read(&pdf.bytes())), [BODY[2], &format!("{}{}", BODY[0], BODY[1]), BODY[2]]);
}

#[test]
fn letters_set_apart_are_closed_up_and_cells_are_kept_apart() {
    let mut pdf = Pdf::default();
    pdf.font("F1", &files_made::composite_font("SimHei", "GBK-EUC-H"));
    pdf.page(&page_of(&[
        (200, 700, "通"),
        (240, 700, "知"),
        (80, 640, "序号"),
        (200, 640, "单位"),
        (360, 640, "金额"),
        (80, 600, "公开"),
    ]));
    assert_eq!(lines(&read(&pdf.bytes())), ["通知", "序号\t单位\t金额", "公开"]);
}

#[test]
fn two_columns_are_read_one_after_the_other() {
    let mut pdf = Pdf::default();
    pdf.font("F1", &files_made::composite_font("SimSun", "GBK-EUC-H"));
    let mut page = page_of(&[(150, 760, "关于示例市若干事项的通知")]);
    for row in 0..12 {
        let y = 700 - row * 30;
        page += &shown(60, y, 10, &hex(&gbk(&format!("左栏第{row:02}行的文字写满这一栏为止"))));
        page += &shown(320, y, 10, &hex(&gbk(&format!("右栏第{row:02}行的文字写满这一栏为止"))));
    }
    pdf.page(&page);
    let text = lines(&read(&pdf.bytes())).concat();
    let (last_left, first_right) = (text.find("左栏第11行").unwrap(), text.find("右栏第00行").unwrap());
    assert!(last_left < first_right, "{text}");
    assert!(text.starts_with("关于示例市若干事项的通知"), "{text}");
}

#[test]
fn a_turned_page_and_bold_letters_are_read_once() {
    let mut pdf = Pdf::default();
    pdf.rotation = 90;
    pdf.font("F1", &files_made::composite_font("SimSun", "GBK-EUC-H"));
    let line = |y: u32, text: &str| format!("BT /F1 16 Tf 0 1 -1 0 {y} 100 Tm {} Tj ET\n", hex(&gbk(text)));
    pdf.page(&format!("{}{}{}", line(200, "横排第一行"), line(200, "横排第一行"), line(300, "横排第二行")));
    assert_eq!(lines(&read(&pdf.bytes())), ["横排第一行", "横排第二行"]);
}

#[test]
fn a_scan_is_a_scan_and_never_an_empty_policy() {
    let picture = "q 595 0 0 842 0 0 cm /Im1 Do Q\n";
    let text = page_of(&[(112, 700, BODY[0]), (80, 670, BODY[1])]);
    for (pages, state, expected) in [
        (vec![picture.to_owned()], FileState::Scan, vec![]),
        // A page number does not make it text.
        (vec![format!("{picture}{}", shown(300, 40, 12, "(1)"))], FileState::Scan, vec![]),
        // A seal beside text does not make it a scan.
        (vec![format!("q 100 0 0 100 300 100 cm /Im1 Do Q\n{text}")], FileState::Text, vec![]),
        // Text over a picture of the page was put there by a recogniser.
        (vec![format!("{picture}{text}")], FileState::Text, vec![]),
        (vec![text.clone(), picture.to_owned()], FileState::Text, vec!["scanned_pages"]),
        (vec![String::new()], FileState::Empty, vec![]),
        // Letters drawn as outlines.
        (vec!["0 0 m 1 1 l S\n".repeat(2000)], FileState::Scan, vec![]),
        (vec!["0 0 m 1 1 l S\n".repeat(20)], FileState::Empty, vec![]),
    ] {
        let mut pdf = Pdf::default();
        pdf.font("F1", &files_made::composite_font("SimSun", "GBK-EUC-H"));
        for page in &pages {
            pdf.page(page);
        }
        let text = read(&pdf.bytes());
        assert_eq!((text.state, codes(&text)), (state, expected), "{pages:.200?}");
        assert_eq!(text.pages as usize, pages.len());
    }
}

#[test]
fn a_pdf_with_a_password_is_encrypted_and_a_broken_one_damaged() {
    let mut pdf = Pdf::default();
    pdf.page("");
    pdf.trailer = "/Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -44 /O <0000000000000000000000000000000000000000000000000000000000000000> /U <0000000000000000000000000000000000000000000000000000000000000000> >> /ID [<00> <00>]".to_owned();
    assert_eq!(read(&pdf.bytes()).state, FileState::Encrypted);
    assert_eq!(read(b"%PDF-1.7\nnothing follows").state, FileState::Damaged);
}

// --- OFD --------------------------------------------------------------------------------------------------------------

#[test]
fn ofd_pages_are_read_with_their_templates_in_reading_order() {
    let mut ofd = Ofd::default();
    ofd.template("5", &files_made::ofd_text("20 20 100 8", "", "项目名称："));
    // The second line stands first in the file.
    ofd.page(
        "<ofd:Template TemplateID=\"5\" ZOrder=\"Background\"/>",
        &(files_made::ofd_text("20 40 100 8", "", "第二行") + &files_made::ofd_text("55 20 100 8", "", "示例项目")),
    );
    ofd.page("", &files_made::ofd_text("20 20 100 8", "", "第二页"));
    let text = read(&ofd.bytes());
    assert_eq!((text.kind, text.state, text.pages), (FileKind::Ofd, FileState::Text, 2));
    assert_eq!(lines(&text), ["项目名称：示例项目", "第二行", "第二页"]);
}

#[test]
fn hidden_ofd_content_is_not_read() {
    for (visible, expected) in [("Visible=\"false\"", vec!["可见"]), ("Visible=\"true\"", vec!["可见", "其他"])] {
        let mut ofd = Ofd::default();
        let other = files_made::ofd_text("20 40 100 8", "", "其他");
        ofd.page(
            "",
            &format!("{}<ofd:PageBlock {visible}>{other}</ofd:PageBlock>", files_made::ofd_text("20 20 100 8", "", "可见")),
        );
        assert_eq!(lines(&read(&ofd.bytes())), expected);
        let mut ofd = Ofd::default();
        ofd.page("", &(files_made::ofd_text("20 20 100 8", "", "可见") + &files_made::ofd_text("20 40 100 8", visible, "其他")));
        assert_eq!(lines(&read(&ofd.bytes())), expected);
    }
}

#[test]
fn ofd_characters_stand_where_their_steps_lead() {
    let mut ofd = Ofd::default();
    // Two cells of a row in one text code, a line whose transformation makes it larger, and entities.
    ofd.page(
        "",
        "<ofd:TextObject ID=\"1\" Boundary=\"20 20 100 8\" Font=\"1\" Size=\"4\"><ofd:CGTransform CodePosition=\"0\" CodeCount=\"1\" GlyphCount=\"1\">\
         <ofd:Glyphs>12</ofd:Glyphs></ofd:CGTransform><ofd:TextCode X=\"0\" Y=\"4\" DeltaX=\"4 40 g 2 4\">甲乙丙丁戊</ofd:TextCode></ofd:TextObject>\
         <ofd:TextObject ID=\"2\" Boundary=\"20 40 100 8\" Font=\"1\" Size=\"1\" CTM=\"4 0 0 4 0 0\"><ofd:TextCode X=\"0\" Y=\"1\">A&amp;B&#x7532;</ofd:TextCode></ofd:TextObject>",
    );
    assert_eq!(lines(&read(&ofd.bytes())), ["甲乙 丙丁戊", "A&B甲"]);
}

#[test]
fn several_documents_in_one_ofd_are_all_read_and_broken_ones_said() {
    let mut ofd = Ofd::default();
    ofd.page("", &files_made::ofd_text("20 120 100 8", "", "正文"));
    ofd.documents = 2;
    let text = read(&ofd.bytes());
    assert_eq!((lines(&text), text.pages), (vec!["正文", "正文"], 2));
    ofd.missing_page = true;
    let text = read(&ofd.bytes());
    assert_eq!((text.state, codes(&text)[0]), (FileState::Text, "damaged_part"));
    assert_eq!(read(&zip(&[("OFD.xml", b"<ofd:OFD/>")])).state, FileState::Damaged);
}

#[test]
fn an_ofd_of_pictures_is_a_scan() {
    let picture = "<ofd:ImageObject ID=\"9\" Boundary=\"0 0 210 297\" ResourceID=\"3\"/>";
    let mut ofd = Ofd::default();
    ofd.page("", picture);
    assert_eq!(read(&ofd.bytes()).state, FileState::Scan);
    let mut ofd = Ofd::default();
    ofd.page("", &format!("{picture}{}", files_made::ofd_text("20 20 180 8", "", BODY[0])));
    assert_eq!(read(&ofd.bytes()).state, FileState::Text);
}

// --- bundles ----------------------------------------------------------------------------------------------------------

#[test]
fn members_of_a_bundle_are_read_each_under_its_name() {
    let mut pdf = Pdf::default();
    pdf.font("F1", &files_made::composite_font("SimSun", "GBK-EUC-H"));
    pdf.page(&shown(100, 700, 16, &hex(&gbk("附件正文"))));
    let inner = zip(&[("内层.txt", "内层文字".as_bytes())]);
    let bundle = zip(&[
        ("附件1.pdf", &pdf.bytes()),
        ("../../逃逸.txt", "文字".as_bytes()),
        ("套/内.zip", &inner),
        ("套/", b""),
        ("__MACOSX/x", b"x"),
        ("图.png", b"\x89PNG\r\n"),
        ("压缩.rar", b"Rar!\x1a\x07\x00"),
    ]);
    let text = read(&bundle);
    let found: Vec<(&str, FileKind, FileState)> =
        text.files.iter().map(|(name, file)| (name.as_str(), file.kind, file.state)).collect();
    assert_eq!(
        found,
        [
            ("附件1.pdf", FileKind::Pdf, FileState::Text),
            ("逃逸.txt", FileKind::Text, FileState::Text),
            ("套/内.zip", FileKind::Zip, FileState::Text),
            ("图.png", FileKind::Image, FileState::Unsupported),
            ("压缩.rar", FileKind::Rar, FileState::Unsupported),
        ]
    );
    assert_eq!((text.state, lines(&text.files[0].1)), (FileState::Text, vec!["附件正文"]));
    assert_eq!(text.files[2].1.files[0].0, "内层.txt");
}

#[test]
fn names_in_gbk_are_read() {
    let mut bundle = zip(&[("XXXXXX.txt", "文字".as_bytes())]);
    files_made::replace(&mut bundle, b"XXXXXX", &gbk("申报表"));
    assert_eq!(read(&bundle).files[0].0, "申报表.txt");
}

#[test]
fn bombs_are_limited() {
    let limits = FileLimits { unpacked_bytes: 8 << 20, entries: 10, depth: 2, ..FileLimits::default() };
    let zeros = vec![b' '; 6 << 20];
    // By ratio: six megabytes of blanks are packed into six kilobytes.
    let tight = zip(&[("a.txt", &zeros)]);
    let text = read_file(&tight, &limits);
    assert_eq!((text.state, codes(&text.files[0].1)), (FileState::Limited, vec!["bundle_limit"]));
    // Below the ratio, but too much of it: random text does not pack.
    let noise: Vec<u8> = (0_u32..3 << 20).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let much = zip(&[("a.bin", &noise), ("b.bin", &noise), ("c.bin", &noise), ("d.bin", &noise)]);
    let text = read_file(&much, &limits);
    assert_eq!(text.state, FileState::Limited);
    assert_eq!(text.files.len(), 3, "{:?}", text.issues);
    // Too many members.
    let names: Vec<String> = (0..30).map(|at| format!("{at}.txt")).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"x"[..])).collect();
    let text = read_file(&zip(&many), &limits);
    assert_eq!((text.state, text.files.len()), (FileState::Limited, 10));
    // Too deep; what is within the depth is read.
    let mut nested = zip(&[("a.txt", b"x")]);
    for _ in 0..3 {
        nested = zip(&[("b.txt", b"x"), ("n.zip", &nested)]);
    }
    let text = read_file(&nested, &limits);
    assert_eq!(text.files[1].1.files[1].1.state, FileState::Limited);
    assert_eq!(codes(&text.files[1].1.files[1].1), ["nested_too_deeply"]);
    // One member under many names: each costs what it unpacks to.
    let mut overlapping = zip(&[("a.bin", &noise)]);
    files_made::repeat_directory(&mut overlapping, 50);
    let text = read_file(&overlapping, &FileLimits { entries: 1_000, ..limits.clone() });
    assert_eq!(text.state, FileState::Limited);
    assert!(text.files.len() < 6, "{}", text.files.len());
    // The same shapes as Office files.
    let sheet = zip(&[("xl/workbook.xml", b"<workbook/>"), ("xl/worksheets/sheet1.xml", &zeros)]);
    assert_eq!(read_file(&sheet, &limits).state, FileState::Limited);
    let word = zip(&[("word/document.xml", &zeros)]);
    assert_eq!(read_file(&word, &limits).state, FileState::Limited);
    let page = zip(&[("OFD.xml", &zeros)]);
    assert_eq!(read_file(&page, &limits).state, FileState::Limited);
}

#[test]
fn a_member_with_a_password_is_encrypted() {
    let mut bundle = zip(&[("a.txt", b"text"), ("b.txt", b"text")]);
    files_made::set_encrypted(&mut bundle);
    let text = read(&bundle);
    assert_eq!(text.files[0].1.state, FileState::Encrypted);
    assert_eq!(text.state, FileState::Text);
}

#[test]
fn what_is_read_until_time_is_up_is_kept() {
    let limits = FileLimits::default();
    limits.stop.store(true, Ordering::Relaxed);
    let text = read_file(&zip(&[("a.txt", b"x")]), &limits);
    assert_eq!((text.state, codes(&text)), (FileState::Limited, vec!["bundle_limit"]));
    let text = read_file("文字".as_bytes(), &FileLimits { characters: 1, ..FileLimits::default() });
    assert_eq!((text.state, lines(&text)), (FileState::Limited, vec!["文"]));
}

// --- everything else --------------------------------------------------------------------------------------------------

#[test]
fn formats_that_are_not_read_say_so() {
    let encrypted: Vec<u8> =
        [0xd0, 0xcf, 0x11, 0xe0].into_iter().chain("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    for (bytes, kind, state) in [
        (&b"Rar!\x1a\x07\x00"[..], FileKind::Rar, FileState::Unsupported),
        (b"7z\xbc\xaf\x27\x1c\x00\x04", FileKind::Unknown, FileState::Unsupported),
        (b"\xff\xd8\xff\xe0", FileKind::Image, FileState::Unsupported),
        (b"<html><body>404</body></html>", FileKind::Html, FileState::Unsupported),
        (b"{\\rtf1 x}", FileKind::Text, FileState::Unsupported),
        (b"\xd0\xcf\x11\xe0x\x00", FileKind::Unknown, FileState::Unsupported),
        (&encrypted, FileKind::Unknown, FileState::Encrypted),
        (b"\x00\x01", FileKind::Unknown, FileState::Unsupported),
        (b"", FileKind::Unknown, FileState::Empty),
        (b"PK\x03\x04\x14\x00word/document.xml", FileKind::Docx, FileState::Damaged),
        (b"PK\x03\x04\x14\x00a.txt", FileKind::Zip, FileState::Damaged),
    ] {
        let text = read(bytes);
        assert_eq!((text.kind, text.state), (kind, state), "{bytes:?}");
        assert_eq!(text.issues.len(), 1, "{bytes:?}");
    }
    assert_eq!(lines(&read(&gbk("第一行\r\n一、第二行"))), ["第一行", "一、第二行"]);
}

// --- the corpus -------------------------------------------------------------------------------------------------------

/// Name, kind, state and a sentence as it stands in the file, read by other programs.
const REAL: &str = include_str!("files_real.tsv");

#[test]
fn real_attachments_are_what_they_are_and_say_what_they_say() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus/attachments");
    if !folder.is_dir() {
        eprintln!("skipped: {} is not there", folder.display());
        return;
    }
    for row in REAL.lines().filter(|row| !row.starts_with('#')) {
        let mut fields = row.split('\t');
        let mut next = || fields.next().unwrap_or_default();
        let (name, kind, state) = (next(), next(), next());
        let text = read(&std::fs::read(folder.join(name)).unwrap());
        let found = (format!("{:?}", text.kind), format!("{:?}", text.state));
        assert_eq!(found, (kind.to_owned(), state.to_owned()), "{name}: {:?}", text.issues);
        let blocks = lines(&text);
        for sentence in fields.filter(|sentence| !sentence.is_empty()) {
            // Programs differ in where they see a space.
            assert!(
                blocks.iter().any(|block| block.replace(' ', "").contains(sentence)),
                "{name} lacks `{sentence}`: {blocks:#?}"
            );
        }
    }
}

#[test]
fn cut_off_attachments_cost_nothing_but_themselves() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus/attachments");
    let mut made = vec![Ofd::sample(), zip(&[("a.txt", b"text"), ("b.ofd", &Ofd::sample())])];
    let mut pdf = Pdf::default();
    pdf.font("F1", &files_made::composite_font("SimSun", "GBK-EUC-H"));
    pdf.page(&shown(100, 700, 16, &hex(&gbk("附件正文"))));
    made.push(pdf.bytes());
    for name in ["edaf3733b1fec40fe85f.docx", "9c8f202cd137c91efa47.doc", "f357d4bc38ca2f0c49b4.xlsx", "5a9f28a4554cedbd823f.wps"]
    {
        made.extend(std::fs::read(folder.join(name)));
    }
    for bytes in made {
        let step = (bytes.len() / 40).max(1);
        for length in (0..bytes.len()).step_by(step).chain(bytes.len().saturating_sub(30)..bytes.len()) {
            let text = read(&bytes[..length]);
            assert_ne!(text.state, FileState::Missing);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn changed_bytes_never_panic(which in 0_usize..3, changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20)) {
        let mut bytes = match which {
            0 => Ofd::sample(),
            1 => zip(&[("a.txt", b"text"), ("b.ofd", &Ofd::sample())]),
            _ => {
                let mut pdf = Pdf::default();
                pdf.font("F1", &files_made::composite_font("SimSun", "GBK-EUC-H"));
                pdf.page(&shown(100, 700, 16, &hex(&gbk("附件正文"))));
                pdf.bytes()
            }
        };
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let text = read(&bytes);
        prop_assert_ne!(text.state, FileState::Missing);
        prop_assert!(text.state == FileState::Text || !text.issues.is_empty() || text.state == FileState::Empty || text.state == FileState::Scan || !text.files.is_empty());
    }

    #[test]
    fn no_ofd_content_panics(content in "(<ofd:(TextObject|TextCode|Layer|Template|ImageObject)( (Boundary|CTM|DeltaX|Size|X|Visible)=\"[0-9a-z .-]{0,12}\"){0,3}/?>|</ofd:TextObject>|文字|&amp;|<!\\[CDATA\\[|]]>){0,30}") {
        let mut ofd = Ofd::default();
        ofd.page("", &content);
        prop_assert_ne!(read(&ofd.bytes()).state, FileState::Missing);
    }
}
