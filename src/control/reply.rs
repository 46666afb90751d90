use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::refusal::Refusal;
use super::{NotReloaded, Reloaded, Status, VERSION};
use crate::aws::ProfileName;
use crate::mfa::steps::Choice;
use crate::renew::{Accepted, Reason, Refused, Reservation};

/// One line, ready to be sent.
pub(super) struct Reply(Vec<u8>);

impl Reply {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) async fn status(status: &Status) -> Self {
        let mut line = format!("{{\"version\":{VERSION},\"ok\":true,\"status\":");
        status.write_json(&mut line).await;
        line.push_str("}\n");
        Self(line.into_bytes())
    }

    fn new(document: &Value) -> Self {
        let mut line = document.to_string().into_bytes();
        line.push(b'\n');
        Self(line)
    }

    fn refused(reason: &str, message: &str) -> Self {
        Self::new(&json!({"version": VERSION, "ok": false, "reason": reason, "message": message}))
    }
}

impl From<Result<Accepted, Refused>> for Reply {
    fn from(verdict: Result<Accepted, Refused>) -> Self {
        match verdict {
            Ok(Accepted { profile, expiration }) => Self::new(&json!({
                "version": VERSION, "ok": true, "profile": profile.as_str(), "expiration": time(expiration),
            })),
            Err(Refused { reason, message }) => Self::refused(reason.as_str(), &message),
        }
    }
}

impl From<Result<Reservation, Refused>> for Reply {
    fn from(reserved: Result<Reservation, Refused>) -> Self {
        match reserved {
            Ok(Reservation { choice, clock_offset }) => {
                let (key, value) = match choice {
                    Choice::Use(step) => ("step", Value::from(step.number())),
                    Choice::Wait(from) => ("not_before", Value::from(time(from))),
                };
                let milliseconds = clock_offset.num_milliseconds();
                Self::new(&json!({
                    "version": VERSION, "ok": true, key: value, "clock_offset_milliseconds": milliseconds,
                }))
            }
            Err(Refused { reason, message }) => Self::refused(reason.as_str(), &message),
        }
    }
}

impl From<Result<Reloaded, NotReloaded>> for Reply {
    fn from(result: Result<Reloaded, NotReloaded>) -> Self {
        match result {
            Ok(Reloaded {
                changed,
                needs_restart,
                rotated,
            }) => {
                let mut document = json!({
                    "version": VERSION, "ok": true, "changed": changed, "needs_restart": needs_restart,
                });
                if let Some(rotated) = rotated {
                    let profiles: Vec<_> = rotated.profiles.iter().map(ProfileName::as_str).collect();
                    document["rotated"] = json!({
                        "profiles": profiles, "old_until": time(rotated.old_until), "failed": rotated.failed,
                    });
                }
                Self::new(&document)
            }
            Err(error) => {
                let reason = match error {
                    NotReloaded::Busy => Reason::Busy.as_str(),
                    NotReloaded::Mistakes(_) => "configuration",
                };
                Self::refused(reason, &error.to_string())
            }
        }
    }
}

impl From<&Refusal> for Reply {
    fn from(refusal: &Refusal) -> Self {
        Self::refused(refusal.reason, &refusal.message)
    }
}

/// UTC to the second, as AWS writes it.
pub(super) fn time(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Rotated;
    use crate::renew::Reason;

    fn text(reply: &Reply) -> &str {
        str::from_utf8(reply.bytes()).unwrap()
    }

    #[test]
    fn a_reply_is_one_line_with_its_version_and_whether_it_went_well() {
        let accepted = Accepted {
            profile: "ops".parse().unwrap(),
            expiration: DateTime::from_timestamp(1_800_000_000, 5).unwrap(),
        };
        let refused = Refused {
            reason: Reason::TooEarly,
            message: "a \"message\"\nof two lines".into(),
        };
        let reloaded = Reloaded {
            changed: vec!["profile ops: added".into()],
            needs_restart: Vec::new(),
            rotated: None,
        };
        let rotated = Reloaded {
            rotated: Some(Rotated {
                profiles: vec!["ops".parse().unwrap()],
                old_until: DateTime::from_timestamp(1_800_000_000, 5).unwrap(),
                failed: vec!["/t/x/token: no".into()],
            }),
            ..Reloaded::default()
        };
        for (reply, expected) in [
            (
                Reply::from(Ok(accepted)),
                r#"{"expiration":"2027-01-15T08:00:00Z","ok":true,"profile":"ops","version":1}"#,
            ),
            (
                Reply::from(Err::<Accepted, _>(refused)),
                r#"{"message":"a \"message\"\nof two lines","ok":false,"reason":"too_early","version":1}"#,
            ),
            (
                Reply::from(Ok(reloaded)),
                r#"{"changed":["profile ops: added"],"needs_restart":[],"ok":true,"version":1}"#,
            ),
            (
                Reply::from(Ok(rotated)),
                r#"{"changed":[],"needs_restart":[],"ok":true,"rotated":{"failed":["/t/x/token: no"],"old_until":"2027-01-15T08:00:00Z","profiles":["ops"]},"version":1}"#,
            ),
            (
                Reply::from(Err(NotReloaded::Mistakes(String::from("x")))),
                r#"{"message":"x","ok":false,"reason":"configuration","version":1}"#,
            ),
            (
                Reply::from(&Refusal::TIMEOUT),
                r#"{"message":"the request was not complete within 5 s","ok":false,"reason":"timeout","version":1}"#,
            ),
        ] {
            assert_eq!(text(&reply), format!("{expected}\n"));
        }
    }
}
