use std::collections::VecDeque;

use serde_json::json;

use super::ids::Ids;

/// A decision against a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Denial {
    pub(super) principal_id: String,
    pub(super) principal_arn: String,
    /// `sts:AssumeRole`
    pub(super) action: String,
    pub(super) resource: String,
    /// Whether a policy denied it, rather than none allowed it.
    pub(super) explicit: bool,
}

/// The last hundred decisions, under the texts that stand for them.
#[derive(Default)]
pub(super) struct AuthorizationMessages(VecDeque<(String, Denial)>);

const MOST: usize = 100;

impl AuthorizationMessages {
    /// The text that stands for this decision.
    pub(super) fn encode(&mut self, ids: &mut Ids, denial: Denial) -> String {
        let encoded = ids.authorization_message();
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back((encoded.clone(), denial));
        encoded
    }

    /// What this text stands for, as AWS lays it out.
    pub(super) fn decode(&self, encoded: &str) -> Option<String> {
        let (_, denial) = self.0.iter().find(|(known, _)| known == encoded)?;
        let name = denial.principal_arn.rsplit(['/', ':']).next();
        let nothing = json!({ "items": [] });
        let document = json!({
            "allowed": false,
            "explicitDeny": denial.explicit,
            "matchedStatements": nothing,
            "failures": nothing,
            "context": {
                "principal": { "id": denial.principal_id, "name": name, "arn": denial.principal_arn },
                "action": denial.action,
                "resource": denial.resource,
                "conditions": nothing,
            },
        });
        Some(document.to_string())
    }

    /// The texts, the youngest last.
    pub(super) fn encoded(&self) -> Vec<String> {
        self.0.iter().map(|(encoded, _)| encoded.clone()).collect()
    }
}
