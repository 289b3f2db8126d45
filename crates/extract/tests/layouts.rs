//! List pages in the layouts sites use, each with everything a page has around its list, and exactly what is to be
//! read from them. No rule helps: the extractor has none.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use extract::{Extractor, Input};
use model::{Page, PageKind};

use url::Url;

const HERE: &str = "https://www.example.gov.cn/zwgk/tzgg/index.html";

fn page(html: &str) -> Page {
    let url = Url::parse(HERE).unwrap();
    Extractor::new(&[]).unwrap().page(&Input {
        text: html,
        url: &url,
        content_type: Some("text/html"),
        status: 200,
        source: None,
    })
}

/// An entry: title, path and day of publication (month and day of 2026).
#[derive(Clone, Debug)]
struct Entry {
    title: String,
    id: u32,
    month: u32,
    day: u32,
}

fn entries(count: usize) -> Vec<Entry> {
    const SUBJECTS: &[&str] = &[
        "关于组织开展首批设备更新项目申报工作的通知",
        "示例市工业和信息化局关于公布中小企业名单的公告",
        "关于印发《示例市促进消费若干措施》的通知",
        "示例市2026年度科技型企业评价结果公示",
        "关于征求《示例市营商环境条例（草案）》意见的公告",
        "示例市人民政府办公室关于调整领导小组成员的通知",
        "公示公告",
        "关于举办政策宣讲会的通知",
    ];
    (0..count)
        .map(|at| Entry {
            title: if at < SUBJECTS.len() { SUBJECTS[at].to_owned() } else { format!("第{at}批{}", SUBJECTS[at % 6]) },
            id: 7_654_321 - at as u32,
            month: 7 - (at as u32 / 8).min(5),
            day: 28 - (at as u32 % 8) * 3,
        })
        .collect()
}

impl Entry {
    fn file(&self) -> String {
        format!("2026{:02}/t2026{:02}{:02}_{}.html", self.month, self.month, self.day, self.id)
    }

    fn date(&self) -> String {
        format!("2026-{:02}-{:02}", self.month, self.day)
    }

    fn cut(&self) -> String {
        let cut: String = self.title.chars().take(12).collect();
        if cut == self.title { cut } else { format!("{cut}…") }
    }
}

/// What stands around a list: menus, a path, side columns, other sites, the owner's lines.
fn around(list: &str) -> String {
    let menu: String = ["首页", "政务公开", "政府信息公开", "办事服务", "互动交流", "示例概况", "走进示例", "专题专栏"]
        .iter()
        .map(|name| format!("<li><a href=\"/{}/\">{name}</a></li>", name.len()))
        .collect();
    let side: String =
        ["法定主动公开内容", "政府信息公开指南", "政府信息公开制度", "政府信息公开年报", "依申请公开", "规范性文件库"]
            .iter()
            .enumerate()
            .map(|(at, name)| format!("<li><a href=\"/zwgk/c{at}/\">{name}</a></li>"))
            .collect();
    let hot: String = (0..6)
        .map(|at| format!("<li><a href=\"/xw/202605/t20260501_99{at}.html\" title=\"示例市召开第{at}次全体会议研究部署重点工作\">示例市召开第{at}次全体会议…</a></li>"))
        .collect();
    let friends: String = (0..30)
        .map(|at| format!("<a href=\"https://www.site{at}.example.cn/\" target=_blank>示例省第{at}市人民政府网</a>"))
        .collect();
    format!(
        "<!DOCTYPE html><html><head><title>通知公告_示例市人民政府</title><meta name=\"SiteName\" content=\"示例市人民政府\"><meta name=\"ColumnName\" content=\"通知公告\"></head><body>\
         <div class=\"top\"><a href=\"/login\">登录</a><a href=\"/wza\">无障碍阅读</a></div><div class=\"header\"><ul class=\"menu\">{menu}</ul></div>\
         <div class=\"wz\">当前位置：<a href=\"/\">首页</a> &gt; <a href=\"/zwgk/\">政务公开</a> &gt; <a href=\"/zwgk/tzgg/\">通知公告</a></div>\
         <div class=\"main\"><div class=\"left\"><h3>栏目导航</h3><ul>{side}</ul><div class=\"hot-news\"><h3>热点信息</h3><ul>{hot}</ul></div></div>\
         <div class=\"right\"><h2>通知公告</h2>{list}</div></div>\
         <div class=\"yqlj\"><h3>友情链接</h3><div>{friends}</div></div>\
         <div class=\"footer\"><p>主办单位：示例市人民政府办公室　版权所有</p><p><a href=\"https://beian.example.cn\">示ICP备00000001号</a></p></div></body></html>"
    )
}

