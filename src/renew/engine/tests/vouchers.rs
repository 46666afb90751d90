//! Roles that a token or an assertion opens, and the other kinds.

use std::sync::Mutex;

use tokio::time::sleep;

use super::scene::{Say, Scene, job_of};
use super::*;
use crate::BoxFuture;
use crate::aws::{SamlAssertion, WebIdentityToken};
use crate::config::{self, Format, Profile};
use crate::idp::{self, Version, Voucher};
use crate::secret::Secret;

/// The profiles of a configuration.
fn profiles(text: &str) -> Vec<Profile> {
    let text = format!("[server]\ntoken_dir = \"/t\"\ncontrol_socket = \"/c\"\n{text}");
    config::parse(text.as_bytes(), Format::Toml, "v.toml", &|_| None)
        .unwrap()
        .profiles
}

const SAML: &str = "[profile.p0]\nregion = \"eu-west-1\"\nrole_arn = \"arn:aws:iam::123456789012:role/x\"\n\
                    principal_arn = \"arn:aws:iam::123456789012:saml-provider/ADFS\"\n\
                    saml_assertion = { file = \"/assertion\" }\n";

/// A file with an assertion; none in it is a file that is not there.
#[derive(Default)]
struct File {
    version: Mutex<Option<u64>>,
    reads: Mutex<u32>,
    looks: Arc<Mutex<u32>>,
    /// Whether somebody writes another one while it is read.
    is_replaced: Mutex<bool>,
    /// Whether its file system hangs.
    hangs: Mutex<bool>,
}

impl File {
    fn put(&self, version: Option<u64>) {
        *self.version.lock().unwrap() = version;
    }

    fn reads(&self) -> u32 {
        *self.reads.lock().unwrap()
    }
}

impl idp::Source for File {
    fn read(&self) -> BoxFuture<'_, Result<Voucher, idp::Error>> {
        *self.reads.lock().unwrap() += 1;
        let version = *self.version.lock().unwrap();
        if std::mem::take(&mut *self.is_replaced.lock().unwrap()) {
            self.put(version.map(|version| version + 1));
        }
        let assertion = version.map(|version| SamlAssertion::try_from(Secret::from(format!("assertion{version}"))));
        Box::pin(async { Ok(Voucher::Assertion(assertion.ok_or(idp::Error::Internal)?.unwrap())) })
    }

    fn check(&self) -> BoxFuture<'_, Result<(), idp::Error>> {
        Box::pin(async { Ok(()) })
    }

    fn version(&self) -> Option<BoxFuture<'static, Version>> {
        let version = self.version.lock().unwrap().map_or(Version::NONE, Version::numbered);
        let (looks, hangs) = (Arc::clone(&self.looks), *self.hangs.lock().unwrap());
        Some(Box::pin(async move {
            *looks.lock().unwrap() += 1;
            if hangs {
                std::future::pending::<()>().await;
            }
            version
        }))
    }
}

fn start(file: &Arc<File>, say: Vec<Say>) -> Scene {
    let job = Job {
        voucher: Some(Arc::clone(file) as Arc<dyn idp::Source>),
        ..job_of(profiles(SAML).remove(0))
    };
    Scene::start_jobs(vec![job], TimeDelta::zero(), say)
}

