//! Paragraphs, runs, fields and tables in `WordprocessingML`, with the children of every property element in schema order.

use crate::clean::push_markup;

/// Opens a paragraph of a style.
pub(crate) fn open_paragraph(out: &mut String, style: &str) {
    out.push_str("<w:p><w:pPr>");
    attribute_element(out, "w:pStyle", style);
    out.push_str("</w:pPr>");
}

/// Ends a paragraph.
pub(crate) fn close_paragraph(out: &mut String) {
    out.push_str("</w:p>\n");
}

fn attribute_element(out: &mut String, name: &str, value: &str) {
    out.push('<');
    out.push_str(name);
    out.push_str(" w:val=\"");
    push_markup(out, value);
    out.push_str("\"/>");
}

/// A run of text in a character style; line breaks in the text become breaks.
pub(crate) fn run(out: &mut String, style: &str, text: &str) {
    out.push_str("<w:r>");
    if !style.is_empty() {
        out.push_str("<w:rPr>");
        attribute_element(out, "w:rStyle", style);
        out.push_str("</w:rPr>");
    }
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            out.push_str("<w:br/>");
        }
        out.push_str("<w:t xml:space=\"preserve\">");
        // A tab would need an element of its own; in running Chinese text it is a blank.
        push_markup(out, &line.replace('\t', " "));
        out.push_str("</w:t>");
    }
    out.push_str("</w:r>");
}

/// A field with its cached result.
pub(crate) fn field(out: &mut String, instruction: &str, cached: &str) {
    out.push_str("<w:r><w:fldChar w:fldCharType=\"begin\"/></w:r><w:r><w:instrText xml:space=\"preserve\"> ");
    push_markup(out, instruction);
    out.push_str(" </w:instrText></w:r><w:r><w:fldChar w:fldCharType=\"separate\"/></w:r>");
    run(out, "", cached);
    out.push_str("<w:r><w:fldChar w:fldCharType=\"end\"/></w:r>");
}

/// The call of a footnote.
pub(crate) fn footnote_call(out: &mut String, id: usize) {
    out.push_str(&format!(
        "<w:r><w:rPr><w:rStyle w:val=\"FootnoteReference\"/></w:rPr><w:footnoteReference w:id=\"{id}\"/></w:r>"
    ));
}

/// A text between the two ends of a bookmark.
pub(crate) fn bookmarked(out: &mut String, id: usize, name: &str, text: &str) {
    out.push_str(&format!("<w:bookmarkStart w:id=\"{id}\" w:name=\"{name}\"/>"));
    run(out, "", text);
    out.push_str(&format!("<w:bookmarkEnd w:id=\"{id}\"/>"));
}

/// Opens a table of the whole width with columns of these widths, in twentieths of a point.
pub(crate) fn open_table(out: &mut String, widths: &[u32]) {
    let total: u32 = widths.iter().sum();
    out.push_str(&format!(
        "<w:tbl><w:tblPr><w:tblStyle w:val=\"Box\"/><w:tblW w:w=\"{total}\" w:type=\"dxa\"/><w:tblLayout w:type=\"fixed\"/></w:tblPr><w:tblGrid>"
    ));
    for width in widths {
        out.push_str(&format!("<w:gridCol w:w=\"{width}\"/>"));
    }
    out.push_str("</w:tblGrid>\n");
}

/// Opens a row; a head is repeated on each page and shaded by its cells.
pub(crate) fn open_row(out: &mut String, head: bool) {
    out.push_str("<w:tr><w:trPr><w:cantSplit/>");
    if head {
        out.push_str("<w:tblHeader/>");
    }
    out.push_str("</w:trPr>");
}

/// Opens a cell.
pub(crate) fn open_cell(out: &mut String, width: u32, shaded: bool) {
    out.push_str(&format!("<w:tc><w:tcPr><w:tcW w:w=\"{width}\" w:type=\"dxa\"/>"));
    if shaded {
        out.push_str("<w:shd w:val=\"clear\" w:color=\"auto\" w:fill=\"EEF1F6\"/>");
    }
    out.push_str("</w:tcPr>");
}
