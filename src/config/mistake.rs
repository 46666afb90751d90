use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

/// Every mistake of a configuration, in the order of the file (of each file, where there are several), then those of flags
/// and the environment; at least one.
///
/// Displayed as one mistake a line and a last line that counts them. None of it repeats a value or a line of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errors {
    /// What was read, for the last line.
    subject: String,
    mistakes: Vec<Mistake>,
}

/// What is wrong at one place, and what to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The file; `None` when it is in a flag or in the environment.
    pub file: Option<Arc<str>>,
    /// Where in the file; `None` when it is about the file as a whole.
    pub place: Option<Place>,
    /// The key, such as `profile.ops.region`, the flag, such as `--ops`, or the variable; empty when it is about the text
    /// rather than a key.
    pub path: String,
    /// What was found where the type or the form is wrong, and what is right.
    pub text: String,
}

/// Line and column, both counted from 1; a column is a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

impl Errors {
    /// One mistake about the file as a whole.
    pub(super) fn of_file(file: &str, text: impl Into<String>) -> Self {
        let mistake = Mistake {
            file: Some(file.into()),
            place: None,
            path: String::new(),
            text: text.into(),
        };
        Self {
            subject: file.to_owned(),
            mistakes: vec![mistake],
        }
    }

    /// Those of `other`, too.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.mistakes.extend(other.mistakes);
        self
    }

    /// The mistakes in their order.
    /// Those of several files, as one.
    pub(super) fn of_files(subject: String, errors: impl IntoIterator<Item = Self>) -> Self {
        let mistakes = errors.into_iter().flat_map(|errors| errors.mistakes).collect();
        Self { subject, mistakes }
    }

    /// The mistakes in the order of the file.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }
}

impl std::error::Error for Errors {}

/// How many mistakes are displayed: a file with more is of another kind altogether.
const SHOWN: usize = 100;

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mistake in self.mistakes.iter().take(SHOWN) {
            writeln!(f, "{mistake}")?;
        }
        if self.mistakes.len() > SHOWN {
            writeln!(f, "… and {} more", self.mistakes.len() - SHOWN)?;
        }
        match self.mistakes.len() {
            1 => write!(f, "1 mistake in {}", self.subject),
            count => write!(f, "{count} mistakes in {}", self.subject),
        }
    }
}

/// `valetkey.toml:12:8: profile.ops.region: is missing; …`, or `--ops: must be …`.
impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            f.write_str(file)?;
            if let Some(Place { line, column }) = self.place {
                write!(f, ":{line}:{column}")?;
            }
            f.write_str(": ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.text)
    }
}

/// Collects mistakes while a configuration is read.
#[derive(Default)]
pub(super) struct Mistakes(RefCell<Vec<Found>>);

struct Found {
    /// Whether it is in the file, rather than in a flag or in the environment.
    inside: bool,
    at: Option<usize>,
    path: String,
    text: String,
}

/// The proof that a mistake has been collected, in place of the value that could not be made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reported(());

impl Mistakes {
    /// `at` counts bytes from the start of the file.
    pub(super) fn report(&self, at: usize, path: &str, text: impl Into<String>) -> Reported {
        self.report_at(Some(at), path, text)
    }

    /// About the file as a whole where there is no place.
    pub(super) fn report_at(&self, at: Option<usize>, path: &str, text: impl Into<String>) -> Reported {
        self.add(true, at, path, text.into())
    }

    /// A mistake in a flag, such as `--ops`, or in a variable of the environment.
    pub(super) fn report_outside(&self, name: &str, text: impl Into<String>) -> Reported {
        self.add(false, None, name, text.into())
    }

    fn add(&self, inside: bool, at: Option<usize>, path: &str, text: String) -> Reported {
        let path = path.to_owned();
        self.0.borrow_mut().push(Found { inside, at, path, text });
        Reported(())
    }

    /// Whether nothing was wrong so far.
    pub(super) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// What was read, if nothing was wrong. `source` is the file's name, or what there is in place of a file.
    pub(super) fn result<T>(self, source: &str, bytes: &[u8], read: Result<T, Reported>) -> Result<T, Errors> {
        match read {
            Ok(value) if self.is_empty() => Ok(value),
            _ => Err(self.into_errors(source, bytes)),
        }
    }

    /// Sorts by place and turns bytes into lines and columns, in one pass over the file.
    pub(super) fn into_errors(self, source: &str, bytes: &[u8]) -> Errors {
        let file: Arc<str> = source.into();
        let mut found = self.0.into_inner();
        found.sort_by_key(|mistake| (!mistake.inside, mistake.at));
        let mut cursor = Cursor::new(bytes);
        let mistakes = found
            .into_iter()
            .map(|Found { inside, at, path, text }| Mistake {
                file: inside.then(|| Arc::clone(&file)),
                place: at.map(|at| cursor.advance(at)),
                path,
                text,
            })
            .collect();
        Errors {
            subject: source.to_owned(),
            mistakes,
        }
    }
}

/// Walks forward only, so that many mistakes on one long line cost no more than one.
struct Cursor<'t> {
    bytes: &'t [u8],
    at: usize,
    place: Place,
}

impl<'t> Cursor<'t> {
    fn new(bytes: &'t [u8]) -> Self {
        let place = Place { line: 1, column: 1 };
        Self { bytes, at: 0, place }
    }

    fn advance(&mut self, to: usize) -> Place {
        let to = to.min(self.bytes.len());
        for &byte in &self.bytes[self.at..to] {
            match byte {
                b'\n' => {
                    self.place.line += 1;
                    self.place.column = 1;
                }
                // The second and later bytes of a character.
                0x80..=0xbf => {}
                _ => self.place.column += 1,
            }
        }
        self.at = to;
        self.place
    }
}
