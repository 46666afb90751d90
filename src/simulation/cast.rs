//! Twenty profiles as a user writes them, and the AWS account that they are of.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex};

use crate::BoxFuture;
use crate::aws::{LongTermKey, TokenCode};
use crate::config::{self, Format, MfaCode};
use crate::emulator::{Handle, Role, Rules, Sts, User};
use crate::mfa::{Seed, Step};
use crate::renew::{Codes, Device, Job};
use crate::secret::Secret;
use crate::{keys, mfa};

pub(super) const ACCOUNT: &str = "123456789012";
pub(super) const USERS: usize = 6;

/// How a profile is made.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Made {
    /// GetSessionToken by the key of a user.
    Session(usize, Mfa),
    /// AssumeRole by the key of a user.
    KeyRole(usize, Mfa),
    /// AssumeRole by the credentials of the profile in that place.
    Chained(usize),
}

/// Where the MFA codes of a profile come from.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Mfa {
    Without,
    Seed,
    Process,
    Person,
}

/// A profile of the simulation.
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) seconds: u32,
    pub(super) made: Made,
}

#[rustfmt::skip]
pub(super) const CAST: [Member; 20] = [
    Member { name: "s0", seconds: 43_200, made: Made::Session(0, Mfa::Seed) },
    Member { name: "s1", seconds: 129_600, made: Made::Session(0, Mfa::Seed) },
    Member { name: "s2", seconds: 36_000, made: Made::Session(0, Mfa::Seed) },
    Member { name: "s3", seconds: 43_200, made: Made::Session(1, Mfa::Seed) },
    Member { name: "s4", seconds: 28_800, made: Made::Session(1, Mfa::Seed) },
    Member { name: "s5", seconds: 86_400, made: Made::Session(2, Mfa::Seed) },
    Member { name: "s6", seconds: 43_200, made: Made::Session(3, Mfa::Without) },
    Member { name: "s7", seconds: 129_600, made: Made::Session(3, Mfa::Without) },
    Member { name: "s8", seconds: 21_600, made: Made::Session(3, Mfa::Without) },
    Member { name: "s9", seconds: 43_200, made: Made::Session(5, Mfa::Process) },
    Member { name: "k0", seconds: 43_200, made: Made::KeyRole(0, Mfa::Seed) },
    Member { name: "k1", seconds: 28_800, made: Made::KeyRole(1, Mfa::Seed) },
    Member { name: "k2", seconds: 14_400, made: Made::KeyRole(2, Mfa::Seed) },
    Member { name: "k3", seconds: 43_200, made: Made::KeyRole(3, Mfa::Without) },
    Member { name: "k4", seconds: 7_200, made: Made::KeyRole(3, Mfa::Without) },
    Member { name: "k5", seconds: 36_000, made: Made::KeyRole(3, Mfa::Without) },
    Member { name: "p0", seconds: 43_200, made: Made::Session(4, Mfa::Person) },
    Member { name: "c0", seconds: 3_600, made: Made::Chained(0) },
    Member { name: "c1", seconds: 3_600, made: Made::Chained(17) },
    Member { name: "c2", seconds: 3_600, made: Made::Chained(16) },
];

impl Member {
    /// Whose long-term key is at the root of it, and the codes there.
    pub(super) fn root(&self) -> (usize, Mfa) {
        match self.made {
            Made::Session(user, codes) | Made::KeyRole(user, codes) => (user, codes),
            Made::Chained(source) => CAST[source].root(),
        }
    }

    pub(super) fn is_keyed(&self) -> bool {
        !matches!(self.made, Made::Chained(_))
    }

    /// In whose place the profile is whose credentials sign.
    pub(super) fn source(&self) -> Option<usize> {
        match self.made {
            Made::Chained(source) => Some(source),
            _ => None,
        }
    }

