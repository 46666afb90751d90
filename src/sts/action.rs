/// An action of STS that valetkey calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>
    AssumeRole,
    /// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html>
    GetSessionToken,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 2] = [Self::AssumeRole, Self::GetSessionToken];

    /// AWS's name: the `Action` parameter, the `action` label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AssumeRole => "AssumeRole",
            Self::GetSessionToken => "GetSessionToken",
        }
    }
}
