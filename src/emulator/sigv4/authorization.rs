use super::super::errors::Error;

/// The `Authorization` header of Signature Version 4, taken apart.
pub(super) struct Authorization {
    pub(super) algorithm: String,
    /// Access key id, date, region, service, terminator.
    pub(super) credential: [String; 5],
    /// In the order of the header, small letters.
    pub(super) signed_headers: Vec<String>,
    pub(super) signature: String,
}

impl Authorization {
    /// `has_date` because AWS reports a missing date together with missing parameters.
    pub(super) fn parse(header: &str, has_date: bool) -> Result<Self, Error> {
        let (algorithm, rest) = header.split_once(' ').unwrap_or((header, ""));
        let parameters = parameters(header, rest)?;
        let parameter = |name: &str| {
            let found = parameters.iter().find(|(key, _)| *key == name);
            found.map_or("", |(_, value)| *value)
        };

        let mut missing: Vec<String> = ["Credential", "Signature", "SignedHeaders"]
            .iter()
            .filter(|name| parameter(name).is_empty())
            .map(|name| format!("Authorization header requires '{name}' parameter. "))
            .collect();
        if !has_date {
            missing
                .push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ".into());
        }
        if !missing.is_empty() {
            let message = format!("{}Authorization={header}", missing.concat());
            return Err(Error::incomplete_signature(message));
        }

        Ok(Self {
            algorithm: algorithm.to_owned(),
            credential: credential(parameter("Credential"))?,
            signed_headers: parameter("SignedHeaders")
                .split(';')
                .map(str::to_ascii_lowercase)
                .collect(),
            signature: parameter("Signature").to_owned(),
        })
    }
}

/// `Name=value`, separated by commas or spaces.
fn parameters<'a>(header: &str, rest: &'a str) -> Result<Vec<(&'a str, &'a str)>, Error> {
    rest.split([',', ' '])
        .filter(|part| !part.is_empty())
        .map(|part| {
            part.split_once('=').ok_or_else(|| {
                Error::incomplete_signature(format!(
                    "'{part}' not a valid key=value pair (missing equal-sign) in Authorization header: '{header}'."
                ))
            })
        })
        .collect()
}

fn credential(text: &str) -> Result<[String; 5], Error> {
    let parts: Vec<String> = text.split('/').map(str::to_owned).collect();
    parts.try_into().map_err(|_| {
        Error::incomplete_signature(format!(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{text}'"
        ))
    })
}
