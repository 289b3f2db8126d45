//! The parts of the package beside the text: types, relationships, properties, styles, fonts, settings, headers and footers.

use crate::book::Book;
use crate::clean::markup;

/// Namespaces of every `WordprocessingML` part.
pub(crate) const NAMESPACES: &str = "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"";

/// The XML declaration.
pub(crate) const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";

/// Width of the text between the margins (A4 less 28 mm and 26 mm), in twentieths of a point.
pub(crate) const TEXT_WIDTH: u32 = 8845;

pub(crate) const CONTENT_TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/docProps/app.xml" ContentType="application/vnd.openxmlformats-officedocument.extended-properties+xml"/>
<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>
<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>
<Override PartName="/word/fontTable.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.fontTable+xml"/>
<Override PartName="/word/footer1.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.footer+xml"/>
<Override PartName="/word/footer2.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.footer+xml"/>
<Override PartName="/word/footnotes.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"/>
<Override PartName="/word/header1.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.header+xml"/>
<Override PartName="/word/header2.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.header+xml"/>
<Override PartName="/word/settings.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.settings+xml"/>
<Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/>
</Types>
"#;

pub(crate) const ROOT_RELATIONSHIPS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>
<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/>
<Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/extended-properties" Target="docProps/app.xml"/>
</Relationships>
"#;

pub(crate) const APP_PROPERTIES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"><Application>huice</Application></Properties>
"#;

/// Fields (contents and page numbers) are brought up to date when the document is opened; the order of children is the schema's.
pub(crate) const SETTINGS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<w:settings xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">
<w:zoom w:percent="100"/>
<w:defaultTabStop w:val="420"/>
<w:evenAndOddHeaders/>
<w:characterSpacingControl w:val="compressPunctuation"/>
<w:updateFields w:val="true"/>
<w:footnotePr><w:footnote w:id="-1"/><w:footnote w:id="0"/></w:footnotePr>
<w:compat><w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat>
<w:themeFontLang w:val="en-US" w:eastAsia="zh-CN"/>
<w:decimalSymbol w:val="."/>
<w:listSeparator w:val=","/>
</w:settings>
"#;

/// The first free relationship id; those below belong to the fixed parts.
const FIRST_LINK: usize = 100;

/// The relationship id of the n-th web address.
pub(crate) fn link_id(index: usize) -> String {
    format!("rId{}", FIRST_LINK + index)
}

/// The relationships of the document: its fixed parts, then its web addresses.
pub(crate) fn document_relationships(links: &[String]) -> String {
    const BASE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let fixed = ["styles", "settings", "fontTable", "footnotes", "header1", "header2", "footer1", "footer2"];
    let mut out = String::from(DECLARATION);
    out.push_str("<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\n");
    for (index, part) in fixed.iter().enumerate() {
        let kind = part.trim_end_matches(|character: char| character.is_ascii_digit());
        out.push_str(&format!("<Relationship Id=\"rId{}\" Type=\"{BASE}/{kind}\" Target=\"{part}.xml\"/>\n", index + 1));
    }
    for (index, link) in links.iter().enumerate() {
        let (id, target) = (link_id(index), markup(link));
        out.push_str(&format!(
            "<Relationship Id=\"{id}\" Type=\"{BASE}/hyperlink\" Target=\"{target}\" TargetMode=\"External\"/>\n"
        ));
    }
    out.push_str("</Relationships>\n");
    out
}

/// Title, editor and the one date the caller gives.
pub(crate) fn core_properties(book: &Book) -> String {
    let made_at = book.made_at.strftime("%Y-%m-%dT%H:%M:%SZ");
    let (title, subject, creator) = (markup(&book.title), markup(&book.subtitle), markup(&book.editor));
    format!(
        "{DECLARATION}<cp:coreProperties xmlns:cp=\"http://schemas.openxmlformats.org/package/2006/metadata/core-properties\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:dcterms=\"http://purl.org/dc/terms/\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><dc:title>{title}</dc:title><dc:subject>{subject}</dc:subject>\
         <dc:creator>{creator}</dc:creator><cp:lastModifiedBy>{creator}</cp:lastModifiedBy>\
         <dcterms:created xsi:type=\"dcterms:W3CDTF\">{made_at}</dcterms:created>\
         <dcterms:modified xsi:type=\"dcterms:W3CDTF\">{made_at}</dcterms:modified><dc:language>zh-CN</dc:language></cp:coreProperties>\n"
    )
}

