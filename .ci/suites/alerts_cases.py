"""Which alerts fire in which state, and no other."""

import dataclasses
import typing

from alerts_series import SCRAPED, crashing, ending, event, expires, followed_by, going_on, labels_of, played


@dataclasses.dataclass
class Case:
    """Instances, each in a recorded state that goes on in some way; and what has fired of whom by which minute."""

    name: str
    instances: dict[str, tuple[str, typing.Callable]]
    fired: dict[int, dict[str, list]]
    # How many minutes are between two looks.
    step: int = 1

    def labels_of(self, rule):
        """The labels of each alert of this rule that is expected here, by name and severity."""
        fired = [(instance, alert) for moment in self.fired.values() for instance, alerts in moment.items() for alert in alerts]
        return [target_of(instance) | alert.labels for instance, alert in fired if (alert.name, alert.severity) == rule]


def target_of(instance):
    return {} if instance is NOBODY else labels_of(instance)


class Alert(typing.NamedTuple):
    name: str
    severity: str
    # What tells it apart from another one of the same instance.
    labels: dict


def of_profile(name, severity, profile="ops"):
    return Alert(name, severity, {"profile": profile})


NO_MORE = of_profile("ValetkeyProfileNotReady", "critical")
NO_MORE_OF_ROLE = of_profile("ValetkeyProfileNotReady", "critical", "deploy")
NONE_YET = of_profile("ValetkeyProfileNotReady", "warning")
NONE_YET_OF_ROLE = of_profile("ValetkeyProfileNotReady", "warning", "deploy")
FAILING = of_profile("ValetkeyRenewalFailing", "warning")
EXPIRING = of_profile("ValetkeyCredentialExpiring", "warning")
ABOUT_TO_EXPIRE = of_profile("ValetkeyCredentialExpiring", "critical")
CODE_WANTED = of_profile("ValetkeyMfaCodeWanted", "warning")
MFA_REFUSED = of_profile("ValetkeyMfaRefused", "warning")
KEY_NOT_TAKEN = of_profile("ValetkeyKeyRefused", "warning")
KEY_REFUSED = of_profile("ValetkeyKeyRefused", "critical")
THROTTLED = Alert("ValetkeyThrottled", "warning", {})
CLOCK_OFF = Alert("ValetkeyClockOff", "warning", {})
CLOCK_FAR_OFF = Alert("ValetkeyClockOff", "critical", {})
FORGED = Alert("ValetkeyRequestsForged", "warning", {"listener": "credentials"})
RELOAD_FAILED = Alert("ValetkeyReloadFailed", "warning", {})
STATE_FAILING = Alert("ValetkeyStateFailing", "warning", {})
LOG_DROPPED = Alert("ValetkeyLogLinesDropped", "warning", {})
RESTARTING = Alert("ValetkeyRestarting", "critical", {})
DOWN = Alert("ValetkeyDown", "critical", {})
ABSENT = Alert("ValetkeyAbsent", "critical", {})
# Who is meant by an alert of no instance.
NOBODY = None

# In these states, if they go on for so long, these have fired and no other.
MINUTE = 25
STATES = {
    "healthy": (going_on, []),
    "attended": (going_on, []),
    "forgotten_token": (event, []),
    "unreachable": (going_on, [FAILING, EXPIRING]),
    "expired": (going_on, [FAILING, NO_MORE]),
    "unreachable_from_the_start": (going_on, [FAILING, NONE_YET, NONE_YET_OF_ROLE]),
    "wrong_seed": (going_on, [FAILING, NONE_YET, MFA_REFUSED]),
    "key_refused": (going_on, [FAILING, KEY_REFUSED]),
    "key_unknown": (going_on, [FAILING, NONE_YET, KEY_REFUSED]),
    "new_key_refused": (event, [KEY_NOT_TAKEN]),
    "new_key_adopted": (event, []),
    "throttled": (going_on, [FAILING, THROTTLED]),
    "clock_off": (going_on, [CLOCK_OFF]),
    "clock_far_off": (going_on, [CLOCK_OFF, CLOCK_FAR_OFF]),
    "code_wanted": (going_on, [CODE_WANTED]),
    "code_wanted_again": (going_on, [CODE_WANTED]),
    "forged": (event, [FORGED]),
    "guessed": (event, [FORGED]),
    "reload_failed": (going_on, [RELOAD_FAILED]),
    "state_failing": (event, [STATE_FAILING]),
    "log_dropped": (event, [LOG_DROPPED]),
}


def cases(recordings):
    """All of them. Each begins with a moment in which nothing has fired yet."""
    alone = [Case(state, {"a": (state, how)}, {MINUTE: {"a": alerts}}) for state, (how, alerts) in STATES.items()]
    return [*alone, fleet(), *to_the_end(recordings), *of_starts(recordings), *of_silence()]


def fleet():
    """All at once, in pods of the same names of profiles: each alert names its own pod."""
    instances = {state.replace("_", "-"): (state, how) for state, (how, _) in STATES.items()}
    alerts = {state.replace("_", "-"): alerts for state, (_, alerts) in STATES.items()}
    return Case("fleet", instances, {MINUTE: alerts})


def to_the_end(recordings):
    """What comes of a session that nobody renews, or renews in time. Days are looked at every five minutes."""
    minute = lambda state, before: int(expires(recordings[state])) // 5 * 5 - before
    dying, alone, early = minute("unreachable", 5), minute("code_wanted_again", 5), minute("attended", 80)
    return [
        Case("until it expires", {"a": ("unreachable", going_on)}, {dying: {"a": [FAILING, EXPIRING, ABOUT_TO_EXPIRE]}}, 5),
        Case("and nobody comes", {"a": ("code_wanted_again", going_on)}, {alone: {"a": [CODE_WANTED, ABOUT_TO_EXPIRE]}}, 5),
        # He would be asked an hour before the end.
        Case("before a person is asked", {"a": ("attended", going_on)}, {early: {"a": []}}, 5),
        # Time stands still, and the role's hour is nearly over: what hangs is told as what fails.
        Case("overdue", {"a": ("healthy", going_on)}, {56: {"a": [of_role("warning"), of_role("critical")]}}),
        Case("renewals", {"a": ("renewing", played)}, {15 * 60: {"a": []}}, 5),
    ]


def of_role(severity):
    return of_profile("ValetkeyCredentialExpiring", severity, "deploy")


def of_starts(recordings):
    """Who has had no credentials yet may have patience; who has had some has not."""
    restarted = followed_by(recordings["unreachable_from_the_start"])
    return [
        Case("a slow start", {"a": ("unreachable_from_the_start", going_on)}, {14: {"a": []}}),
        # It served, and finds no STS after a restart.
        Case("restarted", {"a": ("healthy", restarted)}, {20: {"a": [NO_MORE, NO_MORE_OF_ROLE]}}),
        Case("crashing", {"a": ("healthy", crashing)}, {MINUTE: {"a": [RESTARTING]}}),
    ]


def of_silence():
    """What Prometheus does not see."""
    return [
        Case("nothing scraped", {}, {MINUTE: {NOBODY: [ABSENT]}}),
        Case("one of two is down", {"a": ("attended", ending), "b": ("attended", going_on)}, {SCRAPED + MINUTE: {"a": [DOWN]}}),
        Case("the only one is down", {"a": ("attended", ending)}, {SCRAPED + MINUTE: {"a": [DOWN], NOBODY: [ABSENT]}}),
    ]
