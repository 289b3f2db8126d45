//! GB/T 2260 codes of places, with names, levels and the tree they form.
//!
//! Data: `rules/regions.csv` (`code,name,level,parent`). Six digits: two for the province, two for the city, two for the county.

use std::collections::{BTreeMap, HashMap};

/// The whole country.
pub const COUNTRY: &str = "000000";

/// One place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// Six digits.
    pub code: String,
    /// Official name.
    pub name: String,
    /// 1 province, 2 city, 3 county.
    pub level: u8,
    /// Code of the place above; empty for provinces.
    pub parent: String,
}

/// All places, found by code or by name.
#[derive(Debug, Clone, Default)]
pub struct Regions {
    by_code: BTreeMap<String, Region>,
    /// Full and short names → codes, in code order.
    by_name: HashMap<String, Vec<String>>,
}

/// Names of second-level rows that only group counties and name no place.
const GROUPINGS: &[&str] = &["市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"];

impl Regions {
    /// Reads `code,name,level,parent` lines under a header line.
    ///
    /// # Errors
    /// Names the first line that does not have four fields with a six-digit code.
    pub fn parse(csv: &str) -> Result<Self, String> {
        let mut regions = Self::default();
        for (index, line) in csv.lines().enumerate().skip(1).filter(|(_, line)| !line.trim().is_empty()) {
            let fields: Vec<&str> = line.trim().split(',').collect();
            let [code, name, level, parent] = fields[..] else {
                return Err(format!("line {}: expected code,name,level,parent, found `{line}`", index + 1));
            };
            let level: u8 = level.parse().map_err(|_| format!("line {}: level `{level}` is no number", index + 1))?;
            if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(format!("line {}: `{code}` is no six-digit code", index + 1));
            }
            regions.add(Region { code: code.to_owned(), name: name.to_owned(), level, parent: parent.to_owned() });
        }
        Ok(regions)
    }

    fn add(&mut self, region: Region) {
        if !GROUPINGS.contains(&region.name.as_str()) {
            for name in names_of(&region) {
                self.by_name.entry(name).or_default().push(region.code.clone());
            }
        }
        self.by_code.insert(region.code.clone(), region);
    }

    /// The place with this code.
    #[must_use]
    pub fn get(&self, code: &str) -> Option<&Region> {
        self.by_code.get(code)
    }

    /// Every place in code order.
    pub fn iter(&self) -> impl Iterator<Item = &Region> {
        self.by_code.values()
    }

    /// Codes of the places with this full or short name (`新疆`, `新疆维吾尔自治区`, `通州`).
    #[must_use]
    pub fn by_name(&self, name: &str) -> &[String] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// The full names from the province down, without grouping rows: `北京市通州区`.
    #[must_use]
    pub fn full_name(&self, code: &str) -> String {
        if code == COUNTRY {
            return "全国".to_owned();
        }
        let above = |digits, zeros: &str| code.get(..digits).map(|start| format!("{start}{zeros}")).unwrap_or_default();
        let chain = [above(2, "0000"), above(4, "00"), code.to_owned()];
        let mut names: Vec<&str> = Vec::new();
        for code in &chain {
            if let Some(region) = self.by_code.get(code).filter(|region| !GROUPINGS.contains(&region.name.as_str()))
                && names.last() != Some(&region.name.as_str())
            {
                names.push(&region.name);
            }
        }
        names.concat()
    }
}

/// Whether the place `inner` lies within (or is) the place `outer`, by their codes alone.
#[must_use]
pub fn lies_within(inner: &str, outer: &str) -> bool {
    inner.len() == 6 && outer.len() == 6 && inner.starts_with(significant(outer))
}

/// The digits of a code that say where it is: `650000` → `65`, `110100` → `1101`, `000000` → nothing.
#[must_use]
pub fn significant(code: &str) -> &str {
    let trimmed = code.strip_suffix("0000").or_else(|| code.strip_suffix("00")).unwrap_or(code);
    if trimmed == "00" { "" } else { trimmed }
}

/// The full name and the short one without 省, 市, 自治区 …, where at least two characters remain.
fn names_of(region: &Region) -> Vec<String> {
    const ENDINGS: &[&str] = &[
        "维吾尔自治区",
        "壮族自治区",
        "回族自治区",
        "特别行政区",
        "自治区",
        "自治州",
        "自治县",
        "地区",
        "新区",
        "省",
        "市",
        "区",
        "县",
        "盟",
        "旗",
    ];
    let mut names = vec![region.name.clone()];
    if let Some(short) = ENDINGS.iter().find_map(|ending| region.name.strip_suffix(ending))
        && short.chars().count() >= 2
    {
        names.push(short.to_owned());
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "code,name,level,parent\n110000,北京市,1,\n110100,市辖区,2,110000\n110112,通州区,3,110100\n650000,新疆维吾尔自治区,1,\n650100,乌鲁木齐市,2,650000\n";

    #[test]
    fn places_are_found_by_full_and_short_name() {
        let regions = Regions::parse(SAMPLE).unwrap();
        assert_eq!(regions.by_name("新疆"), ["650000"]);
        assert_eq!(regions.by_name("通州区"), ["110112"]);
        assert!(regions.by_name("市辖区").is_empty());
        assert_eq!(regions.full_name("110112"), "北京市通州区");
        assert_eq!(regions.full_name(COUNTRY), "全国");
        assert_eq!(regions.full_name("新疆"), "");
    }

    #[test]
    fn a_place_lies_within_its_city_province_and_country() {
        assert!(lies_within("110112", "110000"));
        assert!(lies_within("110112", "000000"));
        assert!(!lies_within("110000", "110112"));
        assert!(!lies_within("650100", "110000"));
    }

    #[test]
    fn a_broken_line_is_named() {
        let error = Regions::parse("code,name,level,parent\n11,北京市,1,\n").unwrap_err();
        assert!(error.contains("line 2"), "{error}");
    }
}