/// A header: the text in small type over a thin line.
pub(crate) fn header(text: &str, align: &str) -> String {
    let text = markup(&crate::clean::one_line(text));
    format!(
        "{DECLARATION}<w:hdr {NAMESPACES}><w:p><w:pPr><w:pStyle w:val=\"Header\"/><w:jc w:val=\"{align}\"/></w:pPr>\
         <w:r><w:t xml:space=\"preserve\">{text}</w:t></w:r></w:p></w:hdr>\n"
    )
}

/// A footer with the page number between two dashes, as official documents print it.
pub(crate) fn footer(align: &str) -> String {
    let mut field = String::new();
    super::xml::field(&mut field, "PAGE", "1");
    format!(
        "{DECLARATION}<w:ftr {NAMESPACES}><w:p><w:pPr><w:pStyle w:val=\"Footer\"/><w:jc w:val=\"{align}\"/></w:pPr>\
         <w:r><w:t xml:space=\"preserve\">— </w:t></w:r>{field}<w:r><w:t xml:space=\"preserve\"> —</w:t></w:r></w:p></w:ftr>\n"
    )
}

/// Named fonts, each with the one that may stand in for it; none is embedded.
///
/// The standard allows a list of stand-ins, but Word takes the whole value as one name of at most 31 characters.
const FONTS: &[(&str, &str, &str, &str)] = &[
    ("Times New Roman", "Liberation Serif", "00", "roman"),
    ("仿宋_GB2312", "仿宋", "86", "roman"),
    ("宋体", "SimSun", "86", "roman"),
    ("方正小标宋简体", "华文中宋", "86", "roman"),
    ("楷体_GB2312", "楷体", "86", "roman"),
    ("黑体", "SimHei", "86", "swiss"),
];

/// The font table.
pub(crate) fn font_table() -> String {
    let mut out = format!("{DECLARATION}<w:fonts {NAMESPACES}>\n");
    for (name, instead, charset, family) in FONTS {
        out.push_str(&format!(
            "<w:font w:name=\"{name}\"><w:altName w:val=\"{instead}\"/><w:charset w:val=\"{charset}\"/><w:family w:val=\"{family}\"/><w:pitch w:val=\"variable\"/></w:font>\n"
        ));
    }
    out.push_str("</w:fonts>\n");
    out
}

/// A paragraph style: id, name, properties of paragraph and run in schema order.
struct Style {
    id: &'static str,
    name: &'static str,
    next: &'static str,
    paragraph: &'static str,
    font: &'static str,
    /// Size in half points.
    size: u32,
    run: &'static str,
}

