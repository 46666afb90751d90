use super::Region;

/// A part of AWS with domains of its own, such as the regions in China.
///
/// As `partitions.json` lists them, which all AWS SDKs share.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Partition {
    pub(super) name: &'static str,
    /// What precedes the last two parts of a region's name.
    prefix: &'static str,
    /// The region's name that stands for the partition as a whole.
    global_region: &'static str,
    pub(super) dns_suffix: &'static str,
    pub(super) dual_stack_dns_suffix: &'static str,
}

const COMMERCIAL: Partition = Partition {
    name: "aws",
    prefix: "",
    global_region: "aws-global",
    dns_suffix: "amazonaws.com",
    dual_stack_dns_suffix: "api.aws",
};

const OTHERS: [Partition; 7] = [
    Partition {
        name: "aws-cn",
        prefix: "cn",
        global_region: "aws-cn-global",
        dns_suffix: "amazonaws.com.cn",
        dual_stack_dns_suffix: "api.amazonwebservices.com.cn",
    },
    Partition {
        name: "aws-us-gov",
        prefix: "us-gov",
        global_region: "aws-us-gov-global",
        dns_suffix: "amazonaws.com",
        dual_stack_dns_suffix: "api.aws",
    },
    Partition {
        name: "aws-eusc",
        prefix: "eusc-de",
        global_region: "eusc-de-east-1",
        dns_suffix: "amazonaws.eu",
        dual_stack_dns_suffix: "api.amazonwebservices.eu",
    },
    Partition {
        name: "aws-iso",
        prefix: "us-iso",
        global_region: "aws-iso-global",
        dns_suffix: "c2s.ic.gov",
        dual_stack_dns_suffix: "api.aws.ic.gov",
    },
    Partition {
        name: "aws-iso-b",
        prefix: "us-isob",
        global_region: "aws-iso-b-global",
        dns_suffix: "sc2s.sgov.gov",
        dual_stack_dns_suffix: "api.aws.scloud",
    },
    Partition {
        name: "aws-iso-e",
        prefix: "eu-isoe",
        global_region: "aws-iso-e-global",
        dns_suffix: "cloud.adc-e.uk",
        dual_stack_dns_suffix: "api.cloud-aws.adc-e.uk",
    },
    Partition {
        name: "aws-iso-f",
        prefix: "us-isof",
        global_region: "aws-iso-f-global",
        dns_suffix: "csp.hci.ic.gov",
        dual_stack_dns_suffix: "api.aws.hci.ic.gov",
    },
];

impl Partition {
    /// That of a region; a region of no known partition is taken as a commercial one, as the SDKs do.
    pub(super) fn of(region: &Region) -> Self {
        let name = region.as_str();
        let prefix = prefix(name);
        let mut others = OTHERS.into_iter();
        let other = others.find(|other| prefix == Some(other.prefix) || name == other.global_region);
        other.unwrap_or(COMMERCIAL)
    }
}

/// `us-gov` of `us-gov-west-1`: what precedes a word and a number.
fn prefix(region: &str) -> Option<&str> {
    let (rest, number) = region.rsplit_once('-')?;
    let (prefix, word) = rest.rsplit_once('-')?;
    let well_formed = !word.is_empty() && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    well_formed.then_some(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_told_by_the_form_of_a_regions_name() {
        for (region, name) in [
            ("eu-west-1", "aws"),
            ("aws-global", "aws"),
            ("cn-north-1", "aws-cn"),
            ("cn-new-12", "aws-cn"),
            ("aws-cn-global", "aws-cn"),
            ("us-gov-west-1", "aws-us-gov"),
            ("eusc-de-east-1", "aws-eusc"),
            ("us-iso-west-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eu-isoe-west-1", "aws-iso-e"),
            ("us-isof-south-1", "aws-iso-f"),
            ("aws-iso-f-global", "aws-iso-f"),
            // Of none of their forms.
            ("cn-north", "aws"),
            ("cn-north-1a", "aws"),
            ("cn--1", "aws"),
            ("cn-north-west-1", "aws"),
            ("us-gov-1", "aws"),
            ("us-isob-1", "aws"),
            ("eusc-fr-west-1", "aws"),
            ("aws-eusc-global", "aws"),
            ("xx-new-9", "aws"),
            ("x", "aws"),
        ] {
            assert_eq!(Partition::of(&region.parse().unwrap()).name, name, "{region}");
        }
    }
}
