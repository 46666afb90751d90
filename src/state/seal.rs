//! What the file of a session says: credentials, sealed with a key that only whoever has the long-term key can make.

use std::str::{FromStr, Split};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::aws::{AccountId, Credentials, LongTermKey, ProfileName};
use crate::clock::BootInstant;
use crate::secret::Secret;

/// The form, and its version.
const MAGIC: &[u8; 16] = b"valetkey-sess-1\n";

const SALT: usize = 32;

/// Credentials, and what is known of them.
#[derive(Clone)]
pub struct Session {
    /// The credentials.
    pub credentials: Arc<Credentials>,
    /// When they were issued, by STS's clock.
    pub issued: DateTime<Utc>,
    /// How long they live from then.
    pub lifetime: Duration,
    /// When they die; none if that was in another start of the host, whose boot instants say nothing.
    pub dies: Option<BootInstant>,
    /// Whose they are, where STS has told.
    pub owner: Option<Owner>,
}

/// Whose credentials are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The account.
    pub account: AccountId,
    /// The ARN that policies name.
    pub arn: Option<String>,
}

/// What a session is bound to.
pub struct Seal<'s> {
    /// The profile.
    pub profile: &'s ProfileName,
    /// Who it is.
    pub identity: [u8; 32],
    /// The long-term key that brought the session.
    pub key: &'s LongTermKey,
    /// This start of the host.
    pub host_start: Option<&'s str>,
}

/// Why a session cannot be used, as the end of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Mismatch(pub &'static str);

const FORM: Mismatch = Mismatch("it is damaged, or of another version");

const SEALED: Mismatch =
    Mismatch("it was changed, or made with another long-term key, or for a profile that was somebody else");

impl Seal<'_> {
    /// Seals a session; nothing if the system gives no random numbers, or it has a text that no session has.
    ///
    /// Each file has a key of its own, made of a random salt, so that the nonce is never used a second time.
    pub fn close(&self, session: &Session) -> Option<Vec<u8>> {
        let mut salt = [0; SALT];
        SystemRandom::new().fill(&mut salt).ok()?;
        let mut text = self.text(session)?;
        let tag = self
            .key_for(&salt)?
            .seal_in_place_separate_tag(nonce(), Aad::from(self.bound_to()), &mut text);
        Some([MAGIC, &salt[..], &text, tag.ok()?.as_ref()].concat())
    }

    /// Opens what was sealed.
    pub fn open(&self, sealed: &[u8]) -> Result<Session, Mismatch> {
        let rest = sealed.strip_prefix(MAGIC).ok_or(FORM)?;
        let (salt, rest) = rest.split_first_chunk::<SALT>().ok_or(FORM)?;
        let mut text = Zeroizing::new(rest.to_vec());
        let key = self.key_for(salt).ok_or(SEALED)?;
        let text = key.open_in_place(nonce(), Aad::from(self.bound_to()), &mut text);
        let text = str::from_utf8(text.map_err(|_| SEALED)?).map_err(|_| FORM)?;
        self.read(text).ok_or(FORM)
    }

    fn key_for(&self, salt: &[u8; SALT]) -> Option<LessSafeKey> {
        let secret = self.key.secret_access_key.expose().as_bytes();
        let secret = Salt::new(HKDF_SHA256, salt).extract(secret);
        let key = secret.expand(&[MAGIC], &AES_256_GCM).ok()?;
        Some(LessSafeKey::new(UnboundKey::from(key)))
    }

    /// No other profile, identity or key has the same.
    fn bound_to(&self) -> Vec<u8> {
        let names = format!("{}\n{}\n", self.profile, self.key.access_key_id.as_str());
        [MAGIC, &self.identity[..], names.as_bytes()].concat()
    }

    /// One value a line. Into one buffer: one that grows would leave copies behind that nobody wipes.
    pub(super) fn text(&self, session: &Session) -> Option<Zeroizing<Vec<u8>>> {
        let Credentials {
            access_key_id,
            secret_access_key,
            session_token,
            expiration,
        } = &*session.credentials;
        let owner = session.owner.as_ref();
        let dies = session.dies.map(|dies| dies.since_boot().as_millis());
        let values = [
            access_key_id.as_str(),
            secret_access_key.expose(),
            session_token.expose(),
            &expiration.timestamp().to_string(),
            &session.issued.timestamp().to_string(),
            &session.lifetime.as_secs().to_string(),
            &dies.unwrap_or_default().to_string(),
            self.host_start.filter(|_| dies.is_some()).unwrap_or_default(),
            owner.map_or("", |owner| owner.account.as_str()),
            owner.and_then(|owner| owner.arn.as_deref()).unwrap_or_default(),
        ];
        if values.iter().any(|value| value.contains('\n')) {
            return None;
        }
        let length = values.iter().map(|value| value.len() + 1).sum();
        let mut text = Zeroizing::new(Vec::with_capacity(length));
        for value in values {
            text.extend_from_slice(value.as_bytes());
            text.push(b'\n');
        }
        Some(text)
    }

    pub(super) fn read(&self, text: &str) -> Option<Session> {
        let mut lines = text.split('\n');
        let session = Session {
            credentials: Arc::new(Credentials {
                access_key_id: next(&mut lines)?,
                secret_access_key: Secret::from(lines.next()?),
                session_token: Secret::from(lines.next()?),
                expiration: time(&mut lines)?,
            }),
            issued: time(&mut lines)?,
            lifetime: Duration::from_secs(next(&mut lines)?),
            dies: {
                let dies = BootInstant::from_boot(Duration::from_millis(next(&mut lines)?));
                let host_start = lines.next()?;
                (!host_start.is_empty() && self.host_start == Some(host_start)).then_some(dies)
            },
            owner: match (lines.next()?, lines.next()?) {
                ("", _) => None,
                (account, arn) => Some(Owner {
                    account: account.parse().ok()?,
                    arn: (!arn.is_empty()).then(|| arn.to_owned()),
                }),
            },
        };
        (lines.next() == Some("") && lines.next().is_none()).then_some(session)
    }
}

