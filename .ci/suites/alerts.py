"""Every alert of deploy/monitoring fires when it should and stays silent when it should not, by promtool's verdict on series
that were recorded from real daemons; the dashboard finds what it asks for, and the runbook quotes what is really said."""

import concurrent.futures
import subprocess

import alerts_absurd
import alerts_cases
import alerts_documents
import alerts_promtool
import alerts_states
from harness import Checks, temporary_folder


def main():
    checks = Checks()
    source = alerts_promtool.RULES.read_text()
    checked = subprocess.run(["promtool", "check", "rules", alerts_promtool.RULES], capture_output=True, text=True, timeout=30)
    checks.equal("promtool finds nothing wrong with the rules", (checked.returncode, checked.stderr), (0, ""))

    recordings = alerts_states.record()
    cases = alerts_cases.cases(recordings)
    tests = lambda cases: alerts_promtool.unit_tests(cases, recordings)
    with temporary_folder() as folder, concurrent.futures.ThreadPoolExecutor(2) as pool:
        run = lambda name, cases, rules: pool.submit(alerts_promtool.run, f"{folder}/{name}", tests(cases), rules)
        verdicts = {case.name: run(case.name, [case], source) for case in cases}
        absurd = {name: run(name, chosen, rules) for name, chosen, rules in alerts_absurd.all_of(source, cases)}
        queries = pool.submit(alerts_documents.run_queries, f"{folder}/queries", recordings)
        for name, verdict in verdicts.items():
            checks.that(f"{name}: what should fire has fired, and nothing else", *verdict.result())
        for name, verdict in absurd.items():
            checks.that(f"{name}: is found out", not verdict.result()[0])
        checks.that("every query of the dashboard finds something", *queries.result())
    alerts_documents.check(checks, alerts_promtool.rules(source), cases, recordings)
    checks.done()


main()
