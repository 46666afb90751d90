use std::time::Duration;

use super::{Error, Source, Step};
use crate::BoxFuture;
use crate::aws::TokenCode;
use crate::clock::SystemClock;
use crate::process::{self, Command, Limits};

/// A command that prints the current code, such as a password manager's, or one that asks a person for it.
#[derive(Debug, Clone)]
pub struct Process {
    command: Command,
}

/// Six digits and an end of the line, with room for blanks.
const LONGEST: usize = 1024;

impl Process {
    /// The code that `command` prints.
    pub fn new(command: Command) -> Self {
        Self { command }
    }

    async fn ask(&self) -> Result<TokenCode, Error> {
        let limits = Limits {
            stdout: LONGEST,
            ..Limits::default()
        };
        let answer = process::run(&self.command, &[], &SystemClock, limits).await?;
        let digits = answer.expose().trim_ascii().to_owned();
        TokenCode::try_from(digits).map_err(|_| Error::NotACode {
            program: self.command.to_string(),
        })
    }
}

impl Source for Process {
    /// Only looks for the program: running it may ask a person, or use a code up.
    fn check(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async { Ok(process::check(&self.command).await?) })
    }

    fn code(&self, _: Step) -> BoxFuture<'_, Result<TokenCode, Error>> {
        Box::pin(self.ask())
    }

    fn has_step(&self) -> bool {
        false
    }

    /// The process has a limit of its own, whose message says more.
    fn patience(&self) -> Duration {
        Limits::default().timeout + Duration::from_secs(5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(script: &str) -> Process {
        let argv = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
        Process::new(Command::new(argv, vec![]).unwrap())
    }

    async fn code(script: &str) -> Result<String, String> {
        let code = source(script).code(Step::new(1)).await;
        code.map(|code| code.expose().to_owned())
            .map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn six_digits_are_a_code_whatever_blanks_surround_them() {
        for script in ["echo 005924", "printf 005924", r"printf '\n\t 005924 \r\n'"] {
            assert_eq!(code(script).await, Ok("005924".to_owned()));
        }
    }

    #[tokio::test]
    async fn anything_else_is_refused_and_never_shown() {
        let refused = "MFA code: /bin/sh: must print the six digits of the code, and nothing else, to standard output";
        for script in [
            "exit 0",
            "echo 05924",
            "echo 0059245",
            "echo code 005924",
            "echo '005 924'",
            "echo 00592x",
        ] {
            assert_eq!(code(script).await, Err(refused.to_owned()), "{script}");
        }
        assert_eq!(
            code("echo 005924; echo 'sent 005924' >&2; exit 3").await.unwrap_err(),
            "MFA code: /bin/sh: ended with status 3; run it by hand as the user that runs valetkey; it said: sent \
             [redacted]"
        );
    }

    #[tokio::test]
    async fn checking_does_not_run_it() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("ran");
        let source = source(&format!("echo ran > {}; echo 005924", mark.display()));
        assert!(source.check().await.is_ok());
        assert!(!mark.exists());
        assert!(source.code(Step::new(1)).await.is_ok());
        assert!(mark.exists());
        let missing = Process::new(Command::new(vec!["/nowhere/oathtool".to_owned()], vec![]).unwrap());
        assert_eq!(
            missing.check().await.unwrap_err().to_string(),
            "MFA code: /nowhere/oathtool: does not exist; install it, or name another program"
        );
    }
}
