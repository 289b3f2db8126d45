//! Pages whose text is made by scripts: the page is fetched like any other, then a local Chromium loads it and its tree
//! is read.
//!
//! The browser is a guest: a fresh profile, one page at a time, a time limit, killed with its children, and no way to the
//! network but [`proxy`], which judges every address it asks for.

mod proxy;

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::HttpConfig;
use crate::error::FetchError;
use crate::guard::Guard;
use proxy::Proxy;

/// The header that says a stored body is what a browser made of the page.
pub(crate) const RENDERED: &str = "x-huice-rendered";

/// Names under which systems install Chromium and its kin.
const NAMES: &[&str] =
    &["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome", "microsoft-edge-stable"];
/// Folders they are looked for in. The environment's own list is not read: a service often has none.
const FOLDERS: &[&str] =
    &["/usr/local/bin", "/usr/bin", "/bin", "/snap/bin", "/opt/google/chrome", "/Applications/Chromium.app/Contents/MacOS"];
/// How long scripts may believe to run; their timers are wound forward.
const SCRIPT_TIME_MS: u32 = 10_000;
/// Last bytes of the browser's complaints that are kept for the message.
const COMPLAINT_BYTES: usize = 300;

/// Renders one page at a time.
#[derive(Debug)]
pub(crate) struct Renderer {
    browser: Option<PathBuf>,
    user_agent: String,
    upstream: Option<String>,
    guard: Guard,
    limit: Duration,
    most_bytes: u64,
    turn: tokio::sync::Mutex<()>,
}

