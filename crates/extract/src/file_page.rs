//! The page that stands for a file fetched by its own address: its text is the body, its title what its first lines say.

use model::number::find_numbers;
use model::{Block, DocNumber, FileState, FileText, Issue, Page, PageKind, Table};

use crate::blocks;

/// Where a red header, a number and a title stand.
const HEAD_BLOCKS: usize = 15;
/// Longest title believed.
const MOST_TITLE_CHARACTERS: usize = 150;
/// What names of official documents end in.
const TITLE_ENDS: [&str; 34] = [
    "通知",
    "意见",
    "办法",
    "规定",
    "方案",
    "决定",
    "公告",
    "通告",
    "公示",
    "细则",
    "条例",
    "措施",
    "函",
    "批复",
    "报告",
    "规划",
    "计划",
    "解读",
    "指南",
    "清单",
    "目录",
    "标准",
    "令",
    "通报",
    "规则",
    "要点",
    "说明",
    "制度",
    "政策",
    "指引",
    "公报",
    "章程",
    "名单",
    "一览表",
];

/// Makes a page of what was read of a file. A file without text is no document: the page says why.
#[must_use]
pub fn file_page(url: &str, file: &FileText) -> Page {
    let mut page = Page { url: url.to_owned(), issues: file.issues.clone(), ..Page::default() };
    let document = &mut page.document;
    gather(file, &mut document.blocks, &mut document.tables);
    if document.blocks.is_empty() {
        page.issues.push(Issue::new("file_without_text", format!("{:?} file: {:?}", file.kind, file.state).to_lowercase()));
        return page;
    }
    page.kind = PageKind::Detail;
    document.text = blocks::join(&document.blocks);
    let mut found = vec![("text", "file")];
    let head = &document.blocks[..document.blocks.len().min(HEAD_BLOCKS)];
    document.title = title(head);
    document.numbers = own_numbers(head);
    found.extend((!document.title.is_empty()).then_some(("title", "file")));
    found.extend((!document.numbers.is_empty()).then_some(("numbers", "file")));
    document.fields_from = found.into_iter().map(|(field, from)| (field.to_owned(), from.to_owned())).collect();
    if file.state == FileState::Limited {
        page.issues.push(Issue::new("file_incomplete", "the text is cut off at a limit"));
    }
    page
}

/// The blocks and tables of a file and of all files in it, in order.
fn gather(file: &FileText, blocks: &mut Vec<Block>, tables: &mut Vec<Table>) {
    let first = tables.len();
    tables.extend(file.tables.iter().cloned());
    blocks.extend(file.blocks.iter().map(|block| Block { table: block.table.map(|at| at + first), ..block.clone() }));
    for (_, member) in &file.files {
        gather(member, blocks, tables);
    }
}

/// The first lines that end as names of documents do, with the lines before that belong to them; else the first line, if short.
fn title(head: &[Block]) -> String {
    let lines: Vec<&str> = head.iter().take_while(|block| block.level == 0).map(|block| block.text.as_str()).collect();
    if let Some(last) = lines.iter().position(|line| is_title_end(line)) {
        // `关于印发某某` stands on a line before `管理办法的通知`.
        let about = lines[..=last].iter().rposition(|line| line.contains("关于"));
        let first =
            about.filter(|first| last - first <= 2 && lines[*first..last].iter().all(|line| is_open(line))).unwrap_or(last);
        let title: String = lines[first..=last].concat();
        if title.chars().count() <= MOST_TITLE_CHARACTERS {
            return title;
        }
    }
    let first = head.iter().map(|block| block.text.as_str()).find(|text| text.chars().count() >= 4);
    first.filter(|text| text.chars().count() <= 60 && is_open(text)).unwrap_or_default().to_owned()
}

