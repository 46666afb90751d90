use serde_json::{Value, json};

use super::{ClockOffset, Configuration, Listeners, ProfileStatus, Protections, StateDir, Status};
use crate::aws::ProfileName;
use crate::control::reply::time;

/// How many profiles are written at a time: a tenth of a millisecond's work.
const AT_A_TIME: usize = 16;

impl Status {
    /// Writes the document for programs. What is not known is `null`; every key is always there.
    ///
    /// Others get their turn in between, since a thousand profiles take milliseconds. Not on another thread: those may
    /// all hang on a file system, which is when an operator asks for the status.
    pub(in crate::control) async fn write_json(&self, text: &mut String) {
        let daemon = self.daemon().to_string();
        text.push_str(daemon.strip_suffix('}').unwrap_or_default());
        text.push_str(",\"profiles\":[");
        for (place, profile) in self.profiles.iter().enumerate() {
            if place > 0 {
                text.push(',');
            }
            text.push_str(&profile.to_json().to_string());
            if place % AT_A_TIME == AT_A_TIME - 1 {
                tokio::task::yield_now().await;
            }
        }
        text.push_str("]}");
    }

    /// All but the profiles.
    fn daemon(&self) -> Value {
        json!({
            "version": self.version,
            "revision": self.revision,
            "ready": self.is_ready(),
            "started": time(self.started),
            "now": time(self.now),
            "clock_offset_seconds": self.clock_offset.map(ClockOffset::seconds),
            "log_lines_dropped": self.log_lines_dropped,
            "listeners": self.listeners.to_json(),
            "state_dir": self.state_dir.as_ref().map(StateDir::to_json),
            "protections": self.protections.to_json(),
            "configuration": self.configuration.to_json(),
        })
    }
}

impl ClockOffset {
    #[expect(
        clippy::cast_precision_loss,
        reason = "clocks that are 285,000 years apart may be so by a millisecond more"
    )]
    fn seconds(self) -> f64 {
        self.0.num_milliseconds() as f64 / 1_000.0
    }
}

impl ProfileStatus {
    fn to_json(&self) -> Value {
        let mfa = self
            .mfa
            .as_ref()
            .map(|mfa| json!({"serial": mfa.serial.as_str(), "push": mfa.push, "accepted_from": mfa.accepted_from.map(time)}));
        let trouble = self
            .trouble
            .as_ref()
            .map(|trouble| json!({"result": trouble.result, "message": *trouble.message, "when": time(trouble.when)}));
        let key_trouble = self.key_trouble.as_ref().map(|trouble| {
            json!({
                "state": trouble.state,
                "message": *trouble.message,
                "when": time(trouble.when),
                "next_try": trouble.next_try.map(time),
            })
        });
        let code_wanted = self.code_wanted.map(|since| json!({"since": time(since)}));
        json!({
            "name": self.name.as_str(),
            "kind": self.kind,
            "source": self.source.as_str(),
            "source_profile": self.source.profile().map(ProfileName::as_str),
            "region": self.region.as_str(),
            "endpoint": self.endpoint.url.as_str(),
            "signing_region": self.endpoint.signing_region.as_str(),
            "required": self.required,
            "state": self.state.as_str(),
            "account": self.account,
            "arn": self.arn,
            "mfa": mfa,
            "issued": self.issued.map(time),
            "renewal": self.renewal.map(time),
            "expiration": self.expiration.map(time),
            "consecutive_failures": self.consecutive_failures,
            "last_error": trouble,
            "code_wanted": code_wanted,
            "waits_for": self.waits_for,
            "key_trouble": key_trouble,
        })
    }
}

impl Listeners {
    fn to_json(&self) -> Value {
        json!({
            "credentials": self.credentials.to_string(),
            "credentials_url": self.credentials_url,
            "certificate_expiration": self.certificate_expiration.map(time),
            "imds": self.imds.map(|address| address.to_string()),
            "imds_profile": self.imds_profile.as_ref().map(ProfileName::as_str),
            "ops": self.ops.to_string(),
            "control_socket": self.control_socket.to_string_lossy(),
        })
    }
}

impl StateDir {
    fn to_json(&self) -> Value {
        json!({"path": self.path.to_string_lossy(), "failures": self.failures, "trouble": self.trouble})
    }
}

impl Protections {
    fn to_json(self) -> Value {
        json!({"not_dumpable": self.not_dumpable, "no_core": self.no_core})
    }
}

impl Configuration {
    fn to_json(&self) -> Value {
        let last_reload = self.last_reload.as_ref().map(
            |reload| json!({"when": time(reload.when), "successful": reload.successful, "message": reload.message}),
        );
        json!({"source": self.source, "last_reload": last_reload})
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use chrono::DateTime;

    use super::*;
    use crate::control::{Source, State};

    fn status(profiles: usize) -> Status {
        let region = "eu-west-1".parse().unwrap();
        let profile = ProfileStatus {
            name: "ops".parse().unwrap(),
            kind: "session",
            source: Source::Environment,
            endpoint: crate::aws::Endpoint::regional(&region),
            region,
            required: true,
            state: State::Obtaining,
            account: None,
            arn: None,
            mfa: None,
            issued: None,
            renewal: None,
            expiration: None,
            consecutive_failures: 0,
            trouble: None,
            code_wanted: None,
            waits_for: None,
            key_trouble: None,
        };
        Status {
            version: "1",
            revision: "}",
            started: DateTime::UNIX_EPOCH,
            now: DateTime::UNIX_EPOCH,
            clock_offset: None,
            log_lines_dropped: 0,
            profiles: vec![profile; profiles],
            listeners: Listeners {
                credentials: ([127, 0, 0, 1], 1).into(),
                credentials_url: "http://127.0.0.1:1".into(),
                certificate_expiration: None,
                imds: None,
                imds_profile: None,
                ops: ([127, 0, 0, 1], 2).into(),
                control_socket: "/\"}".into(),
            },
            state_dir: None,
            protections: Protections {
                not_dumpable: true,
                no_core: true,
            },
            configuration: Configuration {
                source: "}}".into(),
                last_reload: None,
            },
        }
    }

    /// What is written, and how often others got their turn.
    fn written(profiles: usize) -> (Value, usize) {
        let (mut text, mut turns) = (String::new(), 0);
        let status = status(profiles);
        {
            let mut writing = pin!(status.write_json(&mut text));
            let mut context = Context::from_waker(Waker::noop());
            while writing.as_mut().poll(&mut context).is_pending() {
                turns += 1;
            }
        }
        (serde_json::from_str(&text).unwrap(), turns)
    }

    #[test]
    fn others_get_their_turn_while_many_profiles_are_written() {
        for (profiles, turns) in [(0, 0), (1, 0), (15, 0), (16, 1), (1_000, 62)] {
            let (document, taken) = written(profiles);
            assert_eq!(document["profiles"].as_array().unwrap().len(), profiles);
            assert_eq!(document["listeners"]["control_socket"], "/\"}");
            assert_eq!(document["ready"], profiles == 0);
            assert_eq!(taken, turns);
        }
    }
}
