use chrono::{DateTime, Utc};

use super::Ask;
use crate::aws::{Endpoint, LongTermKey, SerialNumber, SessionDuration, SessionTokenSize, TokenCode};
use crate::sts::element::ResultElement;
use crate::sts::parameters::Parameters;
use crate::sts::wire::Call;
use crate::sts::xml::Malformed;
use crate::sts::{Action, Issued, Signer};

/// One GetSessionToken call.
///
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html>
pub struct GetSessionToken<'a> {
    /// Where it goes.
    pub endpoint: &'a Endpoint,
    /// What signs it.
    pub key: &'a LongTermKey,
    /// STS's time, for the signature.
    pub now: DateTime<Utc>,
    /// What is asked for.
    pub duration: SessionDuration,
    /// The device and its code.
    pub mfa: Option<(&'a SerialNumber, &'a TokenCode)>,
    /// The size to which STS pads the session token.
    pub minimum_session_token_size: Option<SessionTokenSize>,
}

impl Ask for GetSessionToken<'_> {
    type Told = Issued;

    fn call(&self) -> Call<'_> {
        let parameters = Parameters::default()
            .number("DurationSeconds", self.duration.as_secs())
            .mfa(self.mfa)
            .minimum_session_token_size(self.minimum_session_token_size);
        let signer = Signer::Key(self.key);
        let code = self.mfa.map(|(_, code)| code.expose());
        Call {
            action: Action::GetSessionToken,
            endpoint: self.endpoint,
            signer: Some(signer),
            now: self.now,
            duration: self.duration.as_duration(),
            form: parameters.encode(Action::GetSessionToken),
            secrets: signer.secrets().into_iter().chain(code).collect(),
        }
    }

    fn read(result: &ResultElement<'_>) -> Result<Issued, Malformed> {
        result.issued()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(mfa: Option<(&str, &str)>) -> String {
        let key = LongTermKey {
            access_key_id: "AKIAIOSFODNN7EXAMPLE".parse().unwrap(),
            secret_access_key: std::sync::Arc::new("wJalrXUtnFEMI".into()),
        };
        let endpoint = Endpoint::regional(&"eu-west-1".parse().unwrap());
        let mfa = mfa.map(|(serial, code)| (serial.parse().unwrap(), TokenCode::try_from(code.to_owned()).unwrap()));
        let ask = GetSessionToken {
            endpoint: &endpoint,
            key: &key,
            now: chrono::DateTime::UNIX_EPOCH,
            duration: SessionDuration::default(),
            mfa: mfa.as_ref().map(|(serial, code)| (serial, code)),
            minimum_session_token_size: None,
        };
        let call = ask.call();
        assert_eq!(call.secrets.len(), 2 + usize::from(mfa.is_some()));
        String::from_utf8(call.form.to_vec()).unwrap()
    }

    #[test]
    fn asks_for_a_session_with_mfa_and_keeps_leading_zeros() {
        assert_eq!(
            form(Some(("arn:aws:iam::123456789012:mfa/o+p=s", "005924"))),
            "Action=GetSessionToken&Version=2011-06-15&DurationSeconds=43200\
             &SerialNumber=arn%3Aaws%3Aiam%3A%3A123456789012%3Amfa%2Fo%2Bp%3Ds&TokenCode=005924"
        );
    }

    #[test]
    fn without_mfa_it_names_no_device() {
        assert_eq!(
            form(None),
            "Action=GetSessionToken&Version=2011-06-15&DurationSeconds=43200"
        );
    }
}