    fn table(&self) -> String {
        let Self { name, seconds, made } = self;
        let mut text = format!("[profile.{name}]\nregion = \"eu-west-1\"\nduration_seconds = {seconds}\n");
        if !matches!(made, Made::Session(..)) {
            writeln!(text, "role_arn = \"{}\"", role_arn(name)).unwrap();
        }
        match made {
            Made::Chained(source) => writeln!(text, "source_profile = \"{}\"", CAST[*source].name).unwrap(),
            Made::Session(user, codes) | Made::KeyRole(user, codes) => {
                writeln!(text, "key = {{ directory = \"/user{user}\" }}").unwrap();
                let code = match codes {
                    Mfa::Without => return text,
                    Mfa::Seed => "totp_seed_file = \"/seed\"",
                    Mfa::Process => "process = [\"/bin/code\"]",
                    Mfa::Person => "push = true",
                };
                writeln!(text, "mfa_serial = \"{}\"\nmfa_code = {{ {code} }}", serial(*user)).unwrap();
            }
        }
        text
    }
}

pub(super) fn role_arn(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{name}")
}

pub(super) fn serial(user: usize) -> String {
    format!("arn:aws:iam::{ACCOUNT}:mfa/user{user}")
}

pub(super) fn seed(user: usize) -> [u8; 20] {
    [u8::try_from(user).unwrap() + b'0'; 20]
}

/// What the users have on their disks and in their hands.
pub(super) struct Belongings {
    keys: Mutex<Vec<(String, String)>>,
    /// Whether the keys can be read.
    pub(super) readable: Mutex<bool>,
    /// Whether another key is seen without reading it, as in a file. A look each half minute makes years long.
    pub(super) are_files: Mutex<bool>,
    /// Of which step the codes are that were made of a seed, by device.
    made: Mutex<HashMap<(String, String), u64>>,
}

impl Belongings {
    pub(super) fn new() -> Self {
        Self {
            keys: Mutex::new((0..USERS).map(|user| key(user, 0)).collect()),
            readable: Mutex::new(true),
            are_files: Mutex::new(false),
            made: Mutex::default(),
        }
    }

    pub(super) fn hold(&self, user: usize, version: u64) {
        self.keys.lock().unwrap()[user] = key(user, version);
    }

    /// Of which step a code is that was made of a seed; none if it was not.
    pub(super) fn step_of(&self, serial: &str, code: &str) -> Option<u64> {
        let made = self.made.lock().unwrap();
        made.get(&(serial.to_owned(), code.to_owned())).copied()
    }
}

/// The id and the secret of a user's key.
pub(super) fn key(user: usize, version: u64) -> (String, String) {
    let id = format!("AKIA{user:02}{version:010}");
    (id, format!("secret of user {user}, its key {version}!"))
}

/// The version of the long-term key that a text begins with.
pub(super) fn version_of(text: &str) -> Option<u64> {
    text.strip_prefix("AKIA")?.get(2..12)?.parse().ok()
}

/// AWS, with all users and roles.
pub(super) fn aws(seed_of_ids: u64) -> Handle {
    let rules = Rules {
        region: "eu-west-1".to_owned(),
        ..Rules::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed_of_ids.to_le_bytes());
    let aws = Handle::new(Sts::new(rules, bytes));
    for number in 0..USERS {
        aws.add_user(user(number, &[0]));
    }
    roles().for_each(|role| aws.add_role(role));
    aws
}

/// The roles of the cast.
pub(super) fn roles() -> impl Iterator<Item = Role> {
    let members = CAST.iter().filter(|member| !matches!(member.made, Made::Session(..)));
    members.map(|member| {
        let role = Role::new(&role_arn(member.name)).with_max_session_duration(43_200);
        let role = role.trusting(&format!("arn:aws:iam::{ACCOUNT}:root"));
        // The credentials of a role carry no MFA.
        let of_role = matches!(member.made, Made::Chained(source) if !matches!(CAST[source].made, Made::Session(..)));
        let with_mfa = member.root().1 != Mfa::Without && !of_role;
        if with_mfa { role.requiring_mfa() } else { role }
    })
}

