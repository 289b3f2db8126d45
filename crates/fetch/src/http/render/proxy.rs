//! The browser's only way out: a proxy on this machine, for the time of one page, that connects to what the guard permits.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use url::{Host, Url};

use crate::error::FetchError;
use crate::guard::Guard;

/// Connections at once.
const MOST_CONNECTIONS: usize = 48;
/// Longest life of a connection: a resource that hangs holds up the whole page.
const LONGEST: Duration = Duration::from_secs(20);
/// Largest head of a request.
const MOST_HEAD_BYTES: usize = 64 << 10;
/// Everything one page may load.
const MOST_LOADED_BYTES: u64 = 60 << 20;

const REFUSED: &[u8] = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const UNREACHABLE: &[u8] = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// A proxy that ends when dropped.
pub(super) struct Proxy {
    address: SocketAddr,
    task: JoinHandle<()>,
}

struct Rules {
    guard: Guard,
    /// The operator's own proxy, through which everything then goes.
    upstream: Option<(String, u16)>,
    left_bytes: AtomicU64,
}

impl Proxy {
    /// Starts one on a free port.
    ///
    /// # Errors
    /// No port, or an operator's proxy this cannot speak to.
    pub(super) async fn start(guard: Guard, upstream: Option<&str>) -> Result<Self, FetchError> {
        let fail =
            |error: std::io::Error| FetchError::Io { place: "the proxy of the browser".to_owned(), reason: error.to_string() };
        let upstream = upstream.map(upstream_of).transpose()?;
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(fail)?;
        let address = listener.local_addr().map_err(fail)?;
        let rules = Arc::new(Rules { guard, upstream, left_bytes: AtomicU64::new(MOST_LOADED_BYTES) });
        Ok(Self { address, task: tokio::spawn(accept(listener, rules)) })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn upstream_of(proxy: &str) -> Result<(String, u16), FetchError> {
    let bad =
        || FetchError::Config { reason: "rendering goes through a proxy http://host:port without credentials only".to_owned() };
    let url = Url::parse(proxy).map_err(|_| bad())?;
    match (url.scheme(), url.username(), url.host_str(), url.port_or_known_default()) {
        ("http", "", Some(host), Some(port)) => Ok((host.to_owned(), port)),
        _ => Err(bad()),
    }
}

async fn accept(listener: TcpListener, rules: Arc<Rules>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        while connections.len() >= MOST_CONNECTIONS {
            connections.join_next().await;
        }
        let rules = Arc::clone(&rules);
        connections.spawn(async move {
            match tokio::time::timeout(LONGEST, serve(client, &rules)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::debug!(%error, "a connection of the browser"),
                Err(_) => tracing::debug!("a connection of the browser took too long"),
            }
        });
    }
}

/// What the browser asks for first on a connection.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    url: Url,
    is_tunnel: bool,
}

async fn serve(mut client: TcpStream, rules: &Rules) -> std::io::Result<()> {
    let head = read_head(&mut client).await?;
    let Some(asked) = parse(&head) else { return client.write_all(REFUSED).await };
    let mut server = match connect(&asked.url, rules).await {
        Ok(Some(server)) => server,
        Ok(None) => return client.write_all(UNREACHABLE).await,
        Err(error) => {
            tracing::warn!(%error, "refused to the browser");
            return client.write_all(REFUSED).await;
        }
    };
    match (asked.is_tunnel, &rules.upstream) {
        (true, None) => client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?,
        (true, Some(_)) => server.write_all(&head).await?,
        (false, upstream) => server.write_all(&forwarded(&head, &asked.url, upstream.is_some())).await?,
    }
    relay(client, server, rules).await
}

/// Passes bytes both ways until the server is done, within what the page may still load.
async fn relay(mut client: TcpStream, mut server: TcpStream, rules: &Rules) -> std::io::Result<()> {
    let (mut from_client, mut to_client) = client.split();
    let (from_server, mut to_server) = server.split();
    let mut limited = from_server.take(rules.left_bytes.load(Ordering::Relaxed));
    let down = tokio::io::copy(&mut limited, &mut to_client);
    let up = async {
        // A browser that has sent all it wants still waits for the answer.
        match tokio::io::copy(&mut from_client, &mut to_server).await {
            Ok(_) => std::future::pending().await,
            Err(error) => Err(error),
        }
    };
    let count = tokio::select! {
        count = down => count?,
        failed = up => return failed,
    };
    let left = rules.left_bytes.load(Ordering::Relaxed);
    rules.left_bytes.store(left.saturating_sub(count), Ordering::Relaxed);
    to_client.shutdown().await
}

async fn read_head(client: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= MOST_HEAD_BYTES {
            return Err(std::io::Error::other("the head of a request is too long"));
        }
        // Up to the blank line and no further: what follows belongs to the server.
        let waiting = peek_head(client, &head).await?;
        let start = head.len();
        head.resize(start + waiting, 0);
        client.read_exact(&mut head[start..]).await?;
    }
    Ok(head)
}

/// How many of the waiting bytes still belong to the head; at least one.
async fn peek_head(client: &TcpStream, head: &[u8]) -> std::io::Result<usize> {
    let mut waiting = vec![0; 8 << 10];
    let count = client.peek(&mut waiting).await?;
    if count == 0 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    let tail = &head[head.len().saturating_sub(3)..];
    let seen: Vec<u8> = tail.iter().chain(&waiting[..count]).copied().collect();
    let end = seen.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4 - tail.len());
    Ok(end.unwrap_or(count))
}

