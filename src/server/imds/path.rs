use crate::metrics::Route;

/// What a path asks for, by EC2's names.
///
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-categories.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target<'p> {
    Token,
    /// The names of the instance's roles; it has one at most.
    Roles,
    /// The credentials of the role of this name.
    Role(&'p str),
    /// An older form of both. SDKs that ask for it take a 404 as the sign to ask for the usual form.
    RolesExtended,
    IamInfo,
    InstanceId,
    Region,
    AvailabilityZone,
    IdentityDocument,
    Other,
}

/// How many names deep the paths are that are known here.
const DEPTH: usize = 6;

impl<'p> Target<'p> {
    /// Slashes at the end, and several for one, change nothing: some SDKs send them, and an endpoint may be configured with one.
    pub(super) fn of(path: &'p str) -> Self {
        let mut names = [""; DEPTH];
        let mut depth = 0;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            let Some(place) = names.get_mut(depth) else {
                return Self::Other;
            };
            *place = name;
            depth += 1;
        }
        match names[..depth] {
            ["latest", "api", "token"] => Self::Token,
            ["latest", "meta-data", "iam", "security-credentials"] => Self::Roles,
            ["latest", "meta-data", "iam", "security-credentials", role] => Self::Role(role),
            ["latest", "meta-data", "iam", "security-credentials-extended"]
            | ["latest", "meta-data", "iam", "security-credentials-extended", _] => Self::RolesExtended,
            ["latest", "meta-data", "iam", "info"] => Self::IamInfo,
            ["latest", "meta-data", "instance-id"] => Self::InstanceId,
            ["latest", "meta-data", "placement", "region"] => Self::Region,
            ["latest", "meta-data", "placement", "availability-zone"] => Self::AvailabilityZone,
            ["latest", "dynamic", "instance-identity", "document"] => Self::IdentityDocument,
            _ => Self::Other,
        }
    }
}

/// What a path asks for, in the words of the metrics.
pub(in crate::server) fn route(path: &str) -> Route {
    match Target::of(path) {
        Target::Token => Route::Token,
        Target::Roles => Route::Roles,
        Target::Role(_) => Route::Credentials,
        Target::IamInfo | Target::InstanceId | Target::Region | Target::AvailabilityZone | Target::IdentityDocument => {
            Route::Instance
        }
        Target::RolesExtended | Target::Other => Route::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_more_changes_nothing() {
        let roles = "/latest/meta-data/iam/security-credentials";
        for path in [
            roles,
            &format!("{roles}/"),
            &format!("/{roles}//"),
            &roles.replace("a/i", "a//i"),
        ] {
            assert_eq!(Target::of(path), Target::Roles, "{path}");
        }
        for path in [
            format!("{roles}/ops"),
            format!("{roles}/ops/"),
            format!("/{roles}//ops"),
        ] {
            assert_eq!(Target::of(&path), Target::Role("ops"), "{path}");
        }
        assert_eq!(Target::of("//latest/api/token/"), Target::Token);
    }

    #[test]
    fn names_are_ec2s_and_nothing_else() {
        for path in [
            "",
            "/",
            "/latest",
            "/latest/",
            "/latest/api",
            "/latest/api/Token",
            "/LATEST/api/token",
            "/latest/api/token/x",
            "/2021-07-15/api/token",
            "/latest/meta-data/",
            "/latest/meta-data/iam/",
            "/latest/meta-data/iam/security-credentials/ops/x",
            "/latest/meta-data/iam/security-credentials/ops/x/y/z",
            "/latest/meta-data/../api/token",
            "/latest/%6deta-data/instance-id",
            "/latest/user-data",
            "/credentials/ops",
        ] {
            assert_eq!(Target::of(path), Target::Other, "{path}");
        }
    }
}