/// One layout: the rows, what comes before and behind them, whether a date is to be read.
struct Layout {
    name: &'static str,
    before: &'static str,
    row: fn(&Entry) -> String,
    behind: &'static str,
    dated: bool,
}

const LAYOUTS: &[Layout] = &[
    Layout {
        name: "ul",
        before: "<ul class=list>",
        row: |e| format!("<li><a href=\"./{}\">{}</a><span>{}</span></li>", e.file(), e.title, e.date()),
        behind: "</ul>",
        dated: true,
    },
    Layout {
        name: "ul, no date",
        before: "<ul class=list>",
        row: |e| format!("<li><a href=\"./{}\">{}</a></li>", e.file(), e.title),
        behind: "</ul>",
        dated: false,
    },
    Layout {
        name: "date before",
        before: "<ul>",
        row: |e| format!("<li><span>[{}]</span><a href=\"./{}\">{}</a></li>", e.date(), e.file(), e.title),
        behind: "</ul>",
        dated: true,
    },
    Layout {
        name: "date in the link",
        before: "<ul>",
        row: |e| format!("<li><a href=\"./{}\"><span>{}</span><em>{}</em></a></li>", e.file(), e.title, e.date()),
        behind: "</ul>",
        dated: true,
    },
    Layout {
        name: "date at the end of the link's text",
        before: "<div>",
        row: |e| format!("<p><a href=\"./{}\">·{} ({})</a></p>", e.file(), e.title, e.date()),
        behind: "</div>",
        dated: true,
    },
    Layout {
        name: "cut titles",
        before: "<ul>",
        row: |e| format!("<li><a href=\"./{}\" title=\"{}\">{}</a><i>{}</i></li>", e.file(), e.title, e.cut(), e.date()),
        behind: "</ul>",
        dated: true,
    },
    Layout {
        name: "labelled title attribute",
        before: "<ul>",
        row: |e| {
            format!("<li><a href=\"./{}\" title=\"标题：{}&#10;发布时间：{}\">{}</a></li>", e.file(), e.title, e.date(), e.cut())
        },
        behind: "</ul>",
        dated: true,
    },
    Layout {
        name: "table",
        before: "<table>",
        row: |e| format!("<tr><td>·</td><td><a href=\"./{}\">{}</a></td><td>{}</td></tr>", e.file(), e.title, e.date()),
        behind: "</table>",
        dated: true,
    },
    Layout {
        name: "table of files with two dates",
        before: "<table><tr><th>序号</th><th>名称</th><th>文号</th><th>成文日期</th><th>发布日期</th></tr>",
        row: |e| {
            format!(
                "<tr><td>1</td><td><a href=\"./{}\">{}</a></td><td>示政办〔2026〕{}号</td><td>2026-01-01</td><td>{}</td></tr>",
                e.file(),
                e.title,
                e.day,
                e.date()
            )
        },
        behind: "</table>",
        dated: true,
    },
    Layout {
        name: "a table a row",
        before: "",
        row: |e| {
            format!(
                "<table><tr><td><a href=\"./{}\">{}</a></td><td align=right>{}</td></tr></table>",
                e.file(),
                e.title,
                e.date()
            )
        },
        behind: "",
        dated: true,
    },
    Layout {
        name: "dl",
        before: "<dl>",
        row: |e| format!("<dt><a href=\"./{}\">{}</a></dt><dd>{}</dd>", e.file(), e.title, e.date()),
        behind: "</dl>",
        dated: true,
    },
    Layout {
        name: "grid",
        before: "<div class=grid>",
        row: |e| {
            format!(
                "<div class=card><div class=pic><a href=\"./{0}\"><img src=a.jpg></a></div><div class=txt><h4><a href=\"./{0}\">{1}</a></h4><p>{2}</p></div></div>",
                e.file(),
                e.title,
                e.date()
            )
        },
        behind: "</div>",
        dated: true,
    },
    Layout {
        name: "two lines with a summary",
        before: "<ul>",
        row: |e| {
            format!(
                "<li><h4><a href=\"./{0}\">{1}</a></h4><p>为进一步做好有关工作，根据有关规定，现将有关事项通知如下，请认真贯彻落实…<a href=\"./{0}\">[详情]</a></p><span>发布时间：{2}</span></li>",
                e.file(),
                e.title,
                e.date()
            )
        },
        behind: "</ul>",
        dated: true,
    },
    Layout {
        name: "summary inside the link",
        before: "<div>",
        row: |e| {
            format!(
                "<a class=row href=\"./{}\"><h3>{}</h3><p>为进一步做好有关工作，根据有关规定，现将有关事项通知如下。</p><div class=time>{}</div></a>",
                e.file(),
                e.title,
                e.date()
            )
        },
        behind: "</div>",
        dated: true,
    },
    Layout {
        name: "day and month apart",
        before: "<ul>",
        row: |e| {
            format!(
                "<li><div class=d><b>{:02}</b><p>2026-{:02}</p></div><a href=\"./{}\">{}</a></li>",
                e.day,
                e.month,
                e.file(),
                e.title
            )
        },
        behind: "</ul>",
        dated: true,
    },
    Layout {
        name: "day and month apart, inline",
        before: "<ul>",
        row: |e| {
            format!(
                "<li><a href=\"./{}\"><span class=day>{:02}</span><span class=ym>2026/{:02}</span><span class=t>{}</span></a></li>",
                e.file(),
                e.day,
                e.month,
                e.title
            )
        },
        behind: "</ul>",
        dated: true,
    },
    Layout {
        name: "month and day, year beside",
        before: "<ul>",
        row: |e| {
            format!(
                "<li><div><span>{:02}-{:02}</span><br><em>2026</em></div><div><a href=\"./{}\">{}</a></div></li>",
                e.month,
                e.day,
                e.file(),
                e.title
            )
        },
        behind: "</ul>",
        dated: true,
    },
    Layout {
        name: "month and day, year in the address",
        before: "<ul>",
        row: |e| format!("<li><a href=\"./{}\">{}</a><span>{:02}-{:02}</span></li>", e.file(), e.title, e.month, e.day),
        behind: "</ul>",
        dated: true,
    },
    Layout {
        name: "Chinese date",
        before: "<ul>",
        row: |e| format!("<li><a href=\"./{}\">{}</a><span>2026年{}月{}日</span></li>", e.file(), e.title, e.month, e.day),
        behind: "</ul>",
        dated: true,
    },
    Layout {
        name: "date and time with source",
        before: "<ul>",
        row: |e| {
            format!(
                "<li><a href=\"./{}\">{}</a><p>来源：示例市工业和信息化局 发布时间：{} 09:30</p></li>",
                e.file(),
                e.title,
                e.date()
            )
        },
        behind: "</ul>",
        dated: true,
    },
    Layout {
        name: "category before",
        before: "<ul>",
        row: |e| {
            format!(
                "<li>[<a href=\"/zwgk/tzgg/\">通知公告</a>] <a href=\"./{}\">{}</a><span>{}</span></li>",
                e.file(),
                e.title,
                e.date()
            )
        },
        behind: "</ul>",
        dated: true,
    },
    Layout {
        name: "organ beside",
        before: "<ul>",
        row: |e| {
            format!(
                "<li><a href=\"./{}\">{}</a><a href=\"/bm/gxj/\">示例市工业和信息化局</a><span>{}</span></li>",
                e.file(),
                e.title,
                e.date()
            )
        },
        behind: "</ul>",
        dated: true,
    },
    Layout {
        name: "reading beside",
        before: "<ul>",
        row: |e| {
            format!(
                "<li><a href=\"./{}\">{}</a><a href=\"/jd/2026/{}.html\">政策解读</a><span>{}</span></li>",
                e.file(),
                e.title,
                e.id,
                e.date()
            )
        },
        behind: "</ul>",
        dated: true,
    },
    Layout {
        name: "files beside",
        before: "<ul>",
        row: |e| {
            format!(
                "<li><a href=\"./{0}\">{1}</a><a href=\"/f/{2}.pdf\">{1}.pdf</a><span>{3}</span></li>",
                e.file(),
                e.title,
                e.id,
                e.date()
            )
        },
        behind: "</ul>",
        dated: true,
    },
    Layout {
        name: "a list every five rows",
        before: "<ul>",
        row: |e| {
            format!(
                "<li><a href=\"./{}\">{}</a><span>{}</span></li>{}",
                e.file(),
                e.title,
                e.date(),
                if e.id % 5 == 0 { "</ul><ul>" } else { "" }
            )
        },
        behind: "</ul>",
        dated: true,
    },
    Layout {
        name: "pinned rows",
        before: "<ul>",
        row: |e| {
            if e.id > 7_654_319 {
                format!(
                    "<li class=zd><strong><a href=\"./{}\"><font color=red>{}</font></a></strong><span>{}</span></li>",
                    e.file(),
                    e.title,
                    e.date()
                )
            } else {
                format!("<li><a href=\"./{}\">{}</a><span>{}</span></li>", e.file(), e.title, e.date())
            }
        },
        behind: "</ul>",
        dated: true,
    },
    Layout {
        name: "div rows",
        before: "<div class=lb>",
        row: |e| {
            format!(
                "<div class=r><div class=t><a href=\"./{}\">{}</a></div><div class=s>{}</div></div>",
                e.file(),
                e.title,
                e.date()
            )
        },
        behind: "</div>",
        dated: true,
    },
    Layout {
        name: "bare links and breaks",
        before: "<div class=lb>",
        row: |e| format!("<a href=\"./{}\">{}</a> {}<br>", e.file(), e.title, e.date()),
        behind: "</div>",
        dated: true,
    },
    Layout {
        name: "handlers of links",
        before: "<ul>",
        row: |e| {
            format!(
                "<li><a href=\"javascript:void(0)\" onclick=\"window.open('./{}')\">{}</a><span>{}</span></li>",
                e.file(),
                e.title,
                e.date()
            )
        },
        behind: "</ul>",
        dated: true,
    },
    Layout {
        name: "handlers of rows",
        before: "<ul>",
        row: |e| format!("<li onclick=\"location.href='./{}'\"><p>{}</p><span>{}</span></li>", e.file(), e.title, e.date()),
        behind: "</ul>",
        dated: true,
    },
    Layout {
        name: "functions of the page",
        before: "<script>function show(f){ window.open('./' + f); }</script><ul>",
        row: |e| format!("<li><a href=\"javascript:show('{}')\">{}</a><span>{}</span></li>", e.file(), e.title, e.date()),
        behind: "</ul>",
        dated: true,
    },
    Layout {
        name: "far addresses",
        before: "<ul>",
        row: |e| {
            format!("<li><a href=\"//www.example.gov.cn/zwgk/tzgg/{}\">{}</a><span>{}</span></li>", e.file(), e.title, e.date())
        },
        behind: "</ul>",
        dated: true,
    },
    Layout {
        name: "upward addresses",
        before: "<ul>",
        row: |e| format!("<li><a href=\"../../zwgk/tzgg/{}#top\">{}</a><span>{}</span></li>", e.file(), e.title, e.date()),
        behind: "</ul>",
        dated: true,
    },
    Layout {
        name: "marks and a link around the row",
        before: "<ul>",
        row: |e| {
            format!(
                "<a href=\"./{}\"><li><i>置顶</i><span>{}</span><b>NEW</b><em>26-{:02}-{:02}</em></li></a>",
                e.file(),
                e.title,
                e.month,
                e.day
            )
        },
        behind: "</ul>",
        dated: true,
    },
    Layout {
        name: "tabs of the same shape",
        before: "<div class=tab><ul class=show>",
        row: |e| {
            format!(
                "<li><a href=\"./{}\">{}</a><span>{}</span></li>{}",
                e.file(),
                e.title,
                e.date(),
                if e.id % 7 == 0 { "</ul><ul style=\"display:none\">" } else { "" }
            )
        },
        behind: "</ul></div>",
        dated: true,
    },
    Layout {
        name: "records for a script",
        before: "<script type='text/xml'><datastore><nextgroup><![CDATA[<a href=\"/x\"></a>]]></nextgroup><recordset>",
        row: |e| {
            format!(
                "<record><![CDATA[<li><a href='/zwgk/tzgg/{}' title='{}'>{}</a><span>{}</span></li>]]></record>",
                e.file(),
                e.title,
                e.cut(),
                e.date()
            )
        },
        behind: "</recordset></datastore></script>",
        dated: true,
    },
    Layout {
        name: "data of a script",
        before: "<div id=app></div><script>var list = [",
        row: |e| {
            format!("{{\"title\":\"{}\",\"url\":\"/zwgk/tzgg/{}\",\"pubDate\":\"{} 10:00:00\"}},", e.title, e.file(), e.date())
        },
        behind: "{\"end\":1}];</script>",
        dated: true,
    },
];

