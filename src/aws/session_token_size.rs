use super::Invalid;

/// The size in bytes to which STS pads a session token, so that one can see whether all that carries it has the room: 0
/// to 4096 (`minimumSessionTokenSizeType` of the STS model).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionTokenSize(u32);

impl SessionTokenSize {
    /// Bytes.
    pub fn as_bytes(self) -> u32 {
        self.0
    }
}

impl TryFrom<i64> for SessionTokenSize {
    type Error = Invalid;

    fn try_from(bytes: i64) -> Result<Self, Invalid> {
        match u32::try_from(bytes) {
            Ok(bytes) if bytes <= 4_096 => Ok(Self(bytes)),
            _ => Err(Invalid("must be 0 to 4096 bytes")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_range_of_the_model() {
        for (bytes, valid) in [(-1, false), (0, true), (4_096, true), (4_097, false)] {
            assert_eq!(SessionTokenSize::try_from(bytes).is_ok(), valid, "{bytes}");
        }
    }
}
