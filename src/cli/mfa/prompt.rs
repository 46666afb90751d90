//! Reading a code. Standard input is all that is used: where a container has no other files, it is all that there is.

use std::io::{self, Write};

use rustix::io::Errno;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::signal::unix::{Signal, SignalKind, signal};
use zeroize::Zeroizing;

use crate::aws::TokenCode;
use crate::cli::{Exit, Failed};

/// Why there is no line.
pub(in crate::cli) enum PromptError {
    /// A signal came first.
    Interrupted,
    /// The system refused something.
    Io(io::Error),
}

impl PromptError {
    pub(in crate::cli) fn into_failed(self) -> Failed {
        match self {
            Self::Interrupted => Failed::new(Exit::Interrupted, &"interrupted; nothing was sent"),
            Self::Io(error) => Failed::new(
                Exit::Usage,
                &format_args!("no code can be read from standard input: {error}; nothing was sent"),
            ),
        }
    }
}

/// A line from standard input, which is no terminal.
pub(in crate::cli) async fn read() -> Result<Zeroizing<Vec<u8>>, PromptError> {
    let read = tokio::task::spawn_blocking(line).await;
    read.map_err(io::Error::other)?.map_err(PromptError::Io)
}

/// A line typed after a question, without echo. However it ends, the terminal is as it was.
pub(in crate::cli) async fn ask(question: &str) -> Result<Zeroizing<Vec<u8>>, PromptError> {
    let mut signals = Signals::listen()?;
    let _silence = Silence::begin()?;
    // On standard error: standard output is for what comes of it.
    let _ = write!(io::stderr(), "{question}");
    tokio::select! {
        biased;
        () = signals.recv() => {
            // What follows does not stand behind the question.
            let _ = writeln!(io::stderr());
            Err(PromptError::Interrupted)
        }
        line = read() => line,
    }
}

/// Anything but six digits is refused before it is sent.
pub(in crate::cli) fn code(line: &[u8]) -> Result<TokenCode, Failed> {
    let mut digits = Zeroizing::new(String::with_capacity(2 * line.len()));
    digits.extend(
        line.iter()
            .filter(|byte| !byte.is_ascii_whitespace())
            .map(|byte| char::from(*byte)),
    );
    TokenCode::try_from(std::mem::take(&mut *digits))
        .map_err(|rule| Failed::new(Exit::Usage, &format_args!("the code {rule}; nothing was sent")))
}

impl From<io::Error> for PromptError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// More than a code with spaces; what is longer is none.
const LONGEST_LINE: usize = 64;

/// Without the buffer of [`io::Stdin`], which nobody wipes. Blocks.
fn line() -> io::Result<Zeroizing<Vec<u8>>> {
    let mut line = Zeroizing::new(vec![0; LONGEST_LINE]);
    let mut filled = 0;
    while filled < LONGEST_LINE && !line[..filled].contains(&b'\n') {
        match rustix::io::read(io::stdin(), &mut line[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    line.truncate(filled);
    Ok(line)
}

/// A terminal that does not show what is typed, until this is dropped.
struct Silence(Termios);

impl Silence {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        // The line feed is still shown, so that what follows stands on a line of its own.
        silent
            .local_modes
            .insert(LocalModes::ICANON | LocalModes::ISIG | LocalModes::ECHONL);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Self(before))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // What was typed and not read is a code, and not a command for the shell.
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.0);
    }
}

/// The signals that would end the command with the terminal silent.
struct Signals([Signal; 4]);

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self([
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
            signal(SignalKind::quit())?,
        ]))
    }

    async fn recv(&mut self) {
        let [interrupt, terminate, hangup, quit] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
            _ = quit.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_do_not_count_and_nothing_but_six_digits_is_a_code() {
        for line in [&b"005924"[..], b" 005 924\r\n", b"0 0 5 9 2 4\t"] {
            assert!(code(line).is_ok_and(|code| code.expose() == "005924"));
        }
        for line in [
            &b""[..],
            b"\n",
            b"5924\n",
            b"0059245\n",
            b"00592x\n",
            b"005924\n005924\n",
            b"\xff\xff\xff\xff\xff\xff",
        ] {
            let failed = code(line).err().unwrap();
            assert_eq!(
                (failed.exit, &*failed.message),
                (Exit::Usage, "the code must be six digits; nothing was sent")
            );
        }
    }
}
