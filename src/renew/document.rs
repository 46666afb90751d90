use std::io::{self, Write};

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use zeroize::Zeroizing;

use crate::aws::{AccountId, Credentials};

/// The JSON that every SDK accepts, in the container form as in the IMDS form: one flat object, these keys in this case,
/// times in whole seconds with `Z`, no empty string and no null. `AccountId` is left out while it is not known.
///
/// The bytes are wiped when the last holder drops them.
pub(super) fn render(credentials: &Credentials, account: Option<&AccountId>, updated: DateTime<Utc>) -> Bytes {
    // Measured first: a buffer that grows would leave copies behind that nobody wipes.
    let mut length = Length(0);
    write(&mut length, credentials, account, updated);
    let mut body = Zeroizing::new(Vec::with_capacity(length.0));
    write(&mut *body, credentials, account, updated);
    Bytes::from_owner(body)
}

fn write(out: &mut impl Write, credentials: &Credentials, account: Option<&AccountId>, updated: DateTime<Utc>) {
    let fields = [
        ("Code", "Success"),
        ("Type", "AWS-HMAC"),
        ("LastUpdated", &time(updated)),
        ("AccessKeyId", credentials.access_key_id.as_str()),
        ("SecretAccessKey", credentials.secret_access_key.expose()),
        ("Token", credentials.session_token.expose()),
        ("Expiration", &time(credentials.expiration)),
    ];
    let mut separator = "{";
    let account = account.map(|account| ("AccountId", account.as_str()));
    for (key, value) in fields.into_iter().chain(account) {
        // Neither a vector nor the length below can fail to be written to.
        let _ = write!(out, "{separator}\"{key}\":");
        let _ = serde_json::to_writer(&mut *out, value);
        separator = ",";
    }
    let _ = out.write_all(b"}");
}

fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

struct Length(usize);

impl Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn credentials(token: &str) -> Credentials {
        Credentials {
            access_key_id: "ASIAIOSFODNN7EXAMPLE".parse().unwrap(),
            secret_access_key: Secret::from("se/cr+et="),
            session_token: Secret::from(token),
            expiration: DateTime::from_timestamp(1_800_043_200, 0).unwrap(),
        }
    }

    const UPDATED: DateTime<Utc> = DateTime::from_timestamp(1_800_000_000, 999_999_999).unwrap();

    #[test]
    fn is_what_every_sdk_reads() {
        assert_eq!(
            render(&credentials("tok/en=="), None, UPDATED),
            "{\"Code\":\"Success\",\"Type\":\"AWS-HMAC\",\"LastUpdated\":\"2027-01-15T08:00:00Z\",\
             \"AccessKeyId\":\"ASIAIOSFODNN7EXAMPLE\",\"SecretAccessKey\":\"se/cr+et=\",\"Token\":\"tok/en==\",\
             \"Expiration\":\"2027-01-15T20:00:00Z\"}"
        );
    }

    #[test]
    fn names_the_account_where_it_is_known() {
        let account = "123456789012".parse().unwrap();
        let body = render(&credentials("t"), Some(&account), UPDATED);
        assert!(body.ends_with(br#""Expiration":"2027-01-15T20:00:00Z","AccountId":"123456789012"}"#));
    }

    #[test]
    fn quotes_what_json_must_quote() {
        let body = render(&credentials("a\"b\\c"), None, UPDATED);
        let read: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(read["Token"], "a\"b\\c");
    }

    #[test]
    fn takes_one_allocation_of_the_right_size() {
        let mut length = Length(0);
        write(&mut length, &credentials("a\"b\\c"), None, UPDATED);
        assert_eq!(length.0, render(&credentials("a\"b\\c"), None, UPDATED).len());
    }
}
