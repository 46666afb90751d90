//! What standard error tells, and what it must not.

use crate::scene::{Mark, SHORT, answer, run, run_until, shell, within};

#[tokio::test]
async fn the_last_lines_are_told() {
    let script = "for n in 1 2 3; do echo warning $n >&2; done; echo 'no such entry' >&2; exit 1";
    assert_eq!(
        answer(script).await.unwrap_err(),
        "/bin/sh: ended with status 1; run it by hand as the user that runs valetkey; it said: warning 1 | warning 2 | \
         warning 3 | no such entry"
    );
    let told = Mark::new();
    let script = format!("echo 'touch the key' >&2; {}; sleep 60", told.write("$$"));
    let waiting = run_until(&script, || told.pid().is_some()).await;
    assert!(waiting.unwrap_err().ends_with("; it said: touch the key"));
}

#[tokio::test]
async fn secrets_are_not() {
    for (script, expected) in [
        (
            "echo key wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY >&2",
            "key [redacted]",
        ),
        ("echo hunter2; echo password hunter2! >&2", "password [redacted]!"),
        ("echo the code is 138502 >&2", "the code is [redacted]"),
        ("echo AKIAIOSFODNN7EXAMPLE refused >&2", "[redacted] refused"),
    ] {
        let error = answer(&format!("{script}; exit 1")).await.unwrap_err();
        assert!(error.ends_with(&format!("; it said: {expected}")), "{error}");
    }
}

#[tokio::test]
async fn a_flood_neither_blocks_the_child_nor_is_kept() {
    let flood = "head -c 5000000 /dev/zero | tr '\\0' x >&2; echo >&2";
    assert_eq!(answer(&format!("{flood}; echo done")).await, Ok("done\n".to_owned()));
    let error = answer(&format!("{flood}; echo the end >&2; exit 1")).await.unwrap_err();
    assert!(error.ends_with("; it said: the end"), "{error}");
    let endless = run(&shell("yes >&2"), within(SHORT)).await.unwrap_err();
    assert!(endless.contains("did not end within 0.3 s"), "{endless}");
}

/// The runtime goes on while a child floods.
#[tokio::test]
async fn a_flood_starves_nobody() {
    let flood = tokio::spawn(async { run(&shell("yes >&2"), within(SHORT)).await });
    let mut turns = 0_u32;
    while !flood.is_finished() {
        tokio::task::yield_now().await;
        turns += 1;
    }
    assert!(turns >= 10, "only {turns} turns in {SHORT:?}");
}
