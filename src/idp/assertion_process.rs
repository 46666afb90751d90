use std::time::Duration;

use super::assertion::{LIMIT, parse};
use super::{Error, Source, Voucher};
use crate::BoxFuture;
use crate::clock::SystemClock;
use crate::process::{self, Command, Limits};

/// A command that prints a fresh assertion, such as a program that signs in at the identity provider.
#[derive(Debug, Clone)]
pub struct AssertionProcess {
    command: Command,
}

impl AssertionProcess {
    /// The assertion that `command` prints.
    pub fn new(command: Command) -> Self {
        Self { command }
    }

    async fn ask(&self) -> Result<Voucher, Error> {
        let limits = Limits {
            stdout: LIMIT,
            ..Limits::default()
        };
        let answer = process::run(&self.command, &[], &SystemClock, limits).await?;
        parse(answer.expose(), &self.command.to_string()).map(Voucher::Assertion)
    }
}

impl Source for AssertionProcess {
    fn read(&self) -> BoxFuture<'_, Result<Voucher, Error>> {
        Box::pin(self.ask())
    }

    /// Only looks for the program: running it may ask a person.
    fn check(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async { Ok(process::check(&self.command).await?) })
    }

    /// The process has a limit of its own, whose message says more.
    fn patience(&self) -> Duration {
        Limits::default().timeout + Duration::from_secs(5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(argv: &[&str]) -> AssertionProcess {
        let argv = argv.iter().map(|&word| word.to_owned()).collect();
        AssertionProcess::new(Command::new(argv, vec![]).unwrap())
    }

    #[tokio::test]
    async fn prints_the_assertion_and_is_not_run_by_a_check() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("ran");
        let script = format!("echo ran > {}; echo PHNh; echo bWw+", mark.display());
        let source = source(&["/bin/sh", "-c", &script]);
        assert!(source.check().await.is_ok());
        assert!(!mark.exists() && source.version().is_none());
        let Ok(Voucher::Assertion(assertion)) = source.read().await else {
            panic!("an assertion")
        };
        assert_eq!(assertion.expose(), "PHNhbWw+");
    }

    #[tokio::test]
    async fn what_is_wrong_is_told_without_what_it_printed() {
        for (argv, expected) in [
            (
                vec!["/bin/sh", "-c", "echo '<saml>'"],
                "SAML assertion: /bin/sh: holds XML; encode it in base64, as the identity provider sends it",
            ),
            (
                vec![
                    "/bin/sh",
                    "-c",
                    "echo PHNhbWw+PHNhbWw+; echo said PHNhbWw+PHNhbWw+ >&2; exit 4",
                ],
                "SAML assertion: /bin/sh: ended with status 4; run it by hand as the user that runs valetkey; it said: \
                 said [redacted]",
            ),
            (
                vec!["/nowhere/saml"],
                "SAML assertion: /nowhere/saml: does not exist; install it, or name another program",
            ),
        ] {
            assert_eq!(source(&argv).read().await.err().unwrap().to_string(), expected);
        }
    }
}