const STYLES: &[Style] = &[
    Style {
        id: "Title",
        name: "Title",
        next: "Subtitle",
        paragraph: "<w:spacing w:before=\"3600\" w:after=\"600\" w:line=\"800\" w:lineRule=\"atLeast\"/><w:jc w:val=\"center\"/>",
        font: "方正小标宋简体",
        size: 72,
        run: "",
    },
    Style {
        id: "Subtitle",
        name: "Subtitle",
        next: "Normal",
        paragraph: "<w:spacing w:before=\"160\"/><w:jc w:val=\"center\"/>",
        font: "楷体_GB2312",
        size: 32,
        run: "",
    },
    Style {
        id: "Heading1",
        name: "heading 1",
        next: "Normal",
        paragraph: "<w:keepNext/><w:keepLines/><w:pageBreakBefore/><w:spacing w:after=\"400\"/><w:jc w:val=\"center\"/><w:outlineLvl w:val=\"0\"/>",
        font: "方正小标宋简体",
        size: 44,
        run: "",
    },
    Style {
        id: "Heading2",
        name: "heading 2",
        next: "Normal",
        paragraph: "<w:keepNext/><w:keepLines/><w:spacing w:before=\"480\" w:after=\"160\"/><w:outlineLvl w:val=\"1\"/>",
        font: "黑体",
        size: 32,
        run: "",
    },
    Style {
        id: "Heading3",
        name: "heading 3",
        next: "Normal",
        paragraph: "<w:keepNext/><w:keepLines/><w:spacing w:before=\"200\" w:after=\"60\"/><w:outlineLvl w:val=\"2\"/>",
        font: "楷体_GB2312",
        size: 32,
        run: "<w:b/>",
    },
    Style {
        id: "BodyHeading",
        name: "Body Heading",
        next: "BodyText",
        paragraph: "<w:keepNext/><w:ind w:firstLineChars=\"200\" w:firstLine=\"600\"/>",
        font: "黑体",
        size: 30,
        run: "",
    },
    Style {
        id: "BodyText",
        name: "Body Text",
        next: "BodyText",
        paragraph: "<w:ind w:firstLineChars=\"200\" w:firstLine=\"600\"/><w:jc w:val=\"both\"/>",
        font: "",
        size: 0,
        run: "",
    },
    Style {
        id: "TableText",
        name: "Table Text",
        next: "TableText",
        paragraph: "<w:snapToGrid w:val=\"0\"/><w:spacing w:before=\"30\" w:after=\"30\" w:line=\"300\" w:lineRule=\"atLeast\"/>",
        font: "宋体",
        size: 21,
        run: "",
    },
    Style {
        id: "TableHead",
        name: "Table Head",
        next: "TableText",
        paragraph: "<w:keepNext/><w:snapToGrid w:val=\"0\"/><w:spacing w:before=\"30\" w:after=\"30\" w:line=\"300\" w:lineRule=\"atLeast\"/>",
        font: "黑体",
        size: 21,
        run: "",
    },
    Style {
        id: "ContentsTitle",
        name: "Contents Title",
        next: "Normal",
        paragraph: "<w:spacing w:after=\"300\"/><w:jc w:val=\"center\"/>",
        font: "方正小标宋简体",
        size: 44,
        run: "",
    },
    Style {
        id: "TOC1",
        name: "toc 1",
        next: "Normal",
        paragraph: "<w:tabs><w:tab w:val=\"right\" w:leader=\"dot\" w:pos=\"8845\"/></w:tabs><w:snapToGrid w:val=\"0\"/><w:spacing w:before=\"160\" w:line=\"420\" w:lineRule=\"atLeast\"/><w:ind/>",
        font: "黑体",
        size: 28,
        run: "",
    },
    Style {
        id: "TOC2",
        name: "toc 2",
        next: "Normal",
        paragraph: "<w:tabs><w:tab w:val=\"right\" w:leader=\"dot\" w:pos=\"8845\"/></w:tabs><w:snapToGrid w:val=\"0\"/><w:spacing w:line=\"400\" w:lineRule=\"atLeast\"/><w:ind w:left=\"280\"/>",
        font: "",
        size: 28,
        run: "",
    },
    Style {
        id: "Index1",
        name: "index 1",
        next: "Normal",
        paragraph: "<w:tabs><w:tab w:val=\"right\" w:leader=\"dot\" w:pos=\"8845\"/></w:tabs><w:snapToGrid w:val=\"0\"/><w:spacing w:before=\"40\" w:line=\"360\" w:lineRule=\"atLeast\"/><w:ind w:left=\"280\" w:hanging=\"280\"/>",
        font: "",
        size: 24,
        run: "",
    },
    Style {
        id: "IndexHeading",
        name: "index heading",
        next: "Index1",
        paragraph: "<w:keepNext/><w:snapToGrid w:val=\"0\"/><w:spacing w:before=\"240\" w:after=\"40\"/>",
        font: "黑体",
        size: 28,
        run: "",
    },
    Style {
        id: "Header",
        name: "header",
        next: "Header",
        paragraph: "<w:pBdr><w:bottom w:val=\"single\" w:sz=\"4\" w:space=\"4\" w:color=\"808080\"/></w:pBdr><w:snapToGrid w:val=\"0\"/>",
        font: "宋体",
        size: 18,
        run: "",
    },
    Style {
        id: "Footer",
        name: "footer",
        next: "Footer",
        paragraph: "<w:snapToGrid w:val=\"0\"/><w:ind w:left=\"280\" w:right=\"280\"/>",
        font: "宋体",
        size: 28,
        run: "",
    },
    Style {
        id: "FootnoteText",
        name: "footnote text",
        next: "FootnoteText",
        paragraph: "<w:snapToGrid w:val=\"0\"/><w:ind w:left=\"180\" w:hanging=\"180\"/>",
        font: "宋体",
        size: 18,
        run: "",
    },
];

