use std::io::{IsTerminal, Read};
use std::path::Path;

use zeroize::Zeroizing;

use crate::secret::Secret;
use crate::secret_file;

/// A SAML assertion has at most 100000 characters; nothing that is read is longer.
const LONGEST: usize = 400_000;

/// The secret in a file, or for `-` in standard input, without the white space around it. Neither the path nor the text is
/// in the message: somebody may have typed a secret in the path's place.
pub(super) fn read(path: &Path) -> Result<Secret, String> {
    let text = if path.as_os_str() == "-" {
        standard_input()?
    } else {
        let limit = u64::try_from(LONGEST).unwrap_or(u64::MAX);
        secret_file::read_text(path, limit).map_err(|error| format!("names a file that {}", error.reason()))?
    };
    match text.expose().trim() {
        "" => Err("names nothing but an empty text".to_owned()),
        trimmed if trimmed.len() == text.expose().len() => Ok(text),
        trimmed => Ok(Secret::from(trimmed)),
    }
}

/// Without the buffer of [`std::io::Stdin`], which nobody wipes, and into one allocation.
fn standard_input() -> Result<Secret, String> {
    if std::io::stdin().is_terminal() {
        return Err("- is a terminal here, which would show the secret: pipe it in, or name a file".to_owned());
    }
    let broken = |error: &dyn std::fmt::Display| format!("- cannot be read from standard input ({error})");
    let input = rustix::io::dup(std::io::stdin()).map_err(|error| broken(&error))?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    let limit = u64::try_from(LONGEST + 1).unwrap_or(u64::MAX);
    let read = std::fs::File::from(input).take(limit).read_to_end(&mut bytes);
    read.map_err(|error| broken(&error))?;
    if bytes.len() > LONGEST {
        return Err("- is longer than any token".to_owned());
    }
    let text = str::from_utf8(&bytes).map_err(|_| "- holds bytes that are not UTF-8".to_owned())?;
    Ok(Secret::from(text))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_read_without_the_white_space_around_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        for text in ["eyJ.a.b", "eyJ.a.b\n", " eyJ.a.b \r\n"] {
            fs::write(&path, text).unwrap();
            assert!(read(&path).is_ok_and(|secret| secret.expose() == "eyJ.a.b"));
        }
        fs::write(&path, "x".repeat(100_000)).unwrap();
        assert!(read(&path).is_ok_and(|secret| secret.expose().len() == 100_000));
    }

    #[test]
    fn what_cannot_be_read_is_told_without_what_was_typed() {
        let folder = tempfile::tempdir().unwrap();
        let empty = folder.path().join("empty");
        fs::write(&empty, "\n").unwrap();
        let missing = folder.path().join("eyJcanary");
        let long = Path::new("eyJcanary").join("x".repeat(5000));
        for (path, said) in [
            (&*empty, "empty text"),
            (&missing, "does not exist"),
            (&long, "cannot be read"),
            (folder.path(), "not a regular file"),
        ] {
            let error = read(path).err().unwrap();
            assert!(error.contains(said) && !error.contains("canary"), "{error}");
        }
    }
}
