//! Which addresses MCP servers elsewhere may have: those of the public web, and those that the operator allowed.
//!
//! The promise: no name and no spelling leads to this machine, to a private network, or to where clouds answer about themselves. A
//! name is judged by what it resolves to, at the moment of the connection and for that very connection; redirects are not followed.

use super::super::{
    permissions::{self, REFUSED},
    secret_names::looks_secret,
};
use omega_core::{
    executor::{ToolError, ToolErrorCode},
    net,
};
use reqwest::{
    Client, Url,
    dns::{Addrs, Name, Resolve, Resolving},
};
use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Whether a package is the address of a server.
pub fn is_address(package: &str) -> bool {
    ["https://", "http://"]
        .iter()
        .any(|scheme| package.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
}

/// The address of a server, and a client that reaches it and nothing that is not public. `allowed` are the operator's exceptions,
/// as `host:port`.
pub fn client_of(package: &str, allowed: &[String]) -> Result<(Url, Client), ToolError> {
    let url = Url::parse(package).map_err(|error| refused(format!("{package:?} is no address ({error})")))?;
    let host = url.host_str().ok_or_else(|| refused(format!("{package:?} names no host")))?;
    let is_allowed = allowed.contains(&format!("{host}:{}", url.port_or_known_default().unwrap_or_default()));
    if !url.username().is_empty() || url.password().is_some() || url.query_pairs().any(|(name, _)| looks_secret(&name))
    {
        return Err(refused(String::from(
            "a key in an address is seen by everybody who sees the tool's name: leave it out, and give it as a variable",
        )));
    }
    if url.scheme() != "https" && !is_allowed {
        return Err(refused(format!(
            "{host} is not reached without encryption: an MCP server elsewhere has an https address"
        )));
    }
    let builder = if is_allowed {
        net::client_of(&url)
    } else {
        if let Some(address) = literal(host)
            && !is_public(address, &own())
        {
            return Err(refused(not_public(host)));
        }
        net::client().dns_resolver(Arc::new(PublicNames))
    };
    let builder = builder.redirect(reqwest::redirect::Policy::none()).connect_timeout(CONNECT_TIMEOUT);
    match builder.build() {
        Ok(client) => Ok((url, client)),
        Err(error) => {
            Err(ToolError::new(ToolErrorCode::RuntimeUnavailable, format!("the HTTP client can't be made: {error}")))
        }
    }
}

/// The variable that holds a server's token.
pub fn token_name(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let word: String =
        host.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    format!("MCP_{}_TOKEN", word.trim_matches('_'))
}

fn refused(message: String) -> ToolError {
    ToolError::new(ToolErrorCode::NetworkBlocked, message)
}

fn not_public(host: &str) -> String {
    format!(
        "{host} is no address of the public internet, and an MCP server elsewhere has one; the server's operator can allow it \
         (--allow-private-net)"
    )
}

fn literal(host: &str) -> Option<IpAddr> {
    host.trim_matches(['[', ']']).parse().ok()
}

fn own() -> BTreeSet<IpAddr> {
    permissions::own_addresses().unwrap_or_default()
}

/// Names that resolve to public addresses; the others don't resolve.
struct PublicNames;

impl Resolve for PublicNames {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            let own = own();
            let public: Vec<SocketAddr> = found.into_iter().filter(|at| is_public(at.ip(), &own)).collect();
            if public.is_empty() {
                return Err(not_public(&host).into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is anybody's on the internet: the sandbox's own list for IPv4, and the same kinds of IPv6.
fn is_public(address: IpAddr, own: &BTreeSet<IpAddr>) -> bool {
    if own.contains(&address) {
        return false;
    }
    match address {
        IpAddr::V4(address) => !REFUSED.iter().any(|range| is_within(address, range)),
        IpAddr::V6(address) => match embedded(address) {
            Some(inner) => is_public(IpAddr::V4(inner), own),
            // Only what is given to networks of the internet (2000::/3), without documentation's part of it.
            None => address.segments()[0] & 0xe000 == 0x2000 && address.segments()[..2] != [0x2001, 0x0db8],
        },
    }
}

fn is_within(address: Ipv4Addr, range: &str) -> bool {
    let (network, length) = range.split_once('/').unwrap_or((range, "32"));
    let (Ok(network), Ok(length)) = (network.parse::<Ipv4Addr>(), length.parse::<u32>()) else { return false };
    let shift = 32_u32.saturating_sub(length);
    u32::from(address).checked_shr(shift) == u32::from(network).checked_shr(shift)
}

/// The IPv4 address that an IPv6 one stands for: mapped, translated (64:ff9b::/96), 6to4 or Teredo, which is nobody's.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, high, low] = address.segments();
    let of = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match (a, b) {
        _ if address.to_ipv4_mapped().is_some() => address.to_ipv4_mapped(),
        (0x64, 0xff9b) if [c, d, e, f] == [0; 4] => Some(of(high, low)),
        (0x2002, _) => Some(of(b, c)),
        (0x2001, 0) => Some(Ipv4Addr::UNSPECIFIED),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_this_machine_and_of_private_networks_are_refused_in_every_spelling() {
        for url in [
            "https://127.0.0.1/mcp",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://017700000001/",
            "https://127.1/",
            "https://10.0.0.7/",
            "https://172.16.0.1/",
            "https://192.168.1.1/",
            "https://169.254.169.254/latest/meta-data",
            "https://100.100.100.200/",
            "https://168.63.129.16/",
            "https://0.0.0.0/",
            "https://[::1]/",
            "https://[::]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:a00:1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[2002:7f00:1::]/",
            "https://[2001:0:1::1]/",
            "https://[fd00::5]/",
            "https://[fe80::1]/",
            "https://[ff02::1]/",
            "https://[2001:db8::1]/",
            "http://example.com/mcp",
            "http://1.1.1.1/",
            "https://user:pw@example.com/",
            "https://example.com/mcp?api_key=1",
            "https://example.com/mcp?authToken=1",
            "https://",
        ] {
            let refused = client_of(url, &[]).map(|(url, _)| url);
            assert!(refused.is_err(), "{url}");
        }
        for url in ["https://example.com/mcp", "https://1.1.1.1/", "https://[2606:4700::1111]:8443/mcp?profile=a"] {
            assert!(client_of(url, &[]).is_ok(), "{url}");
        }
        assert!(client_of("http://127.0.0.1:9/mcp", &["127.0.0.1:9".to_owned()]).is_ok());
        assert!(client_of("http://127.0.0.1:8/mcp", &["127.0.0.1:9".to_owned()]).is_err());
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_does_not_resolve() {
        let (url, client) = client_of("https://localhost:1/mcp", &[]).unwrap();
        let error = client.get(url).send().await.unwrap_err();
        assert!(net::reason(&error).contains("no address of the public internet"), "{}", net::reason(&error));
    }

    #[test]
    fn a_server_has_one_variable_for_its_token() {
        let name = |url: &str| token_name(&Url::parse(url).unwrap());
        assert_eq!(name("https://mcp.Example.com/mcp"), "MCP_MCP_EXAMPLE_COM_TOKEN");
        assert_eq!(name("https://1.1.1.1/"), "MCP_1_1_1_1_TOKEN");
    }
}
