use super::*;
use chrono::TimeDelta;

const AUDIT: &str = "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials";
const MEMBER: &str = "210987654321";

fn with_organization() -> Sts {
    let mut sts = sts();
    sts.set_organization(Organization {
        management: ACCOUNT.to_owned(),
        delegated_administrators: Vec::new(),
        members: vec![MEMBER.to_owned()],
    });
    sts
}

fn ask(target: &str, policy: &str, more: &str) -> String {
    format!("Action=AssumeRoot&TargetPrincipal={target}&TaskPolicyArn.arn={policy}{more}")
}

#[test]
fn the_management_account_is_root_of_a_member_for_a_quarter_of_an_hour() {
    let arn = format!("arn:aws:iam::{MEMBER}:root");
    for target in [MEMBER, &arn] {
        let mut sts = with_organization();
        let reply = call(&mut sts, &ops(), &ask(target, AUDIT, ""));
        let expiration: DateTime<Utc> = element(&reply, "Expiration").parse().unwrap();
        assert_eq!(expiration - NOW, TimeDelta::seconds(900));
        assert!(!text(&reply).contains("SourceIdentity"));
        let who = call(&mut sts, &session(&reply), "Action=GetCallerIdentity");
        assert_eq!(
            (element(&who, "Arn"), element(&who, "Account")),
            (arn.clone(), MEMBER.to_owned())
        );
        let issued = &sts.state().issued[0];
        assert_eq!(
            (issued.arn.as_str(), issued.policy_arns.as_slice()),
            (arn.as_str(), &[AUDIT.to_owned()][..])
        );
    }
}

#[test]
fn a_source_identity_is_told() {
    let mut sts = with_organization();
    let role = "arn:aws:iam::123456789012:role/deploy";
    sts.add_role(Role::new(role).trusting("arn:aws:iam::123456789012:user/ops"));
    let assume = format!("Action=AssumeRole&RoleArn={role}&RoleSessionName=s1&SourceIdentity=jane");
    let assumed = session(&call(&mut sts, &ops(), &assume));
    let reply = call(&mut sts, &assumed, &ask(MEMBER, AUDIT, "&DurationSeconds=60"));
    assert_eq!(element(&reply, "SourceIdentity"), "jane");
}

#[test]
fn nobody_else_is() {
    let refused = |sts: &mut Sts, signer: &Signer, target: &str, caller: &str| {
        let message = format!(
            "User: {caller} is not authorized to perform: sts:AssumeRoot on resource: arn:aws:iam::{target}:root"
        );
        assert_error(
            &call(sts, signer, &ask(target, AUDIT, "")),
            403,
            "AccessDenied",
            &message,
        );
    };
    let user = "arn:aws:iam::123456789012:user/ops";
    refused(&mut sts(), &ops(), MEMBER, user);
    refused(&mut with_organization(), &ops(), ACCOUNT, user);
    refused(&mut with_organization(), &ops(), "111111111111", user);
    refused(
        &mut with_organization(),
        &root(),
        MEMBER,
        "arn:aws:iam::123456789012:root",
    );
}

#[test]
fn it_is_asked_for_a_task_in_its_bounds() {
    let refused = |form: &str| error(&call(&mut with_organization(), &ops(), form)).2;
    let must = "failed to satisfy constraint: Member must";
    assert_eq!(
        refused("Action=AssumeRoot"),
        format!(
            "2 validation errors detected: Value null at 'targetPrincipal' {must} not be null; \
             Value null at 'taskPolicyArn' {must} not be null"
        )
    );
    for (form, end) in [
        (
            ask(MEMBER, AUDIT, "&DurationSeconds=901"),
            "have value less than or equal to 900",
        ),
        (
            ask(MEMBER, AUDIT, "&DurationSeconds=-1"),
            "have value greater than or equal to 0",
        ),
        (ask("1", AUDIT, ""), "have length greater than or equal to 12"),
        (ask("arn:aws:iam::1:root", AUDIT, ""), "arn:aws:iam::1:root is invalid"),
        (
            ask(MEMBER, "arn:aws:iam::aws:policy/AdministratorAccess", ""),
            "AdministratorAccess is not a valid task policy",
        ),
    ] {
        assert!(refused(&form).ends_with(end), "{form}: {}", refused(&form));
    }
}

#[test]
fn the_global_endpoint_does_not_know_it() {
    let mut request = post(&ops(), &ask(MEMBER, AUDIT, ""), NOW);
    let host = request.headers.iter_mut().find(|(name, _)| name == "host").unwrap();
    host.1 = "sts.amazonaws.com".to_owned();
    let reply = answer(&mut with_organization(), &request, NOW);
    assert_error(&reply, 400, "InvalidAction", "Unknown Operation");
}