fn parse(head: &[u8]) -> Option<Asked> {
    let line = std::str::from_utf8(head.split(|&byte| byte == b'\r').next()?).ok()?;
    let mut parts = line.split(' ');
    let (method, target) = (parts.next()?, parts.next()?);
    let is_tunnel = method == "CONNECT";
    let url = if is_tunnel { Url::parse(&format!("https://{target}/")).ok()? } else { Url::parse(target).ok()? };
    (is_tunnel || url.scheme() == "http").then_some(Asked { url, is_tunnel })
}

/// A plain request as the server is to see it: one request a connection, and no word of this proxy.
fn forwarded(head: &[u8], url: &Url, keeps_address: bool) -> Vec<u8> {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.split("\r\n");
    let method = lines.next().and_then(|line| line.split(' ').next()).unwrap_or("GET");
    let target = if keeps_address { url.as_str() } else { &url[url::Position::BeforePath..url::Position::AfterQuery] };
    let mut plain = format!("{method} {target} HTTP/1.1\r\n");
    for line in lines.filter(|line| !line.is_empty()) {
        let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
        if !matches!(name.as_str(), "proxy-connection" | "connection" | "proxy-authorization") {
            plain.push_str(line);
            plain.push_str("\r\n");
        }
    }
    plain.push_str("Connection: close\r\n\r\n");
    plain.into_bytes()
}

/// A connection to a permitted address; `None` where there is none to be had.
async fn connect(url: &Url, rules: &Rules) -> Result<Option<TcpStream>, FetchError> {
    rules.guard.check(url)?;
    let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else { return Ok(None) };
    let addresses: Vec<IpAddr> = match &host {
        Host::Ipv4(address) => vec![(*address).into()],
        Host::Ipv6(address) => vec![(*address).into()],
        Host::Domain(name) => match tokio::net::lookup_host((*name, port)).await {
            Ok(found) => found.map(|socket| socket.ip()).collect(),
            Err(_) => Vec::new(),
        },
    };
    let host = url.host_str().unwrap_or_default();
    let permitted: Vec<SocketAddr> = addresses
        .iter()
        .filter(|address| rules.guard.permits(host, **address, port))
        .map(|address| SocketAddr::new(*address, port))
        .collect();
    if let (true, Some(address)) = (permitted.is_empty(), addresses.first()) {
        return Err(FetchError::ForbiddenAddress { host: host.to_owned(), address: *address });
    }
    let stream = match &rules.upstream {
        // It resolves names itself, also those this machine cannot.
        Some((proxy, port)) => TcpStream::connect((proxy.as_str(), *port)).await,
        None => TcpStream::connect(permitted.as_slice()).await,
    };
    Ok(stream.ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_the_browser_are_read() {
        let check = |head: &str, expected: Option<(&str, bool)>| {
            let found = parse(head.as_bytes()).map(|asked| (asked.url.to_string(), asked.is_tunnel));
            assert_eq!(found, expected.map(|(url, is_tunnel)| (url.to_owned(), is_tunnel)), "{head}");
        };
        check("CONNECT a.gov.cn:443 HTTP/1.1\r\n\r\n", Some(("https://a.gov.cn/", true)));
        check("GET http://a.gov.cn/x?y HTTP/1.1\r\n\r\n", Some(("http://a.gov.cn/x?y", false)));
        check("GET /x HTTP/1.1\r\n\r\n", None);
        check("GET file:///etc/passwd HTTP/1.1\r\n\r\n", None);
        check("nonsense", None);
    }

    #[test]
    fn a_forwarded_request_asks_the_server_for_its_path_and_for_one_answer() {
        let head = "POST http://a.gov.cn/x?y=1 HTTP/1.1\r\nHost: a.gov.cn\r\nProxy-Connection: keep-alive\r\nA: b\r\n\r\n";
        let url = Url::parse("http://a.gov.cn/x?y=1").unwrap();
        let plain = "POST /x?y=1 HTTP/1.1\r\nHost: a.gov.cn\r\nA: b\r\nConnection: close\r\n\r\n";
        assert_eq!(String::from_utf8(forwarded(head.as_bytes(), &url, false)).unwrap(), plain);
        let kept = "POST http://a.gov.cn/x?y=1 HTTP/1.1\r\nHost: a.gov.cn\r\nA: b\r\nConnection: close\r\n\r\n";
        assert_eq!(String::from_utf8(forwarded(head.as_bytes(), &url, true)).unwrap(), kept);
    }

    async fn ask(proxy: &Proxy, request: &str) -> String {
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn private_addresses_are_refused_by_literal_and_by_name_and_permitted_ones_reached() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let head = read_head(&mut stream).await.unwrap();
            let line = String::from_utf8_lossy(&head).lines().next().unwrap().to_owned();
            stream.write_all(format!("HTTP/1.1 200 OK\r\n\r\n{line}").as_bytes()).await.unwrap();
        });
        let closed = Proxy::start(Guard::default(), None).await.unwrap();
        for target in
            [server.to_string(), format!("localhost:{}", server.port()), "10.0.0.1:80".to_owned(), "[::1]:80".to_owned()]
        {
            assert!(ask(&closed, &format!("CONNECT {target} HTTP/1.1\r\n\r\n")).await.contains("403"), "{target}");
            assert!(ask(&closed, &format!("GET http://{target}/ HTTP/1.1\r\n\r\n")).await.contains("403"), "{target}");
        }
        let open = Proxy::start(Guard::new(&[server.to_string()]).unwrap(), None).await.unwrap();
        let answer = ask(&open, &format!("GET http://{server}/page HTTP/1.1\r\nHost: {server}\r\n\r\n")).await;
        assert!(answer.ends_with("GET /page HTTP/1.1"), "{answer}");
    }
}
