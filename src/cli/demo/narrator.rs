use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, Utc};

use super::say;
use super::story::Story;
use crate::clock::Clock;
use crate::renew::{Event, Observer};

/// Tells in plain words what the engine does.
pub(super) struct Narrator {
    clock: Arc<dyn Clock>,
    story: Story,
    sessions: AtomicU32,
}

impl Narrator {
    pub(super) fn new(clock: Arc<dyn Clock>, story: Story) -> Self {
        Self {
            clock,
            story,
            sessions: AtomicU32::new(0),
        }
    }

    fn tell(&self, text: &str) {
        say(&format!("  {}  {text}\n", time(self.clock.wall())));
    }

    fn renewed(&self, expiration: DateTime<Utc>, renewal: DateTime<Utc>) {
        let number = self.sessions.fetch_add(1, Ordering::Relaxed) + 1;
        let what = if number == 1 { "Obtained" } else { "Renewed: this is" };
        self.tell(&format!(
            "{what} session {number}. It dies at {}; its renewal starts at {}.",
            time(expiration),
            time(renewal)
        ));
        if number == 1 {
            say(&self.story.commands());
        }
    }
}

impl Observer for Narrator {
    fn observe(&self, event: &Event<'_>) {
        match event {
            Event::Calling { action, step, .. } => {
                let code = step.map_or_else(String::new, |step| format!(", with the MFA code of step {step}"));
                self.tell(&format!("Asking STS: {}{code}.", action.as_str()));
            }
            Event::Renewed {
                expiration, renewal, ..
            } => self.renewed(*expiration, *renewal),
            Event::Failed { message, retry_in, .. } => self.tell(&format!(
                "No session: {message}. Next try in {:.1} s; what is served is served on.",
                retry_in.unwrap_or_default().as_secs_f32()
            )),
            Event::Expired { .. } => self.tell("The session has died and is no longer served."),
            Event::CodeWanted { .. } | Event::Called { .. } | Event::ClockOffset(_) | Event::ClockJumped(_) => {}
        }
    }
}

fn time(time: DateTime<Utc>) -> String {
    time.format("%H:%M:%S").to_string()
}
