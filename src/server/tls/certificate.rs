//! What a certificate says that rustls does not tell: which hosts it is for, and how long.
//!
//! rustls reads the certificate before this does, and refuses what is none.

use std::net::IpAddr;

use chrono::{DateTime, NaiveDate, Utc};

use super::names::Name;

/// An X.509 certificate, as far as it matters here.
///
/// <https://www.rfc-editor.org/rfc/rfc5280#section-4.1>
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Certificate {
    /// Of its `subjectAltName`; other kinds of names are left out.
    pub(super) names: Vec<Name>,
    pub(super) not_before: DateTime<Utc>,
    pub(super) not_after: DateTime<Utc>,
}

const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;
const OCTET_STRING: u8 = 0x04;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// `[3]`: the extensions.
const EXTENSIONS: u8 = 0xa3;
/// `[0]`: the version.
const VERSION: u8 = 0xa0;
/// `[2]` and `[7]` among the general names.
const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;
/// 2.5.29.17
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];

impl Certificate {
    /// None where the bytes are no certificate.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let mut signed = Der(Der(der).value(SEQUENCE)?);
        let mut fields = Der(signed.value(SEQUENCE)?);
        if fields.0.first() == Some(&VERSION) {
            fields.next()?;
        }
        let _serial = fields.next()?;
        let _algorithm = fields.next()?;
        let _issuer = fields.next()?;
        let mut validity = Der(fields.value(SEQUENCE)?);
        let (not_before, not_after) = (time(validity.next()?)?, time(validity.next()?)?);
        let names = match fields.find(|(tag, _)| *tag == EXTENSIONS) {
            Some((_, extensions)) => names(Der(extensions).value(SEQUENCE)?)?,
            None => Vec::new(),
        };
        Some(Self {
            names,
            not_before,
            not_after,
        })
    }
}

fn names(extensions: &[u8]) -> Option<Vec<Name>> {
    for (_, extension) in Der(extensions) {
        let mut extension = Der(extension);
        if extension.value(OBJECT_IDENTIFIER)? == SUBJECT_ALT_NAME {
            // Whether it is critical may stand between.
            let (_, value) = extension.find(|(tag, _)| *tag == OCTET_STRING)?;
            let names = Der(Der(value).value(SEQUENCE)?);
            return Some(names.filter_map(name).collect());
        }
    }
    Some(Vec::new())
}

fn name((tag, value): (u8, &[u8])) -> Option<Name> {
    match tag {
        DNS_NAME => Name::of_dns(str::from_utf8(value).ok()?),
        IP_ADDRESS => {
            let four = <[u8; 4]>::try_from(value).map(IpAddr::from);
            let ip = four.or_else(|_| <[u8; 16]>::try_from(value).map(IpAddr::from));
            Some(Name::Ip(ip.ok()?))
        }
        _ => None,
    }
}

/// `YYMMDDHHMMSSZ`, of the years 1950 to 2049, or the same with four digits of the year.
fn time((tag, value): (u8, &[u8])) -> Option<DateTime<Utc>> {
    let digits = value.strip_suffix(b"Z")?;
    let pairs = digits.chunks(2).map(|pair| match pair {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some(u32::from((tens - b'0') * 10 + ones - b'0')),
        _ => None,
    });
    let pairs: Vec<u32> = pairs.collect::<Option<_>>()?;
    let (year, rest) = match (tag, pairs.as_slice()) {
        (UTC_TIME, [year, rest @ ..]) => (year + if *year < 50 { 2000 } else { 1900 }, rest),
        (GENERALIZED_TIME, [century, year, rest @ ..]) => (century * 100 + year, rest),
        _ => return None,
    };
    let &[month, day, hour, minute, second] = rest else {
        return None;
    };
    let day = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    Some(day.and_hms_opt(hour, minute, second)?.and_utc())
}

/// Values one after the other, each with its tag. Ends where the next is not whole.
struct Der<'d>(&'d [u8]);

impl<'d> Der<'d> {
    /// The next value, if it has this tag.
    fn value(&mut self, tag: u8) -> Option<&'d [u8]> {
        self.next().filter(|next| next.0 == tag).map(|next| next.1)
    }
}