fn next<T: FromStr>(lines: &mut Split<'_, char>) -> Option<T> {
    lines.next()?.parse().ok()
}

fn time(lines: &mut Split<'_, char>) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(next(lines)?, 0)
}

fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str, secret: &str) -> LongTermKey {
        LongTermKey {
            access_key_id: id.parse().unwrap(),
            secret_access_key: Arc::new(Secret::from(secret)),
        }
    }

    fn session() -> Session {
        Session {
            credentials: Arc::new(Credentials {
                access_key_id: "ASIAIOSFODNN7EXAMPLE".parse().unwrap(),
                secret_access_key: Secret::from("se/cr+et="),
                session_token: Secret::from("tok/en=="),
                expiration: DateTime::from_timestamp(1_800_043_200, 0).unwrap(),
            }),
            issued: DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
            lifetime: Duration::from_secs(43_199),
            dies: Some(BootInstant::from_boot(Duration::from_millis(44_199_123))),
            owner: Some(Owner {
                account: "123456789012".parse().unwrap(),
                arn: Some("arn:aws:iam::123456789012:user/ops".into()),
            }),
        }
    }

    /// What a session is sealed for and by in the tests, each of it changed by some.
    struct Scene {
        profile: &'static str,
        identity: u8,
        key: LongTermKey,
        host_start: Option<&'static str>,
    }

    impl Scene {
        fn new() -> Self {
            Self {
                profile: "ops",
                identity: 7,
                key: key("AKIAIOSFODNN7EXAMPLE", "long-term"),
                host_start: Some("this start"),
            }
        }

        fn with<T>(&self, act: impl FnOnce(&Seal<'_>) -> T) -> T {
            act(&Seal {
                profile: &self.profile.parse().unwrap(),
                identity: [self.identity; 32],
                key: &self.key,
                host_start: self.host_start,
            })
        }

        fn sealed(&self) -> Vec<u8> {
            self.with(|seal| seal.close(&session())).unwrap()
        }

        fn open(&self, sealed: &[u8]) -> Result<Session, Mismatch> {
            self.with(|seal| seal.open(sealed))
        }
    }

    #[test]
    fn what_is_sealed_is_opened() {
        let (opened, sealed) = (Scene::new().open(&Scene::new().sealed()).ok().unwrap(), session());
        assert_eq!(opened.credentials.access_key_id, sealed.credentials.access_key_id);
        let secrets = |session: &Session| {
            let Credentials {
                secret_access_key,
                session_token,
                ..
            } = &*session.credentials;
            (secret_access_key.expose().to_owned(), session_token.expose().to_owned())
        };
        assert_eq!(secrets(&opened), secrets(&sealed));
        assert_eq!(opened.credentials.expiration, sealed.credentials.expiration);
        assert_eq!((opened.issued, opened.lifetime), (sealed.issued, sealed.lifetime));
        assert_eq!((opened.dies, opened.owner), (sealed.dies, sealed.owner));
    }

    #[test]
    fn nothing_of_it_can_be_read() {
        let (one, other) = (Scene::new().sealed(), Scene::new().sealed());
        assert_ne!(one[16..], other[16..]);
        for text in ["ASIA", "se/cr+et=", "tok/en==", "123456789012", "1800", "long-term"] {
            assert!(
                !one.windows(text.len()).any(|window| window == text.as_bytes()),
                "{text}"
            );
        }
    }

    #[test]
    fn it_opens_for_whom_it_was_sealed_and_for_nobody_else() {
        let sealed = Scene::new().sealed();
        for other in [
            Scene {
                profile: "dev",
                ..Scene::new()
            },
            Scene {
                identity: 8,
                ..Scene::new()
            },
            Scene {
                key: key("AKIAIOSFODNN7EXAMPLE", "another"),
                ..Scene::new()
            },
            Scene {
                key: key("AKIAIOSFODNN7EXAMPL2", "long-term"),
                ..Scene::new()
            },
        ] {
            assert_eq!(other.open(&sealed).err(), Some(SEALED));
        }
    }

    #[test]
    fn boot_instants_hold_within_a_start_of_the_host_that_is_known() {
        for (sealed, opened, holds) in [
            (Some("this start"), Some("another"), false),
            (Some("this start"), None, false),
            (None, None, false),
            (None, Some("this start"), false),
            (Some("this start"), Some("this start"), true),
        ] {
            let scene = |host_start| Scene {
                host_start,
                ..Scene::new()
            };
            let session = scene(opened).open(&scene(sealed).sealed()).ok().unwrap();
            assert_eq!(session.dies.is_some(), holds, "{sealed:?} {opened:?}");
        }
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let sealed = Scene::new().sealed();
        for bit in 0..sealed.len() * 8 {
            let mut damaged = sealed.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(Scene::new().open(&damaged).is_err(), "{bit}");
        }
        for length in 0..sealed.len() {
            assert!(Scene::new().open(&sealed[..length]).is_err(), "{length}");
        }
        assert!(Scene::new().open(&[&sealed[..], b"x"].concat()).is_err());
    }

    #[test]
    fn what_makes_no_sense_is_not_read() {
        let scene = Scene::new();
        let read = |text: &str| scene.with(|seal| seal.read(text).is_some());
        let text = "ASIAIOSFODNN7EXAMPLE\ns\nt\n1800043200\n1800000000\n43199\n7\nthis start\n123456789012\n\n";
        assert!(read(text) && read(&text.replace("123456789012", "")));
        for wrong in [
            "1800043200",
            "1800000000",
            "43199",
            "\n7\n",
            "123456789012",
            "ASIAIOSFODNN7EXAMPLE",
        ] {
            assert!(!read(&text.replace(wrong, "\nx\n")), "{wrong}");
            assert!(!read(&text.replace(wrong.trim(), "x")), "{wrong}");
        }
        assert!(!read("") && !read(&text[..text.len() - 1]) && !read(&format!("{text}\n")));
    }
}
