//! Addresses that the operator names: one, or all of a network (`10.0.0.0/8`), as proxies in containers have none of their own.

use std::{fmt, net::IpAddr, str::FromStr};

/// The addresses that have these first bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    bits: u8,
}

impl Network {
    pub fn contains(&self, address: IpAddr) -> bool {
        let width = width(self.first);
        let past = u32::from(width - self.bits);
        let of = |address: IpAddr| as_bits(address).checked_shr(past).unwrap_or(0);
        let address = address.to_canonical();
        width == self::width(address) && of(address) == of(self.first)
    }
}

/// Whether an address is in one of these networks.
pub fn any(networks: &[Network], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(address))
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn as_bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        let first = address.to_canonical();
        Self { first, bits: width(first) }
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is neither an address nor a network; write 10.0.0.9, 10.0.0.0/8 or fd00::/8");
        let (address, bits) = match text.trim().split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().map_err(|_| wrong())?)),
            None => (text.trim(), None),
        };
        let first: IpAddr = address.parse().map_err(|_| wrong())?;
        match bits {
            None => Ok(first.into()),
            // What stands for IPv4 in IPv6 is IPv4 wherever it is compared.
            Some(bits @ 96..=128) if first.to_canonical() != first => {
                Ok(Self { first: first.to_canonical(), bits: bits - 96 })
            }
            Some(bits) if bits <= width(first) => Ok(Self { first, bits }),
            Some(_) => Err(wrong()),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.bits == width(self.first) { self.first.fmt(f) } else { write!(f, "{}/{}", self.first, self.bits) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_in_the_networks_that_begin_as_it_does() {
        for (network, address, is_in) in [
            ("10.0.0.9", "10.0.0.9", true),
            ("10.0.0.9", "10.0.0.8", false),
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("172.16.0.0/12", "172.31.255.255", true),
            ("172.16.0.0/12", "172.32.0.0", false),
            ("10.0.0.1/32", "10.0.0.2", false),
            ("0.0.0.0/0", "203.0.113.7", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("fd00::/8", "fdff::1", true),
            ("fd00::/8", "fe80::1", false),
            ("::1", "::1", true),
            ("10.0.0.0/8", "::ffff:10.0.0.9", true),
            ("::ffff:10.0.0.9", "10.0.0.9", true),
            ("::ffff:10.0.0.0/104", "10.9.9.9", true),
            ("::ffff:10.0.0.0/104", "11.9.9.9", false),
        ] {
            let found: Network = network.parse().unwrap();
            assert_eq!(found.contains(address.parse().unwrap()), is_in, "{network} {address}");
            assert_eq!(found.to_string().parse::<Network>().unwrap(), found, "{network}");
        }
        for wrong in ["", "proxy", "10.0.0.0/33", "::1/129", "10.0.0.0/", "10.0.0.0/-1", "/8", "10.0.0/8"] {
            let error = wrong.parse::<Network>().unwrap_err();
            assert!(error.contains("10.0.0.0/8"), "{wrong}: {error}");
        }
        assert!(!any(&[], "::1".parse().unwrap()));
    }
}
