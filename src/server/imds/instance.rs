use bytes::Bytes;
use chrono::SecondsFormat;
use serde_json::json;

use crate::aws::InstanceProfileArn;
use crate::config::Imds;
use crate::renew::Published;

/// What the endpoint tells of the instance, as EC2 would. What is always the same is ready to be sent.
pub(super) struct Instance {
    pub(super) role: Bytes,
    pub(super) region: Bytes,
    pub(super) availability_zone: Bytes,
    pub(super) id: Option<Bytes>,
    config: Imds,
}

impl Instance {
    pub(super) fn new(config: Imds) -> Self {
        let ready = |text: &str| Bytes::copy_from_slice(text.as_bytes());
        Self {
            role: ready(config.profile.as_str()),
            region: ready(config.region.as_str()),
            availability_zone: ready(config.availability_zone.as_str()),
            id: config.instance_id.as_ref().map(|id| ready(id.as_str())),
            config,
        }
    }

    /// Which instance profile gives the role; none where it has no name or there were no credentials yet.
    pub(super) fn iam_info(&self, profile: &Published) -> Option<Bytes> {
        let arn = self
            .config
            .instance_profile_arn
            .as_ref()
            .map(InstanceProfileArn::as_str)?;
        let updated = profile.snapshot().issued?.to_rfc3339_opts(SecondsFormat::Secs, true);
        let info = json!({"Code": "Success", "LastUpdated": updated, "InstanceProfileArn": arn});
        Some(info.to_string().into())
    }

    /// What is known of <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-identity-documents.html>. The account is
    /// that of the credentials.
    pub(super) fn identity_document(&self, profile: Option<&Published>) -> Bytes {
        let mut document = json!({
            "version": "2017-09-30",
            "region": self.config.region.as_str(),
            "availabilityZone": self.config.availability_zone.as_str(),
        });
        if let Some(id) = &self.config.instance_id {
            document["instanceId"] = id.as_str().into();
        }
        if let Some(caller) = profile.and_then(|profile| profile.snapshot().caller.clone()) {
            document["accountId"] = caller.account.as_str().into();
        }
        document.to_string().into()
    }
}