/// The style sheet.
pub(crate) fn styles() -> String {
    let mut out = format!(
        "{DECLARATION}<w:styles {NAMESPACES}>\n<w:docDefaults><w:rPrDefault><w:rPr>\
         <w:rFonts w:ascii=\"Times New Roman\" w:hAnsi=\"Times New Roman\" w:eastAsia=\"仿宋_GB2312\" w:cs=\"Times New Roman\"/>\
         <w:sz w:val=\"30\"/><w:szCs w:val=\"30\"/><w:lang w:val=\"en-US\" w:eastAsia=\"zh-CN\" w:bidi=\"ar-SA\"/></w:rPr></w:rPrDefault>\
         <w:pPrDefault/></w:docDefaults>\n\
         <w:style w:type=\"paragraph\" w:default=\"1\" w:styleId=\"Normal\"><w:name w:val=\"Normal\"/><w:qFormat/></w:style>\n\
         <w:style w:type=\"character\" w:default=\"1\" w:styleId=\"DefaultParagraphFont\"><w:name w:val=\"Default Paragraph Font\"/></w:style>\n"
    );
    for style in STYLES {
        let Style { id, name, next, paragraph, font, size, run } = style;
        let font = match font.is_empty() {
            true => String::new(),
            false => format!("<w:rFonts w:eastAsia=\"{font}\"/>"),
        };
        let size = match size {
            0 => String::new(),
            size => format!("<w:sz w:val=\"{size}\"/><w:szCs w:val=\"{size}\"/>"),
        };
        out.push_str(&format!(
            "<w:style w:type=\"paragraph\" w:styleId=\"{id}\"><w:name w:val=\"{name}\"/><w:basedOn w:val=\"Normal\"/><w:next w:val=\"{next}\"/>\
             <w:qFormat/><w:pPr>{paragraph}</w:pPr><w:rPr>{font}{run}{size}</w:rPr></w:style>\n"
        ));
    }
    out.push_str(OTHER_STYLES);
    out.push_str("</w:styles>\n");
    out
}

const OTHER_STYLES: &str = r#"<w:style w:type="character" w:styleId="Strong"><w:name w:val="Strong"/><w:rPr><w:rFonts w:eastAsia="楷体_GB2312"/><w:b/></w:rPr></w:style>
<w:style w:type="character" w:styleId="Hyperlink"><w:name w:val="Hyperlink"/><w:rPr><w:color w:val="12508F"/><w:u w:val="single"/></w:rPr></w:style>
<w:style w:type="character" w:styleId="FootnoteReference"><w:name w:val="footnote reference"/><w:rPr><w:vertAlign w:val="superscript"/></w:rPr></w:style>
<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/><w:tblPr><w:tblCellMar><w:left w:w="100" w:type="dxa"/><w:right w:w="100" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style>
<w:style w:type="table" w:styleId="Box"><w:name w:val="Box"/><w:basedOn w:val="TableNormal"/><w:tblPr><w:tblBorders><w:top w:val="single" w:sz="4" w:space="0" w:color="808080"/><w:left w:val="single" w:sz="4" w:space="0" w:color="808080"/><w:bottom w:val="single" w:sz="4" w:space="0" w:color="808080"/><w:right w:val="single" w:sz="4" w:space="0" w:color="808080"/><w:insideH w:val="single" w:sz="4" w:space="0" w:color="808080"/><w:insideV w:val="single" w:sz="4" w:space="0" w:color="808080"/></w:tblBorders></w:tblPr></w:style>
"#;
