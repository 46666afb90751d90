use std::net::IpAddr;

use url::{Host, Url};

use super::Region;

/// Where STS is asked, and the region that the request is signed for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// `https://…`, or `http://…` where the configuration allowed it. No user, no query, path `/`.
    pub url: Url,
    /// The region in the signature's scope.
    pub signing_region: Region,
}

/// Whether the URL's host is this machine's loopback, by address or by the name `localhost`.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.trim_end_matches('.') == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).to_canonical().is_loopback(),
        None => false,
    }
}

impl Endpoint {
    /// The regional endpoint of STS, which is AWS's advice over the global one: `https://sts.<region>.<suffix>`.
    ///
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_region-endpoints.html>
    ///
    /// # Panics
    /// Never: the characters of a [`Region`] are those of a DNS label.
    pub fn regional(region: &Region) -> Self {
        let url = format!("https://sts.{region}.{suffix}", suffix = dns_suffix(region.as_str()));
        Self {
            #[expect(clippy::expect_used, reason = "a Region has only the characters of a DNS label")]
            url: Url::parse(&url).expect("a region makes a valid host name"),
            signing_region: region.clone(),
        }
    }
}

/// The DNS suffix of the region's partition, as `partitions.json` of the AWS SDKs lists it; unknown regions are taken
/// as commercial ones.
fn dns_suffix(region: &str) -> &'static str {
    const SUFFIXES: [(&str, &str); 6] = [
        ("cn-", "amazonaws.com.cn"),
        ("us-iso-", "c2s.ic.gov"),
        ("us-isob-", "sc2s.sgov.gov"),
        ("eu-isoe-", "cloud.adc-e.uk"),
        ("us-isof-", "csp.hci.ic.gov"),
        ("eusc-", "amazonaws.eu"),
    ];
    SUFFIXES
        .iter()
        .find(|(prefix, _)| region.starts_with(prefix))
        .map_or("amazonaws.com", |(_, suffix)| suffix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_partition_has_its_suffix() {
        for (region, url) in [
            ("eu-west-1", "https://sts.eu-west-1.amazonaws.com/"),
            ("us-gov-west-1", "https://sts.us-gov-west-1.amazonaws.com/"),
            ("cn-north-1", "https://sts.cn-north-1.amazonaws.com.cn/"),
            ("us-iso-east-1", "https://sts.us-iso-east-1.c2s.ic.gov/"),
            ("us-isob-east-1", "https://sts.us-isob-east-1.sc2s.sgov.gov/"),
            ("eu-isoe-west-1", "https://sts.eu-isoe-west-1.cloud.adc-e.uk/"),
            ("us-isof-south-1", "https://sts.us-isof-south-1.csp.hci.ic.gov/"),
            ("eusc-de-east-1", "https://sts.eusc-de-east-1.amazonaws.eu/"),
            ("xx-new-9", "https://sts.xx-new-9.amazonaws.com/"),
        ] {
            let endpoint = Endpoint::regional(&region.parse().unwrap());
            assert_eq!(endpoint.url.as_str(), url);
            assert_eq!(endpoint.signing_region.as_str(), region);
        }
    }

    #[test]
    fn knows_loopback_by_name_and_address() {
        let loopback = |text: &str| is_loopback(&Url::parse(text).unwrap());
        for text in [
            "http://127.0.0.1:80",
            "http://127.9.9.9",
            "http://[::1]:8080",
            "http://[::ffff:127.0.0.1]",
            "http://localhost",
            "http://LOCALHOST.",
        ] {
            assert!(loopback(text), "{text}");
        }
        for text in ["http://10.0.0.1", "http://localhost.example", "http://[::2]"] {
            assert!(!loopback(text), "{text}");
        }
    }
}
