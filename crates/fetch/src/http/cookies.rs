//! Cookie jars, kept in memory by name: a source's token page and its list share one, and no other source sees it.
//!
//! Domain, path, `Secure` and expiry are judged by the rules of RFC 6265 (`cookie_store`, which reads the system's clock
//! for expiry). What servers may fill is bounded here.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use cookie_store::{Cookie, CookieDomain, CookieStore};
use reqwest::header::HeaderValue;
use url::Url;

/// More jars than this are not kept; all are emptied then.
const MOST_JARS: usize = 1_000;
/// Cookies taken from one answer.
const MOST_OF_ANSWER: usize = 30;
/// Cookies in one jar; it is emptied before it holds more, so that no flood locks later sessions out.
const MOST_OF_JAR: usize = 150;
/// Longest `Set-Cookie` taken.
const MOST_COOKIE_BYTES: usize = 4_096;
/// Longest `Cookie` header sent.
const MOST_SENT_BYTES: usize = 16 << 10;

/// Second labels under which anybody can register below a country's domain.
const SHARED_LABELS: &[&str] = &["ac", "co", "com", "edu", "go", "gov", "mil", "net", "or", "org"];

/// All jars by name.
#[derive(Debug, Default)]
pub(crate) struct Jars(Mutex<HashMap<String, CookieStore>>);

impl Jars {
    /// The `Cookie` header for a URL, if the jar holds something for it.
    pub(crate) fn header(&self, jar: Option<&str>, url: &Url) -> Option<HeaderValue> {
        let jars = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut pairs: Vec<(&str, &str)> = jars.get(jar?)?.get_request_values(url).collect();
        // The store keeps them in the order of its hash tables.
        pairs.sort_unstable();
        let mut text = String::new();
        for (name, value) in pairs {
            if text.len() + name.len() + value.len() + 3 > MOST_SENT_BYTES {
                break;
            }
            let separator = if text.is_empty() { "" } else { "; " };
            text.extend([separator, name, "=", value]);
        }
        HeaderValue::from_str(&text).ok().filter(|value| !value.is_empty())
    }

    /// Keeps what an answer from this URL sets.
    pub(crate) fn keep(&self, jar: Option<&str>, url: &Url, headers: &[(String, String)]) {
        let Some(jar) = jar else { return };
        let set = headers.iter().filter(|(name, value)| name == "set-cookie" && value.len() <= MOST_COOKIE_BYTES);
        let cookies = set.take(MOST_OF_ANSWER).filter_map(|(_, value)| Cookie::parse(value.clone(), url).ok());
        let cookies: Vec<Cookie<'static>> = cookies.filter(|cookie| !is_for_strangers(cookie)).collect();
        if cookies.is_empty() {
            return;
        }
        let mut jars = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if jars.len() >= MOST_JARS && !jars.contains_key(jar) {
            jars.clear();
        }
        let store = jars.entry(jar.to_owned()).or_default();
        if store.iter_any().count() + cookies.len() > MOST_OF_JAR {
            store.clear();
        }
        for cookie in cookies {
            if let Err(error) = store.insert(cookie, url) {
                tracing::debug!(host = url.host_str(), %error, "cookie refused");
            }
        }
    }
}

/// Whether a cookie asks to be sent to a domain whose sites belong to different people, e.g. `gov.cn`.
fn is_for_strangers(cookie: &Cookie<'_>) -> bool {
    let CookieDomain::Suffix(domain) = &cookie.domain else { return false };
    match domain.trim_matches('.').split('.').collect::<Vec<_>>().as_slice() {
        [_] => true,
        [second, top] => top.len() == 2 && (second.len() == 2 || SHARED_LABELS.contains(second)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn set(jars: &Jars, jar: &str, from: &str, cookies: &[&str]) {
        let headers: Vec<_> = cookies.iter().map(|cookie| ("set-cookie".to_owned(), (*cookie).to_owned())).collect();
        jars.keep(Some(jar), &url(from), &headers);
    }

    /// Sets a cookie from one URL and tells what another is sent.
    #[track_caller]
    fn check(from: &str, cookie: &str, to: &str, expected: Option<&str>) {
        let jars = Jars::default();
        set(&jars, "a", from, &[cookie]);
        let sent = jars.header(Some("a"), &url(to));
        assert_eq!(sent.as_ref().map(|value| value.to_str().unwrap()), expected, "{cookie} from {from} to {to}");
    }

    #[test]
    fn a_cookie_goes_back_to_its_site_and_path_and_nowhere_else() {
        let from = "https://www.example.gov.cn/zc/index.html";
        check(from, "s=1", from, Some("s=1"));
        check(from, "s=1", "https://zwfw.example.gov.cn/zc/", None);
        check(from, "s=1; Domain=example.gov.cn", "https://zwfw.example.gov.cn/zc/", Some("s=1"));
        check(from, "s=1; Path=/zc", "https://www.example.gov.cn/other/", None);
        check(from, "s=1; Path=/; Secure", "http://www.example.gov.cn/zc/", None);
        check(from, "s=1; Max-Age=0", from, None);
        check(from, "s=1; Domain=other.gov.cn", "https://www.other.gov.cn/", None);
    }

    #[test]
    fn no_cookie_is_set_for_everybody_below_a_shared_domain() {
        for domain in ["gov.cn", ".gov.cn", "cn", "GOV.CN"] {
            check("https://www.example.gov.cn/", &format!("s=1; Domain={domain}"), "https://www.other.gov.cn/", None);
        }
        check("https://www.example.bj.cn/", "s=1; Domain=bj.cn", "https://www.other.bj.cn/", None);
        check("https://www.example.cn/", "s=1; Domain=example.cn", "https://zc.example.cn/", Some("s=1"));
        check("https://www.example.com/", "s=1; Domain=example.com", "https://zc.example.com/", Some("s=1"));
    }

    #[test]
    fn jars_do_not_see_each_other_and_without_a_jar_nothing_is_kept() {
        let jars = Jars::default();
        let site = "https://www.example.gov.cn/";
        set(&jars, "a", site, &["b=2", "a=1"]);
        assert_eq!(jars.header(Some("a"), &url(site)).unwrap(), "a=1; b=2");
        assert_eq!((jars.header(Some("b"), &url(site)), jars.header(None, &url(site))), (None, None));
        jars.keep(None, &url(site), &[("set-cookie".to_owned(), "c=3".to_owned())]);
        assert_eq!(jars.0.lock().unwrap().len(), 1);
    }

    #[test]
    fn a_flood_of_cookies_stays_bounded_and_locks_nobody_out() {
        let jars = Jars::default();
        let site = "https://www.example.gov.cn/";
        for round in 0..100 {
            let many: Vec<String> = (0..500).map(|number| format!("c{round}x{number}={}", "v".repeat(100))).collect();
            set(&jars, "a", site, &many.iter().map(String::as_str).collect::<Vec<_>>());
        }
        set(&jars, "a", site, &[&format!("long={}", "x".repeat(5_000)), "session=1"]);
        assert!(jars.0.lock().unwrap()["a"].iter_any().count() <= MOST_OF_JAR);
        let sent = jars.header(Some("a"), &url(site)).unwrap();
        assert!(sent.len() <= MOST_SENT_BYTES && sent.to_str().unwrap().contains("session=1"));
        assert!(!sent.to_str().unwrap().contains("long="));
        for jar in 0..2 * MOST_JARS {
            set(&jars, &jar.to_string(), site, &["a=1"]);
        }
        assert!(jars.0.lock().unwrap().len() <= MOST_JARS);
    }
}
