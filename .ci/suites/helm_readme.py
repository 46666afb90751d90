"""The table of the chart's README, from the comments of values.yaml."""

import json
import re

import yaml

BEGIN = "<!-- values: made from values.yaml by `.ci/suites/helm refresh` -->\n"
END = "<!-- end of values -->\n"


class Undocumented(Exception):
    pass


def with_table(readme, values):
    """The README with the table that belongs to these values."""
    before, rest = readme.split(BEGIN)
    return before + BEGIN + table(values) + END + rest.split(END)[1]


def table(values):
    rows = ["| value | default | what |", "| --- | --- | --- |"]
    parsed = yaml.safe_load(values)
    for path, what in described(values):
        default = parsed
        for key in path:
            default = default[key]
        rows.append(f"| `{'.'.join(path)}` | `{json.dumps(default)}` | {what} |")
    return "".join(row + "\n" for row in rows)


def described(values):
    """Path and description of each value. A comment that begins with two dashes describes the key below it, with all that it
    holds; a key without one holds others, or nobody described it."""
    above, what, inside = [], None, None
    for number, line in enumerate(values.splitlines(), 1):
        comment = re.match(r"\s*# (-- )?(.*)$", line)
        if comment:
            if comment[1]:
                what = comment[2]
            elif what is not None:
                what += " " + comment[2]
            continue
        key = re.match(r"( *)([\w-]+):(.*)$", line)
        if key is None:
            continue
        indent = len(key[1])
        if inside is not None and indent > inside:
            continue
        inside = None
        above = [each for each in above if each[0] < indent] + [(indent, key[2])]
        path = [name for _, name in above]
        if what is not None:
            yield path, what.replace("|", "\\|")
            what, inside = None, indent
        elif key[3].strip():
            raise Undocumented(f"values.yaml:{number}: {'.'.join(path)} has no comment that begins with `# -- `")