fn is_title_end(line: &str) -> bool {
    // `（试行）`, `（征求意见稿）`.
    let bare = match line.rsplit_once(['（', '(']) {
        Some((before, inner)) if inner.ends_with(['）', ')']) && inner.chars().count() <= 20 => before,
        _ => line,
    };
    let bare = bare.trim_end_matches(['》', '”']);
    line.chars().count() >= 5 && is_open(line) && TITLE_ENDS.iter().any(|end| bare.ends_with(end))
}

/// Whether a line does not end as a sentence or a form of address does.
fn is_open(line: &str) -> bool {
    !line.ends_with(['。', '；', '：', ':', '，', '、']) && !line.contains(['。', '；'])
}

/// The document number that stands on a line of its own before or behind the title; one in a sentence is a citation.
fn own_numbers(head: &[Block]) -> Vec<DocNumber> {
    let own = head.iter().filter(|block| block.text.chars().count() <= 40 && !is_title_end(&block.text) && is_open(&block.text));
    own.flat_map(|block| find_numbers(&block.text)).map(|(number, _)| number).take(1).collect()
}

#[cfg(test)]
mod tests {
    use model::FileKind;

    use super::*;

    fn file(lines: &[&str]) -> FileText {
        let block = |text: &&str| Block { text: (*text).to_owned(), level: blocks::level(text), ..Block::default() };
        FileText { kind: FileKind::Pdf, state: FileState::Text, blocks: lines.iter().map(block).collect(), ..FileText::default() }
    }

    #[test]
    fn a_title_is_found_among_the_first_lines() {
        for (lines, expected) in [
            (
                &["示例市人民政府文件", "示府〔2026〕3号", "示例市人民政府关于印发", "示例市管理办法的通知", "各有关单位："][..],
                "示例市人民政府关于印发示例市管理办法的通知",
            ),
            (&["示例市房屋管理办法（征求意见稿）", "第一条 为了规范管理，制定本办法。"], "示例市房屋管理办法（征求意见稿）"),
            (&["政府信息公开申请表", "申请人信息"], "政府信息公开申请表"),
            (&["一、总体要求", "请按通知"], "一、总体要求"),
            (&["为贯彻落实有关规定，现将有关事项通知如下，请结合实际认真执行。"], ""),
        ] {
            assert_eq!(file_page("https://www.example.gov.cn/a.pdf", &file(lines)).document.title, expected);
        }
    }

    #[test]
    fn a_number_on_its_own_line_is_the_documents() {
        let page = file_page(
            "u",
            &file(&[
                "示府〔2026〕3 号",
                "关于某事的通知",
                "根据国发〔2020〕1号文件，制定本办法，现予公布，请认真执行，并报告有关情况。",
            ]),
        );
        assert_eq!(page.document.numbers.iter().map(DocNumber::key).collect::<Vec<_>>().len(), 1);
        assert_eq!(page.document.fields_from["text"], "file");
    }

    #[test]
    fn a_file_without_text_is_no_document() {
        let scan = FileText { kind: FileKind::Pdf, state: FileState::Scan, ..FileText::default() };
        let page = file_page("u", &scan);
        assert_eq!((page.kind, page.issues[0].detail.as_str()), (PageKind::Other, "pdf file: scan"));
    }

    #[test]
    fn members_of_a_bundle_stand_one_after_the_other_with_their_tables() {
        let mut member = file(&["第二"]);
        member.tables = vec![Table { rows: vec![vec!["第二".to_owned()]] }];
        member.blocks[0].table = Some(0);
        let mut first = member.clone();
        first.blocks[0].text = "第一".to_owned();
        let bundle = FileText {
            kind: FileKind::Zip,
            state: FileState::Text,
            files: vec![("a".to_owned(), first), ("b".to_owned(), member)],
            ..FileText::default()
        };
        let document = file_page("u", &bundle).document;
        assert_eq!((document.text.as_str(), document.blocks[1].table, document.tables.len()), ("第一\n第二", Some(1), 2));
    }
}