/// A user with the keys of these versions.
pub(super) fn user(number: usize, versions: &[u64]) -> User {
    let user = User::iam(ACCOUNT, &format!("user{number}")).with_device(&serial(number), &seed(number));
    versions.iter().fold(user, |user, version| {
        let (id, secret) = key(number, *version);
        user.with_key(&id, &secret)
    })
}

/// What the device of a user shows now.
pub(super) type Shown = Arc<dyn Fn(usize) -> String + Send + Sync>;

/// The jobs of these members, with belongings in the place of files.
pub(super) fn jobs(members: &[&str], belongings: &Arc<Belongings>, shown: &Shown) -> Vec<Job> {
    let mut text = String::from("[server]\ntoken_dir = \"/t\"\ncontrol_socket = \"/c\"\n");
    for member in CAST.iter().filter(|member| members.contains(&member.name)) {
        text += &member.table();
    }
    let plan = config::parse(text.as_bytes(), Format::Toml, "valetkey.toml", &|_| None).unwrap();
    let jobs = plan.profiles.into_iter().map(|profile| {
        let member = CAST.iter().find(|member| member.name == profile.name.as_str()).unwrap();
        let (user, codes) = member.root();
        let key = Key {
            user,
            belongings: Arc::clone(belongings),
        };
        let source = Code {
            user,
            has_step: codes == Mfa::Seed,
            belongings: Arc::clone(belongings),
            shown: Arc::clone(shown),
        };
        let device = profile.kind.mfa().map(|mfa| Device {
            serial: mfa.serial.clone(),
            others: Vec::new(),
            codes: match mfa.code {
                MfaCode::Push { .. } => Codes::Submitted { notify: None },
                _ => Codes::Made(Arc::new(source)),
            },
        });
        Job {
            key: member.is_keyed().then(|| Arc::new(key) as Arc<dyn keys::Source>),
            device,
            voucher: None,
            profile,
        }
    });
    jobs.collect()
}

struct Key {
    user: usize,
    belongings: Arc<Belongings>,
}

impl keys::Source for Key {
    fn read(&self) -> BoxFuture<'_, Result<LongTermKey, keys::Error>> {
        Box::pin(async {
            if !*self.belongings.readable.lock().unwrap() {
                return Err(keys::Error::Internal);
            }
            let (id, secret) = self.belongings.keys.lock().unwrap()[self.user].clone();
            Ok(LongTermKey {
                access_key_id: id.parse().unwrap(),
                secret_access_key: Arc::new(Secret::from(secret)),
            })
        })
    }

    fn version(&self) -> Option<BoxFuture<'static, keys::Version>> {
        let are_files = *self.belongings.are_files.lock().unwrap();
        let is_readable = *self.belongings.readable.lock().unwrap();
        let (id, _) = self.belongings.keys.lock().unwrap()[self.user].clone();
        let number = id.bytes().fold(u64::from(is_readable), |number, byte| {
            number.wrapping_mul(31) + u64::from(byte)
        });
        let version = keys::Version::numbered(number);
        are_files.then(|| Box::pin(async move { version }) as BoxFuture<'static, keys::Version>)
    }
}

struct Code {
    user: usize,
    has_step: bool,
    belongings: Arc<Belongings>,
    shown: Shown,
}

impl mfa::Source for Code {
    fn check(&self) -> BoxFuture<'_, Result<(), mfa::Error>> {
        Box::pin(async { Ok(()) })
    }

    fn code(&self, step: Step) -> BoxFuture<'_, Result<TokenCode, mfa::Error>> {
        Box::pin(async move {
            if !self.has_step {
                return Ok(TokenCode::try_from((self.shown)(self.user)).unwrap());
            }
            let seed = data_encoding::BASE32_NOPAD.encode(&seed(self.user));
            let code = mfa::code(&Seed::parse(&seed).unwrap(), step);
            let made = (serial(self.user), code.expose().to_owned());
            self.belongings.made.lock().unwrap().insert(made, step.number());
            Ok(code)
        })
    }

    fn has_step(&self) -> bool {
        self.has_step
    }
}
