//! Lists that JCMS keeps for its paging script: `<record><![CDATA[…]]></record>` in XML, or strings in an array.

/// Markup taken together is no longer than this.
const MOST_BYTES: usize = 8_000_000;

/// The markup of the records, where a whole text is nothing but such a list.
pub(crate) fn read(text: &str) -> Option<String> {
    let start = text.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']);
    let head = crate::scripted::head(start, 2_000);
    let xml = head.starts_with("<?xml") || head.starts_with("<datastore") || head.starts_with("<recordset");
    let script = !head.starts_with('<') && head.contains("dataStore");
    let markup = if xml && head.contains("<record") {
        of_xml(start)
    } else if script {
        of_script(start)
    } else {
        return None;
    };
    Some(with_table(markup))
}

/// Rows are nothing outside of a table.
pub(crate) fn with_table(markup: String) -> String {
    if markup.contains("<tr") && !markup.contains("<table") { format!("<table>{markup}</table>") } else { markup }
}

/// The content of all records of a text.
pub(crate) fn of_xml(text: &str) -> String {
    let mut markup = String::new();
    for part in text.split("<record>").skip(1) {
        let record = part.split("</record>").next().unwrap_or_default().trim();
        let record = record.strip_prefix("<![CDATA[").unwrap_or(record);
        let record = record.strip_suffix("]]>").unwrap_or(record).trim();
        if markup.len() + record.len() > MOST_BYTES {
            break;
        }
        markup.push_str(record);
        markup.push('\n');
    }
    markup
}

/// The strings of the first array of a script.
fn of_script(text: &str) -> String {
    let Some(start) = text.find("dataStore").and_then(|at| text[at..].find('[').map(|open| at + open + 1)) else {
        return String::new();
    };
    let mut markup = String::new();
    let mut rest = text[start..].trim_start();
    while let Some(quote) = rest.chars().next().filter(|quote| matches!(quote, '"' | '\'')) {
        let mut escaped = false;
        let mut end = None;
        for (at, character) in rest.char_indices().skip(1) {
            if !escaped && character == quote {
                end = Some(at);
                break;
            }
            escaped = character == '\\' && !escaped;
        }
        let Some(end) = end else { break };
        if markup.len() + end > MOST_BYTES {
            break;
        }
        markup.push_str(&rest[1..end].replace("\\/", "/").replace("\\\"", "\"").replace("\\'", "'").replace("\\n", " "));
        markup.push('\n');
        rest = rest[end + 1..].trim_start().trim_start_matches(',').trim_start();
    }
    markup
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_of_xml_and_of_scripts_are_taken_out() {
        let xml = "<?xml version='1.0'?><datastore><nextgroup><![CDATA[<a href=\"x\"></a>]]></nextgroup><recordset><record><![CDATA[<li>一</li>]]></record><record><![CDATA[\n<li>二</li>]]></record>";
        assert_eq!(read(xml).unwrap(), "<li>一</li>\n<li>二</li>\n");
        let script = "totalRecord=2;dataStore = ['<tr><td><a href=\\'/a.html\\'>一</a></td></tr>',\"<tr><td>二</td></tr>\"];";
        assert_eq!(read(script).unwrap(), "<table><tr><td><a href='/a.html'>一</a></td></tr>\n<tr><td>二</td></tr>\n</table>");
    }

    #[test]
    fn pages_and_feeds_are_no_records() {
        for text in [
            "<html><script><record><![CDATA[x]]></record></script></html>",
            "<?xml version='1.0'?><rss></rss>",
            "{}",
            "",
            "dataStore",
        ] {
            assert!(read(text).is_none_or(|markup| markup.is_empty()), "{text}");
        }
    }
}
