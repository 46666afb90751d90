"""Lets `promtool test rules` decide."""

import json
import pathlib
import re
import subprocess

import yaml

from alerts_cases import target_of
from alerts_series import input_series, text, ups

RULES = pathlib.Path("deploy/monitoring/alerts.yaml")
# All that has fired so far.
FIRED = 'last_over_time(ALERTS{alertstate="firing"}[2d])'
# A target that never was a valetkey, is down, and restarts all the time.
STRANGER = [
    {"series": 'up{instance="stranger:9100",job="node"}', "values": "0+0x1440"},
    {"series": 'process_start_time_seconds{instance="stranger:9100",job="node"}', "values": "0+60x1440"},
]


def rules(source):
    return yaml.safe_load(source)["groups"][0]["rules"]


def name_of(rule):
    """An alert of two severities has two rules."""
    return rule["alert"], rule["labels"]["severity"]


def unit_tests(cases, recordings):
    """promtool's test files for these cases: one for each distance between two looks."""
    names = set(re.findall(r"\b(?:valetkey|process)_\w+", RULES.read_text()))
    files = {}
    for case in cases:
        test = unit_test(case, recordings, names.__contains__)
        files.setdefault(case.step, {"evaluation_interval": f"{case.step}m", "tests": []})["tests"].append(test)
    return list(files.values())


def unit_test(case, recordings, wanted):
    series, axis = [*STRANGER], range(0, max(case.fired) + 1, case.step)
    for instance, (state, how) in case.instances.items():
        made = {key: values for key, values in how(recordings[state], axis).items() if wanted(key[0])}
        series += input_series(instance, made, ups(how, axis))
    moments = {0: {}} | case.fired
    expected = [{"expr": FIRED, "eval_time": f"{at}m", "exp_samples": samples(fired)} for at, fired in moments.items()]
    return {"name": case.name, "interval": f"{case.step}m", "input_series": series, "promql_expr_test": expected}


def samples(fired):
    alerts = [(instance, alert) for instance, alerts in fired.items() for alert in alerts]
    return [{"labels": text("ALERTS", labels(instance, alert)), "value": 1} for instance, alert in alerts]


def labels(instance, alert):
    return target_of(instance) | alert.labels | {"alertname": alert.name, "alertstate": "firing", "severity": alert.severity}


def run(folder, tests, source):
    """What promtool says of the test files with these rules: whether they hold, and its words."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True)
    (folder / "rules.yaml").write_text(source)
    files = [folder / f"tests-{number}.yaml" for number in range(len(tests))]
    for file, document in zip(files, tests):
        file.write_text(json.dumps(document | {"rule_files": ["rules.yaml"]}))
    ended = subprocess.run(["promtool", "test", "rules", *files], capture_output=True, text=True, timeout=300)
    return ended.returncode == 0, ended.stdout + ended.stderr
