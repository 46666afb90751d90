//! Whole replies to begin with: those of the actions that are held against another client, and errors.

use serde_json::Value;

use crate::sts::fuzzing::{Bytes, CANARIES, judged};
use crate::sts::{Action, Error};

const CASES: &str = include_str!("../../../../tests/parity/few.jsonl");

/// The `Date` of these replies.
const DATE: &str = "Fri, 02 Jan 2026 03:04:05 GMT";

/// A reply to an action.
pub(super) struct Sample {
    pub(super) action: Action,
    pub(super) status: u16,
    pub(super) body: String,
}

impl Sample {
    /// One a action: that in which most is told.
    pub(super) fn of_every_action() -> Vec<Self> {
        let cases: Vec<Value> = CASES.lines().map(|case| serde_json::from_str(case).unwrap()).collect();
        let of_action = |action: Action| {
            let bodies = cases.iter().filter(|case| case["action"] == action.as_str());
            let bodies = bodies.filter_map(|case| case["reply"]["body"].as_str());
            Self {
                action,
                status: 200,
                body: bodies.max_by_key(|body| body.len()).unwrap().to_owned(),
            }
        };
        Action::ALL.map(of_action).into()
    }

    /// Refusals that quote what was sent.
    pub(super) fn errors() -> Vec<Self> {
        let quoted =
            "Value '005924\\' at 'tokenCode' failed; callSecret%2FK7MDENG callSecret/K7MDENG+bPxRfiCYEXAMPLEKEY";
        let of_action = |(action, message): (Action, String)| Self {
            action,
            status: 403,
            body: super::REFUSED.replace("MultiFactorAuthentication", &message),
        };
        let messages = [
            (Action::GetSessionToken, quoted.to_owned()),
            (Action::AssumeRoleWithSaml, CANARIES.join(" ")),
        ];
        messages.map(of_action).into()
    }

    /// What is made of this body in place of the sample's.
    pub(super) fn with(&self, body: &[u8]) -> Result<Vec<String>, Error> {
        judged(Bytes {
            action: self.action,
            https: true,
            status: self.status,
            date: Some(DATE),
            body,
        })
    }

    /// What the sample tells.
    pub(super) fn told(&self) -> Vec<String> {
        self.with(self.body.as_bytes())
            .unwrap_or_else(|error| panic!("{}: {error}", self.action.as_str()))
    }

    /// The names of its elements, each once.
    pub(super) fn names(&self) -> Vec<&str> {
        let starts = self.body.match_indices('<').map(|(at, _)| &self.body[at + 1..]);
        let names = starts.filter(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()));
        let mut names: Vec<_> = names.map(|rest| rest.split(['>', ' ']).next().unwrap()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The body before the first element of this name, the element, its content, and the body after it.
    pub(super) fn around(&self, name: &str) -> [&str; 4] {
        let start = self.body.find(&format!("<{name}")).unwrap();
        let inner = start + self.body[start..].find('>').unwrap() + 1;
        let close = format!("</{name}>");
        let inner_end = inner + self.body[inner..].find(&close).unwrap();
        let end = inner_end + close.len();
        [
            &self.body[..start],
            &self.body[start..end],
            &self.body[inner..inner_end],
            &self.body[end..],
        ]
    }

    /// The names of its elements that hold a text alone.
    pub(super) fn leaves(&self) -> Vec<&str> {
        let is_leaf = |name: &&str| !self.around(name)[2].contains('<');
        self.names().into_iter().filter(is_leaf).collect()
    }
}
