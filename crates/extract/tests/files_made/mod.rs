//! Files made by the tests: PDF, OFD and ZIP with just what a test needs.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;

pub(crate) fn gbk(text: &str) -> Vec<u8> {
    encoding_rs::GBK.encode(text).0.into_owned()
}

pub(crate) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// A string of PDF in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("<{digits}>")
}

/// A Chinese font that is not embedded, as typesetting programs of offices write it.
pub(crate) fn composite_font(name: &str, encoding: &str) -> String {
    format!(
        "<< /Type /Font /Subtype /Type0 /BaseFont /{name} /Encoding /{encoding} /DescendantFonts [<< /Type /Font /Subtype /CIDFontType2 \
         /BaseFont /{name} /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> /DW 1000 /W [814 907 500] \
         /FontDescriptor << /Type /FontDescriptor /FontName /{name} /Flags 6 /Ascent 859 /Descent -141 /ItalicAngle 0 /StemV 80 \
         /CapHeight 700 /FontBBox [0 -141 1000 859] >> >>] >>"
    )
}

/// A PDF file; all pages share fonts, one picture `Im1` and forms.
#[derive(Default)]
pub(crate) struct Pdf {
    fonts: String,
    forms: Vec<(String, String, String)>,
    pages: Vec<String>,
    properties: String,
    catalog: String,
    pub(crate) rotation: u32,
    pub(crate) trailer: String,
}

impl Pdf {
    pub(crate) fn font(&mut self, name: &str, dictionary: &str) {
        self.fonts += &format!("/{name} {dictionary} ");
    }

    pub(crate) fn form(&mut self, name: &str, matrix: &str, content: &str) {
        self.forms.push((name.to_owned(), matrix.to_owned(), content.to_owned()));
    }

    /// A layer `L1`, shown or not.
    pub(crate) fn layer(&mut self, is_off: bool) {
        let group = "<< /Type /OCG /Name (Layer) >>";
        self.forms.push(("Layer".to_owned(), String::new(), group.to_owned()));
        let number = 4 + self.forms.len();
        self.properties = format!("/L1 {number} 0 R");
        let off = if is_off { format!("{number} 0 R") } else { String::new() };
        self.catalog = format!("/OCProperties << /OCGs [{number} 0 R] /D << /OFF [{off}] >> >>");
    }

    pub(crate) fn page(&mut self, content: &str) {
        self.pages.push(content.to_owned());
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        // 1 catalog, 2 pages, 3 picture, 4 resources, then forms, then two for each page.
        let first_form = 5;
        let first_page = first_form + self.forms.len();
        let stream = |dictionary: &str, content: &str| {
            format!("<< {dictionary} /Length {} >>\nstream\n{content}\nendstream", content.len())
        };
        let mut objects = vec![format!("<< /Type /Catalog /Pages 2 0 R {} >>", self.catalog)];
        let kids: String = (0..self.pages.len()).map(|page| format!("{} 0 R ", first_page + page * 2)).collect();
        objects.push(format!("<< /Type /Pages /Count {} /Kids [{kids}] >>", self.pages.len()));
        objects
            .push(stream("/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8", "x"));
        let forms: String =
            self.forms.iter().enumerate().map(|(at, form)| format!("/{} {} 0 R ", form.0, first_form + at)).collect();
        objects.push(format!(
            "<< /Font << {} >> /XObject << /Im1 3 0 R {forms} >> /Properties << {} >> >>",
            self.fonts, self.properties
        ));
        for (_, matrix, content) in &self.forms {
            if matrix.is_empty() {
                objects.push(content.clone());
                continue;
            }
            let dictionary = format!(
                "/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Matrix {matrix} /Resources << /Font << {} >> >>",
                self.fonts
            );
            objects.push(stream(&dictionary, content));
        }
        for (at, content) in self.pages.iter().enumerate() {
            objects.push(format!(
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Rotate {} /Resources 4 0 R /Contents {} 0 R >>",
                self.rotation,
                first_page + at * 2 + 1
            ));
            objects.push(stream("", content));
        }
        self.assemble(&objects)
    }

    fn assemble(&self, objects: &[String]) -> Vec<u8> {
        let mut file = b"%PDF-1.7\n".to_vec();
        let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
        for (at, object) in objects.iter().enumerate() {
            table += &format!("{:010} 00000 n \n", file.len());
            file.extend(format!("{} 0 obj\n{object}\nendobj\n", at + 1).bytes());
        }
        let start = file.len();
        let size = objects.len() + 1;
        file.extend(
            format!("{table}trailer\n<< /Size {size} /Root 1 0 R {} >>\nstartxref\n{start}\n%%EOF\n", self.trailer).bytes(),
        );
        file
    }
}

/// An OFD file; with several documents each has the same pages.
pub(crate) struct Ofd {
    templates: Vec<(String, String)>,
    pages: Vec<(String, String)>,
    pub(crate) documents: usize,
    pub(crate) missing_page: bool,
}

impl Default for Ofd {
    fn default() -> Self {
        Self { templates: Vec::new(), pages: Vec::new(), documents: 1, missing_page: false }
    }
}

