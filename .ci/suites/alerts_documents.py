"""The dashboard and the runbook against what daemons export and say."""

import json
import pathlib
import re

import alerts_promtool
from alerts_series import going_on, input_series, ups

DASHBOARD = pathlib.Path("deploy/monitoring/dashboard.json")
RUNBOOK = pathlib.Path("deploy/monitoring/RUNBOOK.md")
PARTS = ["**Users see.**", "**Tell the causes apart.**", "**Do.**"]


def queries():
    """Every query of the dashboard's panels, in order."""
    return [target["expr"] for panel in json.loads(DASHBOARD.read_text())["panels"] for target in panel.get("targets", [])]


def run_queries(folder, recordings):
    """Whether each of them finds something, where a few states go on at once."""
    axis = range(0, 7)
    series = []
    for instance in ("healthy", "guessed", "wrong_seed", "code_wanted"):
        series += input_series(instance, going_on(recordings[instance], axis), ups(going_on, axis))
    found = [{"labels": "{}", "value": 1}]
    expected = [{"expr": f"count({plain(query)}) > bool 0", "eval_time": "6m", "exp_samples": found} for query in queries()]
    tests = {"evaluation_interval": "6m", "tests": [{"interval": "1m", "input_series": series, "promql_expr_test": expected}]}
    return alerts_promtool.run(folder, [tests], "groups: []")


def plain(query):
    """As Grafana sends it when everything is chosen."""
    return re.sub(r"\$(job|namespace|pod|profile)\b", ".*", query.replace("$__rate_interval", "5m"))


def check(checks, rules, cases, recordings):
    check_dashboard(checks, recordings)
    for rule in rules:
        check_rule(checks, rule, cases)
    check_sections(checks, rules)
    check_quotes(checks, recordings)
    check_results(checks)


def check_dashboard(checks, recordings):
    dashboard = json.loads(DASHBOARD.read_text())
    exported = {name for recording in recordings.values() for name, _ in recording.pages[-1][1]}
    exported |= {name.removesuffix("_bucket") for name in exported}
    variables = [variable["query"]["query"] for variable in dashboard["templating"]["list"] if variable["type"] == "query"]
    asked = {name for query in queries() + variables for name in re.findall(r"\b(?:valetkey|process)_\w+", query)}
    checks.equal("the dashboard names nothing that no daemon exports", asked - exported, set())
    checks.that("the dashboard has queries", len(queries()) > 20 and len(variables) == 4, (queries(), variables))
    ids = [panel["id"] for panel in dashboard["panels"]]
    checks.equal("each panel has an id of its own", len(set(ids)), len(ids))
    rates = [query for query in queries() if re.search(r"\b(rate|increase)\(", query) and "[$__rate_interval]" not in query]
    checks.equal("every rate is over Grafana's interval", rates, [])
    unnamed = [panel["title"] for panel in dashboard["panels"] if panel["type"] != "row" and not panel.get("description")]
    checks.equal("every panel says what it shows", unnamed, [])


def check_rule(checks, rule, cases):
    name, severity = alerts_promtool.name_of(rule)
    notes, what = rule["annotations"], f"{name} ({severity})"
    checks.equal(f"{what} has its notes", sorted(notes), ["description", "runbook_url", "summary"])
    checks.that(f"{what} waits for a while", re.fullmatch(r"\d+m", rule.get("for", "")))
    checks.that(f"{what} has a severity that is known", severity in ("warning", "critical"))
    fired = [labels for case in cases for labels in case.labels_of((name, severity))]
    checks.that(f"{what} is expected somewhere", fired)
    used = set(re.findall(r"\$labels\.(\w+)", json.dumps(notes)))
    checks.that(f"{what} speaks of labels that it has", all(used <= labels.keys() for labels in fired), used)


def sections():
    return dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", RUNBOOK.read_text(), flags=re.M | re.S))


def check_sections(checks, rules):
    anchors = {heading.lower(): body for heading, body in sections().items()}
    for rule in rules:
        file, anchor = rule["annotations"]["runbook_url"].split("#")
        missing = [part for part in PARTS if part not in anchors.get(anchor, "")]
        checks.equal(f"{rule['alert']} has a section in the runbook", (file, missing), ("RUNBOOK.md", []))
    of_alerts = {heading for heading in sections() if heading.startswith("Valetkey")}
    checks.equal("each such section is of an alert", of_alerts - {rule["alert"] for rule in rules}, set())


def check_quotes(checks, recordings):
    said = [worded(line) for recording in recordings.values() for line in recording.status.splitlines()]
    blocks = re.findall(r"^```text\n(.*?)^```", RUNBOOK.read_text(), flags=re.M | re.S)
    quoted = [line for block in blocks for line in block.splitlines()]
    checks.that("the runbook quotes valetkey status", len(quoted) > 10, quoted)
    is_said = lambda line: any(re.fullmatch(re.escape(worded(line)).replace("…", ".*"), other) for other in said)
    checks.equal("what it quotes is said", [line for line in quoted if not is_said(line)], [])


def check_results(checks):
    """The runbook's table of results against the README's list, which is the code's."""
    row = re.search(r"\| `result` of `valetkey_renewals_total` \| (.*) \|", pathlib.Path("README.md").read_text()).group(1)
    known = set(re.findall(r"`(\w+)`", row)) - {"success"}
    rows = re.findall(r"^\| (`.+?`) \|", sections()["Results"], flags=re.M)
    told = re.findall(r"`(\w+)`", " ".join(rows))
    checks.equal("every result of a renewal is in the runbook", known - set(told), set())
    checks.equal("each once", len(told), len(set(told)))


def worded(line):
    """A line of `valetkey status` without its columns' widths, numbers and durations."""
    line = re.sub(r", \d+ in a row", "", " ".join(line.split()))
    line = re.sub(r"\d+ (d|h|min|s)( \d+ (h|min))?\b", "TIME", line)
    return re.sub(r"\d+", "N", line)
