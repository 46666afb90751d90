use serde_json::Value;
use valetkey::clock::{Clock, SystemClock};

use crate::scene::{Said, run, valetkey};

fn said(args: &[&str]) -> Said {
    run(valetkey(args), b"")
}

#[test]
fn it_is_of_the_time_that_is_asked_for_or_of_now() {
    let asked = said(&["revoke-policy", "--issued-before", "2027-01-15T09:00:00+01:00"]);
    assert_eq!((asked.code, &*asked.stderr), (0, ""));
    assert_eq!(issued_before(&asked.stdout), "2027-01-15T08:00:00Z");

    let begun = SystemClock.wall().timestamp();
    let now = issued_before(&said(&["revoke-policy"]).stdout);
    let now = now.parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp();
    assert!((begun..=SystemClock.wall().timestamp()).contains(&now));
}

fn issued_before(policy: &str) -> String {
    let policy: Value = serde_json::from_str(policy).unwrap();
    let statement = &policy["Statement"][0];
    assert_eq!(
        (&statement["Effect"], &statement["Action"][0]),
        (&"Deny".into(), &"*".into())
    );
    let time = &statement["Condition"]["DateLessThan"]["aws:TokenIssueTime"];
    time.as_str().unwrap().to_owned()
}

#[test]
fn a_time_without_its_zone_is_wrong_use() {
    let said = said(&["revoke-policy", "--issued-before", "yesterday"]);
    assert_eq!((said.code, &*said.stdout), (64, ""));
    assert!(said.stderr.contains("such as 2027-01-15T08:00:00Z"), "{}", said.stderr);
}

#[test]
fn a_policy_that_cannot_be_written_is_told() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let ended = valetkey(&["revoke-policy"]).stdout(full).output().unwrap();
    assert_eq!(ended.status.code(), Some(74));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("standard output"));
}
