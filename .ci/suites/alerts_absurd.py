"""The control of the tests: a rule whose threshold is absurd, so that it never fires or fires always, must fail them."""

# Of each rule the threshold, what nothing reaches, and what everything reaches.
THRESHOLDS = {
    ("ValetkeyCredentialExpiring", "warning"): ("0.3 *", "-9 *", "9 *"),
    ("ValetkeyCredentialExpiring", "critical"): ("< 900", "< -900", "< 90000"),
    ("ValetkeyProfileNotReady", "warning"): ("for: 20m", "for: 900m", "for: 1m"),
    ("ValetkeyProfileNotReady", "critical"): ("== 0", "== -1", ">= 0"),
    ("ValetkeyRenewalFailing", "warning"): (">= 3", ">= 90000", ">= 0"),
    ("ValetkeyMfaCodeWanted", "warning"): ("== 1", "== 2", ">= 0"),
    ("ValetkeyMfaRefused", "warning"): ("> 0", "> 90000", "> -1"),
    ("ValetkeyKeyRefused", "warning"): ("> 0", "> 90000", "> -1"),
    ("ValetkeyKeyRefused", "critical"): ("> 0", "> 90000", "> -1"),
    ("ValetkeyThrottled", "warning"): ("> 3", "> 90000", "> -1"),
    ("ValetkeyClockOff", "warning"): ("> 10", "> 90000", "> -1"),
    ("ValetkeyClockOff", "critical"): ("> 240", "> 90000", "> -1"),
    ("ValetkeyRequestsForged", "warning"): ("> 0", "> 90000", "> -1"),
    ("ValetkeyReloadFailed", "warning"): ("== 0", "== -1", ">= 0"),
    ("ValetkeyStateFailing", "warning"): ("> 0", "> 90000", "> -1"),
    ("ValetkeyLogLinesDropped", "warning"): ("> 0", "> 90000", "> -1"),
    ("ValetkeyDown", "critical"): ("up == 0", "up == -1", "up >= 0"),
    ("ValetkeyRestarting", "critical"): ("> 2", "> 90000", "> -1"),
    ("ValetkeyAbsent", "critical"): ("absent(valetkey_build_info)", "vector(1) > 1", "vector(1)"),
}


def all_of(source, cases):
    """Each as its name, the cases that must fail, and the rules."""
    before, *rules = source.split("      - alert: ")
    for place, rule in enumerate(rules):
        name = rule.split("\n", 1)[0]
        severity = "critical" if "severity: critical" in rule else "warning"
        threshold, never, always = THRESHOLDS[name, severity]
        assert threshold in rule, f"{name} has no {threshold}"
        firing = next(case for case in cases if case.labels_of((name, severity)))
        # Nothing is wrong, a session goes to its end, one that fails has most of its life left, and a start takes its time.
        silent = [case for case in cases if case.name in ("healthy", "unreachable", "throttled", "a slow start")]
        for word, absurd, chosen in [("never", never, [firing]), ("always", always, silent)]:
            changed = [*rules[:place], rule.replace(threshold, absurd, 1), *rules[place + 1 :]]
            yield f"{name} ({severity}) that fires {word}", chosen, "      - alert: ".join([before, *changed])