impl Renderer {
    pub(crate) fn new(config: &HttpConfig, guard: &Guard) -> Self {
        Self {
            browser: config.browser.clone(),
            user_agent: config.user_agent.clone(),
            upstream: config.proxy.clone(),
            guard: guard.clone(),
            limit: Duration::from_millis(config.render_timeout_ms),
            most_bytes: config.most_bytes,
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// The browser's program.
    ///
    /// # Errors
    /// [`FetchError::NoBrowser`] says what was looked for.
    pub(crate) fn browser(&self) -> Result<PathBuf, FetchError> {
        if let Some(path) = &self.browser {
            let missing = || FetchError::NoBrowser { looked_for: path.display().to_string() };
            return path.is_file().then(|| path.clone()).ok_or_else(missing);
        }
        let candidates = || FOLDERS.iter().flat_map(|folder| NAMES.iter().map(move |name| Path::new(folder).join(name)));
        let looked_for = || format!("{} in {}", NAMES.join(", "), FOLDERS.join(", "));
        candidates().find(|path| path.is_file()).ok_or_else(|| FetchError::NoBrowser { looked_for: looked_for() })
    }

    /// Loads a page and gives its tree as HTML, once its scripts have run.
    pub(crate) async fn render(&self, program: &Path, url: &Url) -> Result<Vec<u8>, FetchError> {
        let fail = |error: io::Error| FetchError::Io { place: url.to_string(), reason: format!("rendering: {error}") };
        let _turn = self.turn.lock().await;
        let proxy = Proxy::start(self.guard.clone(), self.upstream.as_deref()).await?;
        let profile = Profile::new().map_err(fail)?;
        let command = self.command(program, &profile, &proxy, url);
        let browser = Arc::new(Browser::start(command).map_err(fail)?);
        let most_bytes = self.most_bytes;
        let reading = tokio::task::spawn_blocking({
            let browser = Arc::clone(&browser);
            move || browser.read(most_bytes)
        });
        let outcome = tokio::time::timeout(self.limit, reading).await;
        browser.end();
        let body = match outcome {
            Err(_) => {
                let limit_ms = u64::try_from(self.limit.as_millis()).unwrap_or(u64::MAX);
                return Err(FetchError::Timeout { url: url.to_string(), limit_ms });
            }
            Ok(Err(error)) => return Err(fail(io::Error::other(error))),
            Ok(Ok(body)) => body.map_err(fail)?,
        };
        if body.len() as u64 > most_bytes {
            return Err(FetchError::TooLarge { url: url.to_string(), most_bytes });
        }
        if body.is_empty() {
            return Err(fail(io::Error::other(format!("{} gave no page: {}", program.display(), browser.complaint()))));
        }
        if is_browsers_own(&body) {
            return Err(fail(io::Error::other("the browser could not load the page and shows its own")));
        }
        Ok(body)
    }

    fn command(&self, program: &Path, profile: &Profile, proxy: &Proxy, url: &Url) -> Command {
        let with = |start: &str, value: &std::ffi::OsStr| {
            let mut argument = OsString::from(start);
            argument.push(value);
            argument
        };
        let mut command = Command::new(program);
        command
            .args(["--headless", "--dump-dom", "--disable-gpu", "--no-first-run", "--no-default-browser-check"])
            .args(["--disable-extensions", "--disable-sync", "--disable-background-networking", "--disable-component-update"])
            .args(["--disable-default-apps", "--disable-breakpad", "--disable-crash-reporter", "--disable-dev-shm-usage"])
            .args(["--mute-audio", "--blink-settings=imagesEnabled=false", "--lang=zh-CN"])
            // Whatever could go past the proxy: UDP, the browser's own resolver, and its exception for this machine.
            .args(["--disable-quic", "--webrtc-ip-handling-policy=disable_non_proxied_udp", "--proxy-bypass-list=<-loopback>"])
            .arg("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
            .arg(format!("--proxy-server=http://{}", proxy.address()))
            .arg(format!("--virtual-time-budget={SCRIPT_TIME_MS}"))
            .arg(with("--user-agent=", self.user_agent.as_ref()))
            .arg(with("--user-data-dir=", profile.0.as_os_str()));
        if profile.is_roots() {
            tracing::warn!("rendering as root: chromium runs without its sandbox; run this service as another user");
            command.arg("--no-sandbox");
        }
        // The page's scripts run in it: secrets of our own environment are none of its business.
        command.env_clear().env("PATH", FOLDERS.join(":")).env("HOME", &profile.0).env("LANG", "C.UTF-8");
        // What follows is the address, even if it looked like an option.
        command.arg("--").arg(url.as_str());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

/// Whether the browser shows its own page about a failure instead of the site's.
fn is_browsers_own(body: &[u8]) -> bool {
    let contains = |word: &[u8]| body.windows(word.len()).any(|window| window == word);
    contains(b"class=\"neterror\"") && contains(b"id=\"main-frame-error\"")
}

/// A browser's profile, thrown away with what it wrote.
struct Profile(PathBuf);

impl Profile {
    fn new() -> io::Result<Self> {
        static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("huice-browser-{}-{number}", std::process::id()));
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }

    /// Whether it, and so this process, belongs to root.
    fn is_roots(&self) -> bool {
        #[cfg(unix)]
        return std::fs::metadata(&self.0).is_ok_and(|metadata| std::os::unix::fs::MetadataExt::uid(&metadata) == 0);
        #[cfg(not(unix))]
        return false;
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        // A child that is just dying may still write into it.
        for _ in 0..5 {
            if std::fs::remove_dir_all(&self.0).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        tracing::warn!(path = %self.0.display(), "the profile of a browser could not be removed");
    }
}

/// A running browser with its children; they end when it is dropped.
struct Browser {
    process: std::sync::Mutex<Child>,
    complaint: std::sync::Mutex<Vec<u8>>,
}

impl Browser {
    fn start(mut command: Command) -> io::Result<Self> {
        // A group of its own, so that its children can be ended with it.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        Ok(Self { process: std::sync::Mutex::new(command.spawn()?), complaint: std::sync::Mutex::default() })
    }

    /// What it prints, up to one byte more than allowed.
    fn read(&self, most_bytes: u64) -> io::Result<Vec<u8>> {
        let (output, complaints) = {
            let mut process = self.process.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            (process.stdout.take(), process.stderr.take())
        };
        let mut body = Vec::new();
        std::thread::scope(|scope| {
            scope.spawn(|| complaints.map(|complaints| self.keep_last(complaints)));
            let read = output.map_or(Ok(0), |output| output.take(most_bytes + 1).read_to_end(&mut body));
            // Without its reader, a browser with more to print, or to complain of, would wait for ever.
            self.end();
            read
        })?;
        Ok(body)
    }

    fn keep_last(&self, mut complaints: impl Read) {
        let mut chunk = [0; 1 << 10];
        while let Ok(count) = complaints.read(&mut chunk)
            && count > 0
        {
            let mut kept = self.complaint.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            kept.extend_from_slice(&chunk[..count]);
            let surplus = kept.len().saturating_sub(COMPLAINT_BYTES);
            kept.drain(..surplus);
        }
    }

    fn complaint(&self) -> String {
        let kept = self.complaint.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        String::from_utf8_lossy(&kept).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Ends it and its children.
    fn end(&self) {
        let mut process = self.process.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if process.try_wait().is_ok_and(|ended| ended.is_none()) {
            // The standard library signals no groups; every shell does.
            #[cfg(unix)]
            if let Err(error) = Command::new("/bin/sh").args(["-c", &format!("kill -9 -{}", process.id())]).status() {
                tracing::debug!(%error, "the children of a browser");
            }
            if let Err(error) = process.kill().and_then(|()| process.wait().map(|_| ())) {
                tracing::warn!(%error, "a browser could not be ended");
            }
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browsers_own_error_page_is_told_from_a_page() {
        let own = b"<html><body id=\"t\" class=\"neterror\"><div id=\"main-frame-error\">This site can't be reached</div></body></html>";
        assert!(is_browsers_own(own));
        assert!(!is_browsers_own("<html><body class=\"neterror\">关于网络错误的通知</body></html>".as_bytes()));
    }

    #[test]
    fn a_missing_browser_is_named() {
        let config = HttpConfig { browser: Some(PathBuf::from("/nowhere/chromium")), ..HttpConfig::default() };
        let error = Renderer::new(&config, &Guard::default()).browser().unwrap_err();
        assert_eq!((error.code(), error.is_permanent()), ("no_browser", true));
        assert!(error.to_string().contains("/nowhere/chromium"), "{error}");
    }
}
