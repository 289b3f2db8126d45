//! The SSRF guard: which addresses may be connected to.
//!
//! It judges addresses, never names: a name is judged by what it resolves to at the moment of connecting, and a literal
//! by what it means (`0x7f.1` and `2130706433` are 127.0.0.1 to the URL parser before they come here).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use url::{Host, Url};

use crate::error::FetchError;

/// Addresses exempt from the rule that only public addresses are fetched from.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    allowed: Vec<Allowed>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Allowed {
    Network(IpAddr, u8),
    Socket(SocketAddr),
    Named(String, u16),
}

impl Guard {
    /// A guard with exemptions: `10.1.0.0/16`, `10.1.2.3`, `127.0.0.1:8080`, `[::1]:8080` or `intranet.example:80`.
    ///
    /// # Errors
    /// An exemption that is none of these.
    pub fn new(allow: &[String]) -> Result<Self, FetchError> {
        let allowed = allow.iter().map(|entry| parse_allowed(entry.trim())).collect::<Result<_, _>>()?;
        Ok(Self { allowed })
    }

    /// Whether a connection to this address, reached under this host name, is permitted.
    #[must_use]
    pub fn permits(&self, host: &str, address: IpAddr, port: u16) -> bool {
        is_public(address) || self.allowed.iter().any(|allowed| allowed.covers(host, address, port))
    }

    /// The ports that exemptions name.
    pub(crate) fn ports(&self) -> Vec<u16> {
        let mut ports: Vec<u16> = self.allowed.iter().filter_map(Allowed::port).collect();
        ports.sort_unstable();
        ports.dedup();
        ports
    }

    /// Checks what can be said of a URL before any name is resolved: its scheme, its host, an IP literal.
    ///
    /// # Errors
    /// [`FetchError::BadUrl`] or [`FetchError::ForbiddenAddress`].
    pub fn check(&self, url: &Url) -> Result<(), FetchError> {
        let bad = |reason: &str| FetchError::BadUrl { url: shortened(url.as_str()), reason: reason.to_owned() };
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad("only http and https are fetched"));
        }
        if url.as_str().len() > 8_192 {
            return Err(bad("longer than 8192 bytes"));
        }
        let port = url.port_or_known_default().unwrap_or_default();
        let address = match url.host() {
            None => return Err(bad("no host")),
            Some(Host::Domain(_)) => return Ok(()),
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
        };
        let host = url.host_str().unwrap_or_default();
        if self.permits(host, address, port) {
            return Ok(());
        }
        Err(FetchError::ForbiddenAddress { host: host.to_owned(), address })
    }
}

/// A URL short enough for a message.
fn shortened(url: &str) -> String {
    url.chars().take(200).collect()
}

impl Allowed {
    fn covers(&self, host: &str, address: IpAddr, port: u16) -> bool {
        match self {
            Self::Network(network, bits) => in_network(unmapped(address), *network, *bits),
            Self::Socket(socket) => socket.ip() == unmapped(address) && socket.port() == port,
            Self::Named(name, named_port) => name.eq_ignore_ascii_case(host) && *named_port == port,
        }
    }

    const fn port(&self) -> Option<u16> {
        match self {
            Self::Network(..) => None,
            Self::Socket(socket) => Some(socket.port()),
            Self::Named(_, port) => Some(*port),
        }
    }
}

fn parse_allowed(entry: &str) -> Result<Allowed, FetchError> {
    let bad = || FetchError::Config { reason: format!("allow: {entry:?} is not host:port, an address or a CIDR network") };
    if let Ok(socket) = entry.parse::<SocketAddr>() {
        return Ok(Allowed::Socket(socket));
    }
    if let Ok(address) = entry.parse::<IpAddr>() {
        return Ok(Allowed::Network(address, if address.is_ipv4() { 32 } else { 128 }));
    }
    if let Some((network, bits)) = entry.split_once('/') {
        let network: IpAddr = network.parse().map_err(|_| bad())?;
        let bits: u8 = bits.parse().map_err(|_| bad())?;
        let most = if network.is_ipv4() { 32 } else { 128 };
        return if bits <= most { Ok(Allowed::Network(network, bits)) } else { Err(bad()) };
    }
    let (name, port) = entry.rsplit_once(':').ok_or_else(bad)?;
    let port = port.parse().map_err(|_| bad())?;
    let host = Host::parse(name).map_err(|_| bad())?;
    Ok(Allowed::Named(host.to_string(), port))
}

fn in_network(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            let shift = 32 - u32::from(bits.min(32));
            u32::from(address).checked_shr(shift) == u32::from(network).checked_shr(shift)
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            let shift = 128 - u32::from(bits.min(128));
            u128::from(address).checked_shr(shift) == u128::from(network).checked_shr(shift)
        }
        _ => false,
    }
}

