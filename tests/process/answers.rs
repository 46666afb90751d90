//! What counts as an answer.

use std::time::Duration;

use valetkey::clock::SystemClock;
use valetkey::process::{self, Limits};

use crate::scene::{AMPLE, answer, command, run, shell, within};

const KEY: &str = r#"{"Version":1,"AccessKeyId":"AKIAIOSFODNN7EXAMPLE","SecretAccessKey":"s3cret"}"#;

#[tokio::test]
async fn standard_output_of_a_success_is_the_answer() {
    assert_eq!(
        answer("echo one; echo two >&2; echo three").await,
        Ok("one\nthree\n".to_owned())
    );
    assert_eq!(
        answer("exit 0").await,
        Ok(String::new()),
        "nothing is an answer too; the caller knows better"
    );
    assert_eq!(answer(r"printf 'caf\303\251'").await, Ok("café".to_owned()));
}

#[tokio::test]
async fn arguments_go_through_no_shell() {
    let command = command(&["printf", "%s|", "$HOME", "a  b", "*", ";", "", "é"], &[]);
    assert_eq!(run(&command, within(AMPLE)).await, Ok("$HOME|a  b|*|;||é|".to_owned()));
}

#[tokio::test]
async fn output_before_a_failure_is_no_answer() {
    assert_eq!(
        answer(&format!("echo '{KEY}'; exit 3")).await,
        Err("/bin/sh: ended with status 3; run it by hand as the user that runs valetkey".to_owned())
    );
    assert_eq!(
        answer(&format!("echo '{KEY}'; kill -SEGV $$")).await,
        Err("/bin/sh: was ended by signal 11; run it by hand as the user that runs valetkey".to_owned())
    );
    assert_eq!(
        answer(r"printf '\377'").await,
        Err("/bin/sh: printed bytes that are not UTF-8; let it print text".to_owned())
    );
}

#[tokio::test]
async fn a_child_that_closes_its_output_is_waited_for() {
    assert_eq!(
        answer("echo early; exec >&- 2>&-; sleep 0.1").await,
        Ok("early\n".to_owned())
    );
    let failed = answer("echo early; exec >&- 2>&-; sleep 0.1; exit 4").await;
    assert!(failed.unwrap_err().contains("status 4"));
}

#[tokio::test]
async fn a_full_answer_is_taken_and_one_byte_more_is_not() {
    let limits = Limits {
        stdout: 100_000,
        ..within(AMPLE)
    };
    let print = |length: u32| shell(&format!("head -c {length} /dev/zero | tr '\\0' x"));
    assert_eq!(run(&print(100_000), limits).await.map(|text| text.len()), Ok(100_000));
    assert_eq!(
        run(&print(100_001), limits).await,
        Err("/bin/sh: printed more than 100000 bytes and was killed; let it print the answer alone".to_owned())
    );
    assert!(
        run(&command(&["yes"], &[]), within(AMPLE))
            .await
            .unwrap_err()
            .contains("more than 65536 bytes")
    );
}

#[tokio::test]
async fn fifty_at_once_each_have_their_own() {
    let runs: Vec<_> = (0..50)
        .map(|n| tokio::spawn(async move { answer(&format!("sleep 0.0{}; echo {n}", n % 10)).await }))
        .collect();
    for (n, run) in runs.into_iter().enumerate() {
        assert_eq!(run.await.unwrap(), Ok(format!("{n}\n")));
    }
}

#[tokio::test]
async fn what_cannot_be_started_is_told_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script");
    let path = script.to_str().unwrap();
    let message = async |argv: &[&str]| {
        run(&command(argv, &[]), within(AMPLE))
            .await
            .unwrap_err()
            .replace(path, "")
    };
    assert_eq!(
        message(&[path, "s3cret"]).await,
        ": does not exist; install it, or name another program"
    );
    assert_eq!(
        message(&["no-such-program", "s3cret"]).await,
        "no-such-program: is in no absolute folder of valetkey's PATH; name its absolute path"
    );
    assert_eq!(
        message(&["/bin/echo --password s3cret"]).await,
        "/bin/echo: does not exist; its arguments belong in strings of their own, since no shell splits a command line"
    );
    std::fs::write(&script, "#!/nowhere/sh\n").unwrap();
    let not_executable = ": may not be executed by the user that runs valetkey (UID ";
    assert!(message(&[path]).await.starts_with(not_executable));
    assert!(
        message(&[folder.path().to_str().unwrap()])
            .await
            .contains(not_executable)
    );
    for content in ["#!/nowhere/sh\n", "not a program\n"] {
        std::fs::write(&script, content).unwrap();
        std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        assert!(
            message(&[path])
                .await
                .starts_with(": is not a program that this host can run; ")
        );
    }
}

#[tokio::test]
async fn nobody_reads_the_output_of_a_notification() {
    let notify = async |script| process::notify(&shell(script), &[], &SystemClock, within(AMPLE)).await;
    assert_eq!(notify("head -c 1000000 /dev/zero").await, Ok(()));
    let error = notify("echo no display >&2; exit 1").await.unwrap_err();
    assert!(error.to_string().ends_with("; it said: no display"), "{error}");
}

#[tokio::test]
async fn looking_for_a_program_does_not_run_it() {
    assert_eq!(process::check(&shell("exit 1")).await, Ok(()));
    assert_eq!(process::check(&command(&["printf"], &[])).await, Ok(()));
    assert!(process::check(&command(&["/nowhere/x"], &[])).await.is_err());
}

#[tokio::test]
async fn the_default_limits_are_those_of_the_sdks() {
    assert_eq!(Limits::default().timeout, Duration::from_mins(1));
}
