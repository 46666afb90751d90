use std::net::IpAddr;

use url::{Host, Url};

use super::Region;
use super::partition::Partition;

/// Where STS is asked, and the region that the request is signed for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// `https://…`, or `http://…` where the configuration allowed it. No user, no query, path `/`.
    pub url: Url,
    /// The region in the signature's scope.
    pub signing_region: Region,
}

/// Which of AWS's own endpoints of STS is asked: by default the regional one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Variant {
    /// The one whose cryptography is validated by FIPS 140.
    pub fips: bool,
    /// The one that is reached by IPv6 as well.
    pub dual_stack: bool,
    /// The global one, `https://sts.amazonaws.com`, in the regions that are older than regional endpoints; has no effect
    /// beside the others.
    pub legacy_global: bool,
}

/// The regions in which [`Variant::legacy_global`] has an effect; AWS adds none.
/// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-sts-regionalized-endpoints.html>
const LEGACY_GLOBAL_REGIONS: [&str; 16] = [
    GLOBAL,
    "ap-northeast-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// The region's name that stands for the global endpoint.
const GLOBAL: &str = "aws-global";

/// The global endpoint's host.
const GLOBAL_HOST: &str = "sts.amazonaws.com";

/// What requests to the global endpoint are signed for.
const REGION_OF_GLOBAL: &str = "us-east-1";

impl Endpoint {
    /// AWS's own endpoint, by the rules that AWS publishes for its SDKs (the endpoint rule set of STS) and, where those say
    /// nothing of the signature, as botocore signs. A FIPS pseudo-region ([`Region::of_fips`]) asks for FIPS, too.
    ///
    /// # Panics
    /// Never: the characters of a [`Region`] are those of a DNS label.
    pub fn of_aws(region: &Region, variant: Variant) -> Self {
        let (region, fips) = match region.of_fips() {
            Some(of_fips) => (of_fips, true),
            None => (region.clone(), variant.fips),
        };
        let stands_for_global = region.as_str() == GLOBAL;
        let is_legacy = variant.legacy_global && LEGACY_GLOBAL_REGIONS.contains(&region.as_str());
        let asks_global = !fips && !variant.dual_stack && (stands_for_global || is_legacy);
        let partition = Partition::of(&region);
        let name = match (fips, partition.name, variant.dual_stack) {
            // The FIPS endpoints of GovCloud are the usual ones.
            (false, _, _) | (true, "aws-us-gov", false) => "sts",
            (true, _, _) => "sts-fips",
        };
        let suffix = if variant.dual_stack {
            partition.dual_stack_dns_suffix
        } else {
            partition.dns_suffix
        };
        let host = if asks_global {
            String::from(GLOBAL_HOST)
        } else {
            format!("{name}.{region}.{suffix}")
        };
        Self {
            #[expect(clippy::expect_used, reason = "a Region has only the characters of a DNS label")]
            url: Url::parse(&format!("https://{host}")).expect("a region makes a valid host name"),
            signing_region: if asks_global || stands_for_global {
                Region::well_formed(REGION_OF_GLOBAL)
            } else {
                region
            },
        }
    }

    /// The regional endpoint of STS, which is AWS's advice over the global one: `https://sts.<region>.<suffix>`.
    ///
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_region-endpoints.html>
    pub fn regional(region: &Region) -> Self {
        Self::of_aws(region, Variant::default())
    }

    /// Whether it is AWS's global one.
    pub fn is_aws_global(&self) -> bool {
        self.url.host_str() == Some(GLOBAL_HOST)
    }

    /// Another STS. It is signed for the region, whatever the host is called.
    pub fn at(url: Url, region: &Region) -> Self {
        Self {
            url,
            signing_region: region.clone(),
        }
    }
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

/// The rest of the rules is held by `tests/endpoints`, against what botocore does.
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
    fn the_global_one_is_signed_for_its_own_region() {
        let legacy = Variant {
            legacy_global: true,
            ..Variant::default()
        };
        for (region, variant, url, signed) in [
            (
                "aws-global",
                Variant::default(),
                "https://sts.amazonaws.com/",
                "us-east-1",
            ),
            ("eu-west-1", legacy, "https://sts.amazonaws.com/", "us-east-1"),
            (
                "eu-south-1",
                legacy,
                "https://sts.eu-south-1.amazonaws.com/",
                "eu-south-1",
            ),
        ] {
            let endpoint = Endpoint::of_aws(&region.parse().unwrap(), variant);
            assert_eq!((endpoint.url.as_str(), endpoint.signing_region.as_str()), (url, signed));
        }
    }

    #[test]
    fn fips_and_dual_stack_come_before_the_global_one() {
        let region = "eu-west-1".parse().unwrap();
        for (fips, dual_stack, url) in [
            (true, false, "https://sts-fips.eu-west-1.amazonaws.com/"),
            (false, true, "https://sts.eu-west-1.api.aws/"),
            (true, true, "https://sts-fips.eu-west-1.api.aws/"),
        ] {
            for legacy_global in [false, true] {
                let variant = Variant {
                    fips,
                    dual_stack,
                    legacy_global,
                };
                let endpoint = Endpoint::of_aws(&region, variant);
                assert_eq!((endpoint.url.as_str(), endpoint.signing_region), (url, region.clone()));
            }
        }
    }

    #[test]
    fn govcloud_has_no_other_name_for_fips_alone() {
        let region = "us-gov-west-1".parse().unwrap();
        let host = |dual_stack| {
            let variant = Variant {
                fips: true,
                dual_stack,
                legacy_global: false,
            };
            Endpoint::of_aws(&region, variant).url.host_str().map(str::to_owned)
        };
        assert_eq!(host(false).unwrap(), "sts.us-gov-west-1.amazonaws.com");
        assert_eq!(host(true).unwrap(), "sts-fips.us-gov-west-1.api.aws");
    }

    #[test]
    fn any_region_makes_an_address() {
        for region in ["x", "ab--c", "fips-xn--0", "e-1", &"e".repeat(63)] {
            let endpoint = Endpoint::regional(&region.parse().unwrap());
            assert!(endpoint.url.as_str().starts_with("https://sts."), "{region}");
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
