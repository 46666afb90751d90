use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};

/// An identity with long-term keys: an IAM user, or the root user of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    account: String,
    /// `None` for root.
    name: Option<String>,
    keys: Vec<AccessKey>,
    devices: Vec<Device>,
}

/// A long-term access key. It is fake, so it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// `AKIA…`.
    pub access_key_id: String,
    /// The other half.
    pub secret_access_key: String,
    /// Whether STS takes it; IAM lets an administrator switch a key off and on.
    pub active: bool,
}

/// An MFA device, virtual or hardware.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// The ARN of a virtual device (`arn:aws:iam::123456789012:mfa/user`), or a serial number (`GAHT12345678`).
    pub serial_number: String,
    /// The TOTP seed, decoded.
    pub seed: Vec<u8>,
}

impl User {
    /// An IAM user of this account (12 digits).
    pub fn iam(account: &str, name: &str) -> Self {
        Self::new(account, Some(name.to_owned()))
    }

    /// The root user of this account.
    pub fn root(account: &str) -> Self {
        Self::new(account, None)
    }

    /// The same user with one key more.
    #[must_use]
    pub fn with_key(mut self, access_key_id: &str, secret_access_key: &str) -> Self {
        self.keys.push(AccessKey {
            access_key_id: access_key_id.to_owned(),
            secret_access_key: secret_access_key.to_owned(),
            active: true,
        });
        self
    }

    /// The same user with one device more.
    #[must_use]
    pub fn with_device(mut self, serial_number: &str, seed: &[u8]) -> Self {
        self.devices.push(Device {
            serial_number: serial_number.to_owned(),
            seed: seed.to_vec(),
        });
        self
    }

    /// The account's twelve digits.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// Root's sessions are cut to an hour.
    pub fn is_root(&self) -> bool {
        self.name.is_none()
    }

    /// `arn:aws:iam::<account>:user/<name>`, or `…:root`.
    pub fn arn(&self) -> String {
        match &self.name {
            Some(name) => format!("arn:aws:iam::{}:user/{name}", self.account),
            None => format!("arn:aws:iam::{}:root", self.account),
        }
    }

    /// What policies call `aws:userid`: `AIDA…`, and the account itself for root.
    pub fn user_id(&self) -> String {
        match &self.name {
            Some(_) => {
                let digest = Sha256::digest(self.arn());
                format!("AIDA{}", &BASE32_NOPAD.encode(&digest)[..17])
            }
            None => self.account.clone(),
        }
    }

    /// The device of this serial number, if it is this user's.
    pub(super) fn device(&self, serial_number: &str) -> Option<&Device> {
        self.devices.iter().find(|device| device.serial_number == serial_number)
    }

    fn new(account: &str, name: Option<String>) -> Self {
        Self {
            account: account.to_owned(),
            name,
            keys: Vec::new(),
            devices: Vec::new(),
        }
    }
}

/// Every user that the emulator knows.
#[derive(Default)]
pub(super) struct Users(Vec<User>);

impl Users {
    /// A user with the ARN of an older one takes its place.
    pub(super) fn add(&mut self, user: User) {
        self.0.retain(|known| known.arn() != user.arn());
        self.0.push(user);
    }

    pub(super) fn of_active_key(&self, access_key_id: &str) -> Option<(&User, &AccessKey)> {
        self.keys()
            .find(|(_, key)| key.access_key_id == access_key_id && key.active)
    }

    /// Whose key it is, active or not.
    pub(super) fn of_key(&self, access_key_id: &str) -> Option<&User> {
        let found = self.keys().find(|(_, key)| key.access_key_id == access_key_id);
        found.map(|(user, _)| user)
    }

    pub(super) fn by_arn(&self, arn: &str) -> Option<&User> {
        self.0.iter().find(|user| user.arn() == arn)
    }

    pub(super) fn device(&self, serial_number: &str) -> Option<&Device> {
        self.0.iter().find_map(|user| user.device(serial_number))
    }

    /// Whether there was such a key.
    pub(super) fn set_active(&mut self, access_key_id: &str, active: bool) -> bool {
        let mut keys = self.0.iter_mut().flat_map(|user| &mut user.keys);
        let found = keys.find(|key| key.access_key_id == access_key_id);
        found.map(|key| key.active = active).is_some()
    }

    fn keys(&self) -> impl Iterator<Item = (&User, &AccessKey)> {
        self.0
            .iter()
            .flat_map(|user| user.keys.iter().map(move |key| (user, key)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_iam() {
        let user = User::iam("123456789012", "ops");
        assert_eq!(user.arn(), "arn:aws:iam::123456789012:user/ops");
        assert!(user.user_id().starts_with("AIDA") && user.user_id().len() == 21);
        assert_ne!(user.user_id(), User::iam("123456789012", "dev").user_id());
        let root = User::root("123456789012");
        assert_eq!(root.arn(), "arn:aws:iam::123456789012:root");
        assert_eq!(root.user_id(), "123456789012");
        assert!(root.is_root() && !user.is_root());
    }

    #[test]
    fn only_active_keys_are_found() {
        let mut users = Users::default();
        users.add(
            User::iam("123456789012", "ops")
                .with_key("AKIA1", "s1")
                .with_key("AKIA2", "s2"),
        );
        assert_eq!(users.of_active_key("AKIA2").unwrap().1.secret_access_key, "s2");
        assert!(users.set_active("AKIA2", false));
        assert!(users.of_active_key("AKIA2").is_none());
        assert!(users.of_active_key("AKIA1").is_some());
        assert!(!users.set_active("AKIA3", false));
    }

    #[test]
    fn a_user_added_again_replaces_the_older_one() {
        let mut users = Users::default();
        users.add(User::iam("123456789012", "ops").with_key("AKIA1", "s1"));
        users.add(User::iam("123456789012", "ops").with_key("AKIA2", "s2"));
        assert!(users.of_active_key("AKIA1").is_none());
        assert!(users.of_active_key("AKIA2").is_some());
    }
}
