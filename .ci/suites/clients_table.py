"""What each client is expected to do, and the page that tells users so."""

import pathlib
import tomllib

STATES = {
    "not_ready": "Not ready: there have been no credentials yet (503)",
    "expired": "Expired: there were credentials, and they died before a renewal succeeded (503)",
    "wrong_token": "The token is wrong (401)",
    "stopped": "The daemon is stopped (connection refused)",
}


def read():
    """By the folder of the client."""
    return tomllib.loads(pathlib.Path(".ci/clients/table.toml").read_text())


def bounds(expected):
    """The least and the most of a number or a pair."""
    return expected if isinstance(expected, list) else (expected, expected)


def holds(expected, found):
    least, most = bounds(expected)
    return least <= found <= most


def sees(expected, text):
    """Whether the pieces of `expected` stand in `text` in this order."""
    place = 0
    for piece in expected.split("…"):
        place = text.find(piece.strip(), place)
        if place < 0:
            return False
        place += len(piece.strip())
    return True


def tables(clients):
    """The tables of docs/clients.md, as they must stand there."""
    fetches = [[client["name"], client["version"], *map(shown, client["fetches"].values())] for client in clients.values()]
    left = next(iter(clients.values()))["fetches"]
    yield table(["client", "version", *left], fetches)
    for state, heading in STATES.items():
        rows = [
            [client["name"], f"`{client[state]['sees']}`", shown(client[state].get("requests")), shown(client[state]["seconds"])]
            for client in clients.values()
        ]
        yield f"### {heading}\n" + table(["client", "what the user sees", "requests", "seconds"], rows)


def imds_table(clients):
    """What is told of the IMDSv2 form."""
    head = ["client", "five calls", "what the user sees when not ready", "requests"]
    rows = [
        [client["name"], shown(client["imds"]["fetches"]), f"`{client['imds']['sees']}`", shown(client["imds"]["requests"])]
        for client in clients.values()
    ]
    return table(head, rows)


def shown(expected):
    if expected is None:
        return "–"
    least, most = bounds(expected)
    return str(least) if least == most else f"{least}–{most}"


def table(head, rows):
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, ["---"] * len(head), *rows])
