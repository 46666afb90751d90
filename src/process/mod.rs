//! Child processes that answer a question: an argument list, never a shell.

/// What is started: `argv[0]` with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The program and its arguments; never empty.
    pub argv: Vec<String>,
    /// The variables that the child gets of our environment, beside `PATH` and `HOME`.
    pub environment: Vec<String>,
}
