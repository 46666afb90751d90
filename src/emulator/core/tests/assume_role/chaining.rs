//! Roles that are reached from sessions.

use super::*;

/// A role that trusts the first, and what comes of asking for it with the first's session.
fn chain(first: &[(&str, &str)], second: &[(&str, &str)]) -> (Sts, Response) {
    let mut sts = with([role(), Role::new(OTHER).trusting(ROLE)]);
    let reply = call(&mut sts, &ops(), &ask(first));
    let reply = call(&mut sts, &session(&reply), &ask_for(OTHER, second));
    (sts, reply)
}

const FIRST: &str = "arn:aws:sts::123456789012:assumed-role/deploy/s1";
const TEAM: [(&str, &str); 3] = [
    ("Tags.member.1.Key", "Team"),
    ("Tags.member.1.Value", "a"),
    ("TransitiveTagKeys.member.1", "Team"),
];

#[test]
fn a_role_leads_to_another_that_trusts_it() {
    let (mut sts, reply) = chain(&[], &[]);
    assert_eq!(
        element(&reply, "Arn"),
        "arn:aws:sts::123456789012:assumed-role/admin/s1"
    );
    assert_eq!(sts.state().assumed[1].caller, FIRST);
    let back = call(&mut sts, &session(&reply), &ask(&[]));
    let caller = "arn:aws:sts::123456789012:assumed-role/admin/s1";
    assert_not_authorized(&back, caller, "sts:AssumeRole", ROLE);
}

#[test]
fn every_session_is_a_link_of_a_chain_and_no_link_is_longer_than_an_hour() {
    let limit = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.";
    let long = || role().with_max_session_duration(43_200);
    let mut sts = with([
        long(),
        Role::new(OTHER).trusting(ROLE).with_max_session_duration(43_200),
    ]);
    let of_user = session(&call(&mut sts, &ops(), "Action=GetSessionToken"));
    let of_role = session(&call(&mut sts, &ops(), &ask(&[("DurationSeconds", "43200")])));
    for (signer, role) in [(of_user, ROLE), (of_role, OTHER)] {
        let reply = call(&mut sts, &signer, &ask_for(role, &[("DurationSeconds", "3601")]));
        assert_error(&reply, 400, "ValidationError", limit);
        for more in [&[][..], &[("DurationSeconds", "3600")]] {
            assert_eq!(seconds(&call(&mut sts, &signer, &ask_for(role, more))), 3_600);
        }
    }
}

#[test]
fn the_credentials_of_a_role_carry_no_mfa_and_have_no_device() {
    let mut sts = with([role(), Role::new(OTHER).trusting(ROLE).requiring_mfa()]);
    let code = mfa(&sts);
    let reply = call(&mut sts, &ops(), &ask(&borrowed(&code)));
    assert!(sts.state().assumed[0].mfa);
    let of_role = session(&reply);
    let denied = call(&mut sts, &of_role, &ask_for(OTHER, &[]));
    assert_not_authorized(&denied, FIRST, "sts:AssumeRole", OTHER);
    let device = call(&mut sts, &of_role, &ask_for(OTHER, &borrowed(&code)));
    assert!(error(&device).2.contains("unable to validate MFA code"));
}

#[test]
fn transitive_tags_go_on_and_others_do_not() {
    let tags = [
        &TEAM[..],
        &[("Tags.member.2.Key", "Stage"), ("Tags.member.2.Value", "x")],
    ];
    let own = [("Tags.member.1.Key", "Stage"), ("Tags.member.1.Value", "y")];
    let (sts, reply) = chain(&tags.concat(), &own);
    assert_eq!(reply.status, 200);
    let last = &sts.state().assumed[1];
    let tag = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(last.tags, [tag("Team", "a"), tag("Stage", "y")]);
    assert_eq!(last.transitive_tag_keys, ["Team"]);
}

#[test]
fn an_inherited_tag_cannot_be_set_again_whatever_its_case() {
    for key in ["Team", "tEAM"] {
        let (_, reply) = chain(&TEAM, &[("Tags.member.1.Key", key), ("Tags.member.1.Value", "b")]);
        assert_error(
            &reply,
            400,
            "InvalidParameterValue",
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from \
             the calling session.",
        );
    }
}

#[test]
fn a_source_identity_stays_and_cannot_be_changed() {
    let jane = [("SourceIdentity", "jane")];
    for second in [&[][..], &jane] {
        let (_, reply) = chain(&jane, second);
        assert_eq!(element(&reply, "SourceIdentity"), "jane");
    }
    let (_, reply) = chain(&jane, &[("SourceIdentity", "joe")]);
    assert_not_authorized(&reply, FIRST, "sts:SetSourceIdentity", OTHER);
}
