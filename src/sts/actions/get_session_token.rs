//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html>

use std::time::Duration;

use roxmltree::Node;

use super::Granted;
use crate::sts::times::Times;
use crate::sts::wire::{Call, encode_form};
use crate::sts::xml::{self, Malformed};
use crate::sts::{Action, GetSessionToken, Signer, credentials};

/// The request.
pub(in crate::sts) fn call<'a>(ask: &GetSessionToken<'a>) -> Call<'a> {
    let seconds = ask.duration.as_secs().to_string();
    let mut parameters = vec![("DurationSeconds", seconds.as_str())];
    let signer = Signer::Key(ask.key);
    let mut secrets = signer.secrets();
    if let Some((serial, code)) = ask.mfa {
        parameters.extend([("SerialNumber", serial.as_str()), ("TokenCode", code.expose())]);
        secrets.push(code.expose());
    }
    Call {
        action: Action::GetSessionToken,
        endpoint: ask.endpoint,
        signer,
        now: ask.now,
        duration: Duration::from_secs(ask.duration.as_secs().into()),
        form: encode_form(Action::GetSessionToken, &parameters),
        secrets,
    }
}

/// What a `GetSessionTokenResult` gives.
pub(in crate::sts) fn read(result: Node<'_, '_>, times: Times) -> Result<Granted, Malformed> {
    let credentials = credentials::read(xml::child(result, "Credentials")?)?;
    let lifetime = times.lifetime(credentials.expiration)?;
    Ok(Granted {
        credentials,
        lifetime,
        account: None,
        packed_policy_size: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::{Endpoint, LongTermKey, SessionDuration, TokenCode};

    fn form(mfa: Option<(&str, &str)>) -> String {
        let key = LongTermKey {
            access_key_id: "AKIAIOSFODNN7EXAMPLE".parse().unwrap(),
            secret_access_key: std::sync::Arc::new("wJalrXUtnFEMI".into()),
        };
        let endpoint = Endpoint::regional(&"eu-west-1".parse().unwrap());
        let mfa = mfa.map(|(serial, code)| (serial.parse().unwrap(), TokenCode::try_from(code.to_owned()).unwrap()));
        let call = call(&GetSessionToken {
            endpoint: &endpoint,
            key: &key,
            now: chrono::DateTime::UNIX_EPOCH,
            duration: SessionDuration::default(),
            mfa: mfa.as_ref().map(|(serial, code)| (serial, code)),
        });
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