/// A line of text in letters of 5 mm.
pub(crate) fn ofd_text(boundary: &str, attributes: &str, text: &str) -> String {
    format!(
        "<ofd:TextObject ID=\"7\" Boundary=\"{boundary}\" Font=\"4\" Size=\"5\" {attributes}><ofd:TextCode X=\"0\" Y=\"5\">{text}</ofd:TextCode></ofd:TextObject>"
    )
}

impl Ofd {
    pub(crate) fn sample() -> Vec<u8> {
        let mut ofd = Self::default();
        ofd.template("5", &ofd_text("20 20 100 8", "", "项目名称："));
        ofd.page("<ofd:Template TemplateID=\"5\"/>", &ofd_text("55 20 100 8", "", "示例项目"));
        ofd.bytes()
    }

    pub(crate) fn template(&mut self, id: &str, objects: &str) {
        self.templates.push((id.to_owned(), objects.to_owned()));
    }

    pub(crate) fn page(&mut self, before: &str, objects: &str) {
        self.pages.push((before.to_owned(), objects.to_owned()));
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut parts: Vec<(String, String)> = Vec::new();
        let layer = |before: &str, objects: &str| {
            format!(
                "<ofd:Page>{before}<ofd:Content><ofd:Layer ID=\"3\" Type=\"Body\">{objects}</ofd:Layer></ofd:Content></ofd:Page>"
            )
        };
        let mut bodies = String::new();
        for document in 0..self.documents {
            bodies += &format!("<ofd:DocBody><ofd:DocRoot>Doc_{document}/Document.xml</ofd:DocRoot></ofd:DocBody>");
            let mut templates = String::new();
            for (id, objects) in &self.templates {
                templates += &format!("<ofd:TemplatePage ID=\"{id}\" BaseLoc=\"Tpls/Tpl_{id}/Content.xml\"/>");
                parts.push((format!("Doc_{document}/Tpls/Tpl_{id}/Content.xml"), layer("", objects)));
            }
            let mut pages = String::new();
            for (at, (before, objects)) in self.pages.iter().enumerate() {
                // Paths from the root and from the folder both occur.
                let path = if at % 2 == 0 {
                    format!("/Doc_{document}/Pages/Page_{at}/Content.xml")
                } else {
                    format!("Pages/Page_{at}/Content.xml")
                };
                pages += &format!("<ofd:Page ID=\"{at}\" BaseLoc=\"{path}\"/>");
                parts.push((format!("Doc_{document}/Pages/Page_{at}/Content.xml"), layer(before, objects)));
            }
            if self.missing_page {
                pages += "<ofd:Page ID=\"99\" BaseLoc=\"Pages/None.xml\"/>";
            }
            parts.push((
                format!("Doc_{document}/Document.xml"),
                format!(
                    "<ofd:Document xmlns:ofd=\"http://www.ofdspec.org/2016\"><ofd:CommonData><ofd:PageArea><ofd:PhysicalBox>0 0 210 297\
                     </ofd:PhysicalBox></ofd:PageArea>{templates}</ofd:CommonData><ofd:Pages>{pages}</ofd:Pages></ofd:Document>"
                ),
            ));
        }
        parts.insert(0, ("OFD.xml".to_owned(), format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><ofd:OFD>{bodies}</ofd:OFD>")));
        let parts: Vec<(&str, &[u8])> = parts.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
        zip(&parts)
    }
}

/// A ZIP file; a name that ends in `/` is a folder.
pub(crate) fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        if name.ends_with('/') {
            writer.add_directory(*name, SimpleFileOptions::default()).unwrap();
        } else {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
    }
    writer.finish().unwrap().into_inner()
}

/// Puts other bytes of the same length in the place of some.
pub(crate) fn replace(file: &mut [u8], from: &[u8], to: &[u8]) {
    assert_eq!(from.len(), to.len());
    for at in 0..file.len() - from.len() {
        if file[at..].starts_with(from) {
            file[at..at + to.len()].copy_from_slice(to);
        }
    }
}

/// Marks the first member as encrypted, in its own header and in the directory.
pub(crate) fn set_encrypted(file: &mut [u8]) {
    file[6] |= 1;
    let directory = (0..file.len()).find(|at| file[*at..].starts_with(b"PK\x01\x02")).unwrap();
    file[directory + 8] |= 1;
}

/// Repeats the one entry of the directory: one member under many names.
pub(crate) fn repeat_directory(file: &mut Vec<u8>, times: u16) {
    let directory = (0..file.len()).find(|at| file[*at..].starts_with(b"PK\x01\x02")).unwrap();
    let end = (0..file.len()).rfind(|at| file[*at..].starts_with(b"PK\x05\x06")).unwrap();
    let entry = file[directory..end].to_vec();
    let mut tail = file[end..].to_vec();
    file.truncate(directory);
    for at in 0..times {
        let mut entry = entry.clone();
        // Names of five letters: `a.bin` becomes `0.bin` and so on.
        entry[46] = b'0' + (at % 70) as u8;
        file.extend(entry);
    }
    let size = (entry.len() * usize::from(times)) as u32;
    tail[8..10].copy_from_slice(&times.to_le_bytes());
    tail[10..12].copy_from_slice(&times.to_le_bytes());
    tail[12..16].copy_from_slice(&size.to_le_bytes());
    file.extend(tail);
}