#[tokio::test(start_paused = true)]
async fn another_assertion_is_used_within_seconds() {
    let file = Arc::new(File::default());
    file.put(Some(1));
    let scene = start(&file, vec![]);
    sleep(Duration::from_mins(5)).await;
    assert_eq!(scene.calls(), [0]);
    file.put(Some(2));
    sleep(Duration::from_secs(10)).await;
    assert_eq!(scene.calls().len(), 2, "long before the renewal is due");
    sleep(Duration::from_mins(20)).await;
    assert_eq!(scene.calls().len(), 2);
    assert_eq!(scene.counted(Outcome::Success), 2);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_comes_later_is_used_when_it_comes() {
    let file = Arc::new(File::default());
    let scene = start(&file, vec![]);
    sleep(Duration::from_mins(30)).await;
    assert!(scene.calls().is_empty());
    assert_eq!(
        scene.counted(Outcome::Failed(Failure::Identity)),
        1,
        "nothing to read is no trouble"
    );
    let waits_for = || {
        let faces = scene.table.profiles();
        crate::renew::waits_for(&faces[0], &faces, scene.clock.boot())
    };
    let told = "another SAML assertion in /assertion; to have the same one sent again, touch it";
    assert_eq!(waits_for().as_deref(), Some(told));
    file.put(Some(1));
    sleep(Duration::from_secs(10)).await;
    assert!(scene.served());
    assert_eq!(waits_for(), None);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_removed_after_its_use_is_no_other_one() {
    let file = Arc::new(File::default());
    file.put(Some(1));
    let scene = start(&file, vec![]);
    sleep(Duration::from_secs(1)).await;
    file.put(None);
    sleep(Duration::from_mins(59)).await;
    assert!(scene.served());
    assert_eq!(
        (scene.calls().len(), file.reads()),
        (1, 2),
        "the renewal found nothing, once"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_written_while_it_is_read_is_another_one() {
    let file = Arc::new(File::default());
    file.put(Some(1));
    *file.is_replaced.lock().unwrap() = true;
    let scene = start(&file, vec![]);
    sleep(Duration::from_secs(11)).await;
    assert_eq!(scene.calls().len(), 2);
}

/// However many profiles have a file there.
#[tokio::test(start_paused = true)]
async fn a_file_system_that_hangs_holds_a_look_in_five_minutes() {
    let file = Arc::new(File::default());
    file.put(Some(1));
    let jobs = (0..40).map(|number| Job {
        voucher: Some(Arc::clone(&file) as Arc<dyn idp::Source>),
        ..job_of(profiles(&SAML.replace("p0", &format!("p{number}"))).remove(0))
    });
    let _scene = Scene::start_jobs(jobs.collect(), TimeDelta::zero(), vec![]);
    sleep(Duration::from_secs(1)).await;
    *file.hangs.lock().unwrap() = true;
    sleep(Duration::from_secs(15)).await;
    let begun = *file.looks.lock().unwrap();
    sleep(Duration::from_mins(10)).await;
    let since = *file.looks.lock().unwrap() - begun;
    assert!((1..=2).contains(&since), "{since}");
    // Nor does a try hang twice: once for the version, and again for what is in the file.
    let reads = file.reads();
    sleep(Duration::from_mins(30)).await;
    assert_eq!(file.reads(), reads);
}

/// A look ends at the first that hangs, and begins at any of them.
#[tokio::test(start_paused = true)]
async fn a_file_that_hangs_does_not_hide_another_one() {
    let files = [Arc::new(File::default()), Arc::new(File::default())];
    let jobs = (0..).zip(&files).map(|(number, file)| {
        file.put(Some(1));
        Job {
            voucher: Some(Arc::clone(file) as Arc<dyn idp::Source>),
            ..job_of(profiles(&SAML.replace("p0", &format!("p{number}"))).remove(0))
        }
    });
    let scene = Scene::start_jobs(jobs.collect(), TimeDelta::zero(), vec![]);
    sleep(Duration::from_secs(1)).await;
    *files[0].hangs.lock().unwrap() = true;
    files[1].put(Some(2));
    sleep(Duration::from_mins(6)).await;
    assert_eq!(scene.calls().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_assertion_that_sts_refused_is_not_sent_again() {
    let file = Arc::new(File::default());
    file.put(Some(1));
    let hour = Say::Session {
        lifetime: Duration::from_hours(1),
    };
    let scene = start(&file, vec![hour, Say::RefuseVoucher]);
    sleep(Duration::from_secs(3_599)).await;
    assert_eq!((scene.calls().len(), file.reads()), (2, 2), "the renewal tried it once");
    let snapshot = scene.table.profiles()[0].snapshot().clone();
    assert!(
        scene.served() && snapshot.renewal.is_none(),
        "no time brings another one"
    );
    sleep(Duration::from_secs(2)).await;
    assert!(!scene.served());
    file.put(Some(2));
    sleep(Duration::from_secs(10)).await;
    assert!(scene.served());
    assert_eq!(scene.calls().len(), 3);
}

/// A look is no more than what the engine wakes up for by itself, and none is begun before the last has ended.
#[tokio::test(start_paused = true)]
async fn looks_are_few() {
    let file = Arc::new(File::default());
    file.put(Some(1));
    let _scene = start(&file, vec![]);
    sleep(Duration::from_secs(1_000)).await;
    let looks = *file.looks.lock().unwrap();
    assert!((95..=103).contains(&looks), "{looks}");
}

/// A token that is read when it is due.
struct Token;

impl idp::Source for Token {
    fn read(&self) -> BoxFuture<'_, Result<Voucher, idp::Error>> {
        Box::pin(async {
            Ok(Voucher::Token(
                WebIdentityToken::try_from(Secret::from("eyJh.eyJz.c2ln")).unwrap(),
            ))
        })
    }

    fn check(&self) -> BoxFuture<'_, Result<(), idp::Error>> {
        Box::pin(async { Ok(()) })
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_sts_refused_may_be_another_the_next_time() {
    let web = "[profile.p0]\nregion = \"eu-west-1\"\nrole_arn = \"arn:aws:iam::123456789012:role/x\"\n\
               web_identity_token_file = \"/token\"\n";
    let job = Job {
        voucher: Some(Arc::new(Token)),
        ..job_of(profiles(web).remove(0))
    };
    let scene = Scene::start_jobs(vec![job], TimeDelta::zero(), vec![Say::RefuseVoucher]);
    sleep(Duration::from_mins(1)).await;
    assert!(scene.served());
    assert_eq!(scene.calls().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn each_kind_is_asked_for_by_its_action_and_what_signs_it() {
    let text = "[profile.jane]\nregion = \"eu-west-1\"\nkey = { directory = \"/k\" }\nfederation_name = \"jane\"\n\
                [profile.root]\nregion = \"eu-west-1\"\nsource_profile = \"p0\"\ntarget_principal = \"123456789012\"\n\
                task_policy_arn = \"arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy\"\n";
    let mut jobs: Vec<_> = profiles(&(text.to_owned() + SAML)).into_iter().map(job_of).collect();
    let file = Arc::new(File::default());
    file.put(Some(1));
    jobs[2].voucher = Some(file);
    let scene = Scene::start_jobs(jobs, TimeDelta::zero(), vec![]);
    sleep(Duration::from_secs(1)).await;
    let calls = scene.sts.calls.lock().unwrap().clone();
    let told: Vec<_> = calls.iter().map(|call| (call.action, call.signer.as_str())).collect();
    assert_eq!(
        told,
        [
            ("GetFederationToken", "…MPLE"),
            ("AssumeRoleWithSAML", ""),
            ("AssumeRoot", "…0002"),
        ]
    );
    sleep(Duration::from_mins(16)).await;
    let root = scene.table.named("root").unwrap();
    assert_eq!(
        root.renewals(Outcome::Success),
        3,
        "after 0.44 of a quarter of an hour each"
    );
}
