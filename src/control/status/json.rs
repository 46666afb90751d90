use serde_json::{Value, json};

use super::{ClockOffset, Configuration, Listeners, ProfileStatus, Protections, Status};
use crate::aws::ProfileName;
use crate::control::reply::time;

impl Status {
    /// The document for programs. What is not known is `null`; every key is always there.
    pub(in crate::control) fn to_json(&self) -> Value {
        json!({
            "version": self.version,
            "revision": self.revision,
            "ready": self.is_ready(),
            "started": time(self.started),
            "now": time(self.now),
            "clock_offset_seconds": self.clock_offset.map(ClockOffset::seconds),
            "profiles": self.profiles.iter().map(ProfileStatus::to_json).collect::<Vec<_>>(),
            "listeners": self.listeners.to_json(),
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
            .map(|mfa| json!({"serial": mfa.serial.as_str(), "push": mfa.push}));
        let trouble = self
            .trouble
            .as_ref()
            .map(|trouble| json!({"result": trouble.result, "message": *trouble.message, "when": time(trouble.when)}));
        let code_wanted = self
            .code_wanted
            .map(|wanted| json!({"since": time(wanted.since), "accepted_since": time(wanted.accepted_since)}));
        json!({
            "name": self.name.as_str(),
            "kind": self.kind,
            "source": self.source.as_str(),
            "source_profile": self.source.profile().map(ProfileName::as_str),
            "required": self.required,
            "state": self.state.as_str(),
            "account": self.account,
            "mfa": mfa,
            "issued": self.issued.map(time),
            "renewal": self.renewal.map(time),
            "expiration": self.expiration.map(time),
            "consecutive_failures": self.consecutive_failures,
            "last_error": trouble,
            "code_wanted": code_wanted,
        })
    }
}

impl Listeners {
    fn to_json(&self) -> Value {
        json!({
            "credentials": self.credentials.to_string(),
            "ops": self.ops.to_string(),
            "control_socket": self.control_socket.to_string_lossy(),
        })
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