impl<'d> Iterator for Der<'d> {
    type Item = (u8, &'d [u8]);

    /// Tags of one byte and lengths of three at most: nothing in a certificate has others.
    fn next(&mut self) -> Option<Self::Item> {
        let (&[tag, length], rest) = self.0.split_first_chunk()?;
        let (length, rest) = match length {
            0..=0x7f => (usize::from(length), rest),
            0x81..=0x83 => {
                let (length, rest) = rest.split_at_checked(usize::from(length - 0x80))?;
                let length = length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
                (length, rest)
            }
            _ => return None,
        };
        let (value, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, value))
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, CustomExtension, KeyPair, SanType, date_time_ymd};

    use super::*;

    fn der(change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
        let mut parameters = CertificateParams::new([]).unwrap();
        change(&mut parameters);
        let key = KeyPair::generate().unwrap();
        parameters.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn names_are_those_that_a_client_asks_for() {
        let named = der(|parameters| {
            parameters.subject_alt_names = vec![
                SanType::DnsName("Valetkey.example".try_into().unwrap()),
                SanType::DnsName("*.pods.example".try_into().unwrap()),
                SanType::Rfc822Name("ops@example".try_into().unwrap()),
                SanType::IpAddress([10, 0, 0, 7].into()),
                SanType::IpAddress("fd00::7".parse().unwrap()),
                SanType::URI("spiffe://example/ops".try_into().unwrap()),
            ];
        });
        assert_eq!(
            Certificate::read(&named).unwrap().names,
            [
                Name::Dns("Valetkey.example".into()),
                Name::Below(".pods.example".into()),
                Name::Ip([10, 0, 0, 7].into()),
                Name::Ip("fd00::7".parse().unwrap()),
            ]
        );
        assert_eq!(Certificate::read(&der(|_| {})).unwrap().names, []);
    }

    #[test]
    fn a_critical_extension_and_others_before_it_are_read() {
        let mut critical = CustomExtension::from_oid_content(&[2, 5, 29, 17], vec![SEQUENCE, 3, DNS_NAME, 1, b'a']);
        critical.set_criticality(true);
        let other = CustomExtension::from_oid_content(&[1, 2, 3], vec![5, 0]);
        let der = der(|parameters| parameters.custom_extensions = vec![other, critical]);
        assert_eq!(Certificate::read(&der).unwrap().names, [Name::Dns("a".into())]);
    }

    #[test]
    fn its_time_is_read_in_both_forms() {
        for (from, to) in [(1975, 2049), (2026, 2050), (2050, 4096)] {
            let certificate = Certificate::read(&der(|parameters| {
                parameters.not_before = date_time_ymd(from, 1, 2);
                parameters.not_after = date_time_ymd(to, 12, 31);
            }));
            let certificate = certificate.unwrap();
            assert_eq!(
                certificate.not_before.to_rfc3339(),
                format!("{from}-01-02T00:00:00+00:00")
            );
            assert_eq!(certificate.not_after.to_rfc3339(), format!("{to}-12-31T00:00:00+00:00"));
        }
        for wrong in [
            "",
            "Z",
            "2601020304Z",
            "260102030405",
            "26010203040Z",
            "261302030405Z",
            "2601020304é5Z",
        ] {
            assert_eq!(time((UTC_TIME, wrong.as_bytes())), None, "{wrong}");
        }
        assert_eq!(time((GENERALIZED_TIME, b"260102030405Z")), None);
        assert_eq!(time((0x02, b"260102030405Z")), None);
    }

    /// Cut anywhere and with any byte changed it is read as something or nothing, and ends.
    #[test]
    fn what_is_broken_does_no_harm() {
        let whole = der(|parameters| parameters.subject_alt_names = vec![SanType::IpAddress([10, 0, 0, 7].into())]);
        for end in 0..whole.len() {
            assert_eq!(Certificate::read(&whole[..end]), None, "{end}");
        }
        for place in 0..whole.len() {
            for byte in [0, 1, 0x7f, 0x80, 0x81, 0x84, 0xff, whole[place] ^ 1] {
                let mut broken = whole.clone();
                broken[place] = byte;
                let _ = Certificate::read(&broken);
            }
        }
    }
}
