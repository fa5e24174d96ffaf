//! Where a request comes from: the socket's other end, or what a proxy that the operator trusts says of it.

use super::network::{self, Network};
use axum::http::{HeaderMap, HeaderName};
use std::net::IpAddr;

pub const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The client's address. Each trusted proxy wrote whom it saw at the end of the list, so the list is read from its end; what
/// stands before the first address that is not trusted can be anybody's invention.
pub fn of_client(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let mut address = peer.to_canonical();
    let lists: Vec<&str> = headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok()).collect();
    let mut before = lists.iter().flat_map(|list| list.split(',')).map(str::trim).rev();
    while network::any(trusted, address) {
        let Some(next) = before.next().and_then(|text| text.parse::<IpAddr>().ok()) else { break };
        address = next.to_canonical();
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_trusted_proxy_says_counts() {
        let table: &[(&str, &[&str], &[&str], &str)] = &[
            ("10.0.0.9", &[], &[], "10.0.0.9"),
            ("10.0.0.9", &["1.2.3.4"], &[], "10.0.0.9"),
            ("10.0.0.9", &["1.2.3.4"], &["10.0.0.9"], "1.2.3.4"),
            ("10.0.0.9", &["6.6.6.6, 1.2.3.4"], &["10.0.0.9"], "1.2.3.4"),
            ("10.0.0.9", &["6.6.6.6, 1.2.3.4, 10.0.0.8"], &["10.0.0.9", "10.0.0.8"], "1.2.3.4"),
            ("10.0.0.9", &["6.6.6.6", "1.2.3.4"], &["10.0.0.9"], "1.2.3.4"),
            ("10.0.0.9", &["1.2.3.4, 10.0.0.8"], &["10.0.0.0/8"], "1.2.3.4"),
            ("10.0.0.9", &["nonsense"], &["10.0.0.9"], "10.0.0.9"),
            ("10.0.0.9", &[], &["10.0.0.9"], "10.0.0.9"),
            ("::ffff:10.0.0.9", &["2001:db8::1"], &["10.0.0.9"], "2001:db8::1"),
        ];
        for (peer, lists, trusted, expected) in table {
            let mut headers = HeaderMap::new();
            for list in *lists {
                headers.append(FORWARDED_FOR, list.parse().unwrap());
            }
            let trusted: Vec<Network> = trusted.iter().map(|ip| ip.parse().unwrap()).collect();
            let client = of_client(peer.parse().unwrap(), &headers, &trusted);
            assert_eq!(client, expected.parse::<IpAddr>().unwrap(), "{peer} {lists:?} {trusted:?}");
        }
    }
}