const PAGER: &str =
    "<div class=\"page\"><span>共3页</span><a href=\"index_1.html\">下一页</a><a href=\"index_2.html\">尾页</a></div>";

fn expected(entries: &[Entry], dated: bool) -> Vec<String> {
    let line = |entry: &Entry| {
        let date = if dated { entry.date() } else { "-".to_owned() };
        format!("{date} {} https://www.example.gov.cn/zwgk/tzgg/{}", entry.title, entry.file())
    };
    entries.iter().map(line).collect()
}

fn found(page: &Page) -> Vec<String> {
    let date = |date: Option<jiff::civil::Date>| date.map_or_else(|| "-".to_owned(), |date| date.to_string());
    page.items.iter().map(|item| format!("{} {} {}", date(item.date), item.title, item.url)).collect()
}

#[test]
fn every_layout_gives_its_entries_and_nothing_else() {
    let mut wrong = Vec::new();
    for layout in LAYOUTS {
        for (count, pager) in [(20, PAGER), (20, ""), (8, PAGER), (4, PAGER)] {
            let entries = entries(count);
            let rows: String = entries.iter().map(layout.row).collect();
            let page = page(&around(&format!("{}{rows}{}{pager}", layout.before, layout.behind)));
            let (found, expected) = (found(&page), expected(&entries, layout.dated));
            if found != expected {
                let odd = found.iter().find(|line| !expected.contains(line));
                let lost = expected.iter().find(|line| !found.contains(line));
                wrong.push(format!(
                    "{} ({count} rows, pager {}): {:?}, found {} of {}, first odd {odd:?}, first lost {lost:?}",
                    layout.name,
                    !pager.is_empty(),
                    page.kind,
                    found.len(),
                    expected.len()
                ));
            } else if page.kind != PageKind::List {
                wrong.push(format!("{} ({count} rows): taken for {:?}", layout.name, page.kind));
            } else if !pager.is_empty() && page.next.as_deref() != Some("https://www.example.gov.cn/zwgk/tzgg/index_1.html") {
                wrong.push(format!("{}: next is {:?}", layout.name, page.next));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}
