//! Whether those whom `token_mode` admits reach the tokens.

use std::path::Path;

use rustix::fs::{Mode, stat};

/// The first folder on the way that keeps from the tokens whom their mode admits, and what to do about it. Those that
/// are missing are made so that they let them through.
pub(super) fn obstacle(dir: &Path, token: Mode) -> Option<String> {
    let (who, needed) = if token.contains(Mode::ROTH) {
        ("o", Mode::XOTH)
    } else if token.contains(Mode::RGRP) {
        ("g", Mode::XGRP)
    } else {
        return None;
    };
    let real = dir.ancestors().find_map(|folder| folder.canonicalize().ok())?;
    let folders: Vec<_> = real.ancestors().collect();
    folders.into_iter().rev().find_map(|folder| {
        let mode = Mode::from_raw_mode(stat(folder).ok()?.st_mode);
        let (path, bits) = (folder.display(), mode.bits());
        (!mode.contains(needed)).then(|| {
            format!(
                "token_mode lets others read the tokens, but {path} (mode {bits:04o}) does not let them reach it; \
                 chmod {who}+x {path}, or take token_mode back to \"0600\""
            )
        })
    })
}
