use std::sync::Arc;

use super::Error;
use crate::aws::{AccessKeyId, LongTermKey};
use crate::secret::Secret;

/// Half of a long-term key, and the place that it was found in as messages call it.
pub(super) struct Half {
    pub(super) place: String,
    pub(super) text: Secret,
}

/// The key of an id and a secret, wherever they were found.
pub(super) fn key(id: &Half, secret: Half) -> Result<LongTermKey, Error> {
    Ok(LongTermKey {
        access_key_id: long_term_id(id)?,
        secret_access_key: Arc::new(secret_key(secret)?),
    })
}

fn long_term_id(half: &Half) -> Result<AccessKeyId, Error> {
    let id: AccessKeyId = half
        .text
        .expose()
        .parse()
        .map_err(|_| half.breaks("must hold an access key id alone, such as AKIA…, without its name or quotes"))?;
    if id.is_temporary() {
        return Err(half.breaks(
            "holds the id of temporary credentials (ASIA…), and STS gives sessions only for a long-term key: put the \
             access key of an IAM user (AKIA…) here",
        ));
    }
    Ok(id)
}

fn secret_key(half: Half) -> Result<Secret, Error> {
    let text = half.text.expose();
    if text.starts_with("AKIA") && text.parse::<AccessKeyId>().is_ok() && text.len() < 40 {
        return Err(half.breaks("holds an access key id (AKIA…): the two halves of the key are swapped"));
    }
    let fits = |b: u8| b.is_ascii_graphic() && b != b'"' && b != b'\'';
    if (1..=256).contains(&text.len()) && text.bytes().all(fits) {
        Ok(half.text)
    } else {
        Err(half.breaks("must hold a secret access key alone, without its name or quotes"))
    }
}

impl Half {
    fn breaks(&self, rule: &'static str) -> Error {
        Error::Content {
            path: self.place.clone(),
            rule,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: &str, secret: &str) -> String {
        let half = |place: &str, text| Half {
            place: place.to_owned(),
            text: Secret::from(text),
        };
        match key(&half("ID", id), half("SECRET", secret)) {
            Ok(key) => format!("{} {}", key.access_key_id.as_str(), key.secret_access_key.expose()),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_pair_is_a_key() {
        for secret in ["wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "s"] {
            assert_eq!(
                message("AKIAIOSFODNN7EXAMPLE", secret),
                format!("AKIAIOSFODNN7EXAMPLE {secret}")
            );
        }
    }

    #[test]
    fn a_temporary_key_is_refused_with_the_reason() {
        assert_eq!(
            message("ASIAIOSFODNN7EXAMPLE", "secret"),
            "long-term key: ID: holds the id of temporary credentials (ASIA…), and STS gives sessions only for a \
             long-term key: put the access key of an IAM user (AKIA…) here"
        );
    }

    #[test]
    fn a_value_with_its_name_is_refused_without_being_shown() {
        assert_eq!(
            message("aws_access_key_id = AKIAIOSFODNN7EXAMPLE", "secret"),
            "long-term key: ID: must hold an access key id alone, such as AKIA…, without its name or quotes"
        );
        for secret in [
            "",
            "aws_secret_access_key = s3cret",
            "\"s3cret\"",
            "s3cret s3cret",
            "s3crét",
            &"s".repeat(257),
        ] {
            assert_eq!(
                message("AKIAIOSFODNN7EXAMPLE", secret),
                "long-term key: SECRET: must hold a secret access key alone, without its name or quotes"
            );
        }
    }

    #[test]
    fn swapped_halves_are_called_so() {
        assert_eq!(
            message("AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
            "long-term key: SECRET: holds an access key id (AKIA…): the two halves of the key are swapped"
        );
    }
}
