//! Which addresses may be called where somebody else named them: what a token, a document or a server says must not lead
//! into the caller's own network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Does the whole internet mean the same machine by this address?
pub fn is_public_address(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// All but the special registrations of RFC 6890.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = match address.octets() {
        [0 | 10 | 127 | 224..=255, ..] | [169, 254, ..] | [192, 168, ..] | [192, 0, 0 | 2, _] | [203, 0, 113, _] => true,
        [100, second, ..] => (64..128).contains(&second),
        [172, second, ..] => (16..32).contains(&second),
        [198, second, third, _] => second == 18 || second == 19 || (second == 51 && third == 100),
        _ => false,
    };
    !special
}

/// Global unicast (2000::/3), without what carries an IPv4 address inside (Teredo, 6to4) and without documentation.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    first & 0xe000 == 0x2000 && !matches!((first, second), (0x2001, 0 | 0x0db8) | (0x2002, _) | (0x3fff, 0..=0x0fff))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::is_public_address;

    #[test]
    fn the_own_network_is_not_public() {
        let public = ["1.1.1.1", "100.63.0.1", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.0.1.1", "198.20.0.1", "2606:4700::1111"];
        let inside = [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2001:0:1::1",
            "2001:db8::1",
            "2002:a00:1::1",
            "fc00::1",
            "fe80::1",
            "ff02::1",
        ];
        for (addresses, expect) in [(public.as_slice(), true), (&inside, false)] {
            for address in addresses {
                assert_eq!(is_public_address(address.parse().unwrap()), expect, "{address}");
            }
        }
    }
}