fn unmapped(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// IPv4 networks that are not the public internet (IANA special-purpose registry, and a cloud's host address).
const NOT_PUBLIC_V4: &[(Ipv4Addr, u8)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    // Shared address space; some clouds keep their metadata service in it.
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // A host service of a large cloud, at an address that looks public.
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// IPv6 networks inside `2000::/3` that are not the public internet.
const NOT_PUBLIC_V6: &[(Ipv6Addr, u8)] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0x0db8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Whether an address belongs to the public internet.
fn is_public(address: IpAddr) -> bool {
    match unmapped(address) {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !NOT_PUBLIC_V4.iter().any(|(network, bits)| in_network(IpAddr::V4(address), IpAddr::V4(*network), *bits))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    // NAT64: the last 32 bits are the IPv4 address that is really reached.
    if segments[..6] == [0x0064, 0xff9b, 0, 0, 0, 0] {
        let octets = address.octets();
        return is_public_v4(Ipv4Addr::new(octets[12], octets[13], octets[14], octets[15]));
    }
    let is_global_unicast = segments[0] & 0xe000 == 0x2000;
    is_global_unicast && !NOT_PUBLIC_V6.iter().any(|(network, bits)| in_network(IpAddr::V6(address), IpAddr::V6(*network), *bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(allow: &[&str], url: &str, expected: Option<&str>) {
        let allow: Vec<String> = allow.iter().map(|&entry| entry.to_owned()).collect();
        let found = Guard::new(&allow).unwrap().check(&Url::parse(url).unwrap()).err().map(|error| error.code());
        assert_eq!(found, expected, "{url}");
    }

    #[test]
    fn every_spelling_of_a_private_address_is_refused() {
        for host in [
            "127.0.0.1",
            "0x7f.1",
            "2130706433",
            "0177.0.0.1",
            "127.1",
            "0",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "168.63.129.16",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "１２７.0.0.1",
            "[::]",
            "[::1]",
            "[::ffff:10.0.0.1]",
            "[::ffff:7f00:1]",
            "[::7f00:1]",
            "[64:ff9b::10.0.0.1]",
            "[64:ff9b:1::1]",
            "[fe80::1]",
            "[fc00::1]",
            "[fd00:ec2::254]",
            "[ff02::1]",
            "[2002:7f00:1::]",
            "[2001::1]",
            "[2001:db8::1]",
        ] {
            check(&[], &format!("http://{host}/"), Some("forbidden_address"));
            check(&[], &format!("https://user:word@{host}:8443/a"), Some("forbidden_address"));
        }
    }

    #[test]
    fn public_addresses_and_names_pass() {
        for host in
            ["8.8.8.8", "172.32.0.1", "100.63.255.255", "100.128.0.1", "[2400:da00::1]", "[64:ff9b::8.8.8.8]", "www.gov.cn"]
        {
            check(&[], &format!("http://{host}/"), None);
        }
    }

    #[test]
    fn other_schemes_are_no_pages() {
        for url in ["file:///etc/passwd", "ftp://8.8.8.8/", "gopher://8.8.8.8/", "data:text/html,a"] {
            check(&[], url, Some("bad_url"));
        }
    }

    #[test]
    fn an_exemption_covers_its_port_or_network_and_nothing_else() {
        check(&["127.0.0.1:8080"], "http://127.0.0.1:8080/", None);
        check(&["127.0.0.1:8080"], "http://127.0.0.1:8081/", Some("forbidden_address"));
        check(&["127.0.0.1:8080"], "http://127.0.0.2:8080/", Some("forbidden_address"));
        check(&["127.0.0.1:8080"], "http://[::ffff:127.0.0.1]:8080/", None);
        check(&["10.1.0.0/16"], "http://10.1.200.3/", None);
        check(&["10.1.0.0/16"], "http://10.2.0.1/", Some("forbidden_address"));
        check(&["fd00::/8"], "http://[fd12::1]/", None);
        check(&["0.0.0.0/0"], "http://192.168.0.1/", None);
        check(&["192.168.0.7"], "http://192.168.0.7:81/", None);
    }

    #[test]
    fn a_named_exemption_permits_what_the_name_resolves_to() {
        let guard = Guard::new(&["inner.test:80".to_owned()]).unwrap();
        let address = IpAddr::from([10, 0, 0, 1]);
        assert!(guard.permits("inner.test", address, 80));
        assert!(!guard.permits("inner.test", address, 81));
        assert!(!guard.permits("other.test", address, 80));
    }

    #[test]
    fn an_exemption_that_is_no_address_is_named() {
        for entry in ["10.0.0.0/33", "nonsense", "a:b", "10.0.0/8", ""] {
            let error = Guard::new(&[entry.to_owned()]).unwrap_err();
            assert!(error.to_string().contains(&format!("{entry:?}")), "{error}");
        }
    }
}
