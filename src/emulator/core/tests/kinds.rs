//! Which credentials may call which action, whatever it is asked for.

use super::*;

/// Every signed action but those that all may ask and tell themselves whom they want.
const OTHERS: [&str; 6] = [
    "AssumeRole",
    "AssumeRoot",
    "DecodeAuthorizationMessage",
    "GetAccessKeyInfo",
    "GetDelegatedAccessToken",
    "GetWebIdentityToken",
];

/// The actions that these credentials are refused for what they are.
fn refused(sts: &mut Sts, signer: &Signer) -> Vec<&'static str> {
    let mut refused = Vec::new();
    for action in OTHERS {
        let message = error(&call(sts, signer, &format!("Action={action}"))).2;
        if message == format!("Cannot call {action} with session credentials") {
            refused.push(action);
        }
    }
    refused
}

#[test]
fn sessions_are_refused_what_their_kind_may_not() {
    let role = "arn:aws:iam::123456789012:role/deploy";
    let mut sts = sts();
    sts.add_role(Role::new(role).trusting("arn:aws:iam::123456789012:user/ops"));
    assert!(refused(&mut sts, &ops()).is_empty());

    let plain = session(&call(&mut sts, &ops(), "Action=GetSessionToken"));
    assert_eq!(refused(&mut sts, &plain), &OTHERS[1..]);
    let federated = session(&call(&mut sts, &ops(), "Action=GetFederationToken&Name=bob"));
    assert_eq!(refused(&mut sts, &federated), OTHERS);
    let assume = format!("Action=AssumeRole&RoleArn={role}&RoleSessionName=s1");
    let assumed = session(&call(&mut sts, &ops(), &assume));
    assert!(refused(&mut sts, &assumed).is_empty());

    for signer in [plain, federated, assumed] {
        assert_eq!(call(&mut sts, &signer, "Action=GetCallerIdentity").status, 200);
        for action in ["GetSessionToken", "GetFederationToken&Name=bob"] {
            let reply = call(&mut sts, &signer, &format!("Action={action}"));
            assert!(error(&reply).2.ends_with("with session credentials"), "{action}");
        }
    }
}
