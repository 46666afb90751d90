use chrono::{DateTime, Utc};

/// A token that somebody may exchange for credentials of a principal that delegated to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradeIn {
    /// The token as it is sent.
    pub token: String,
    /// The ARN of a user or of a role of the emulator.
    pub principal: String,
    /// From this instant on it is not taken any more.
    pub expiration: DateTime<Utc>,
    /// How long the credentials live.
    pub seconds: u32,
}

/// Every trade-in token that the emulator knows.
#[derive(Default)]
pub(super) struct TradeIns(Vec<TradeIn>);

impl TradeIns {
    /// A token with the text of an older one takes its place.
    pub(super) fn add(&mut self, trade_in: TradeIn) {
        self.0.retain(|known| known.token != trade_in.token);
        self.0.push(trade_in);
    }

    pub(super) fn find(&self, token: &str) -> Option<&TradeIn> {
        self.0.iter().find(|known| known.token == token)
    }
}
