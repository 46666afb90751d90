"""Series for promtool's unit tests, made from what was recorded. A test's time begins at 0; `axis` is the
minutes at which there are samples.

A session of seconds stands for one of 12 hours: all that the daemon decides by a lifetime, it decides by parts of it."""

from alerts_states import PROFILE, of

# How long the first page of an event stands before the event.
BEFORE = 10
# How long scrapes succeed that end.
SCRAPED = 60
# Of a daemon that crashes in a loop: how far two starts are apart, and how long it lives.
LOOP, LIFE = 5, 3


def going_on(recording, axis):
    """The state goes on: gauges as they are; what rises in so many seconds, rises so in each minute, since tries grow rarer."""
    (before, first), (after, last) = recording.pages[0], recording.pages[-1]
    minutes = max((after - before) / 60, 1)
    series = {}
    for key, value in scraped(last, after, 0).items():
        rise = (value - first.get(key, value)) / minutes if rises(key[0]) else 0
        series[key] = f"{number(value)}+{number(rise * axis.step)}x{len(axis) - 1}"
    return series


def event(recording, axis):
    """Something happened once, after ten minutes of the first page."""
    (before, first), (after, last) = recording.pages[0], recording.pages[-1]
    first, last = scraped(first, before, 0), scraped(last, after, BEFORE * 60)
    at = lambda key, minute: first.get(key, last[key]) if minute < BEFORE else last[key]
    return {key: listed(at(key, minute) for minute in axis) for key in last}


def played(recording, axis):
    """As it was recorded, only slower."""
    start = recording.pages[0][0]
    slower = stretch(recording.pages[0][1])
    pages = [((at - start) * slower / 60, scraped(page, at, (at - start) * slower)) for at, page in recording.pages]
    held = [next(page for at, page in reversed(pages) if at <= minute) for minute in axis]
    return {key: listed(page[key] for page in held) for key in pages[0][1]}


def ending(recording, axis):
    """Scrapes succeed for an hour, and then none does."""
    at, page = recording.pages[-1]
    return {key: listed(value if minute < SCRAPED else None for minute in axis) for key, value in scraped(page, at, 0).items()}


def followed_by(successor):
    """After ten minutes another one's state goes on in its place."""

    def how(recording, axis):
        before, after = (scraped(page, at, 0) for at, page in (recording.pages[-1], successor.pages[-1]))
        at = lambda minute: before if minute < BEFORE else after
        return {key: listed(at(minute).get(key) for minute in axis) for key in before | after}

    return how


def crashing(recording, axis):
    """Lives for some minutes, and is started anew some minutes later."""
    at, page = recording.pages[-1]
    started = lambda key, value, minute: value + minute // LOOP * LOOP * 60 * (key[0] == "process_start_time_seconds")
    series = scraped(page, at, 0).items()
    return {key: listed(started(key, value, minute) if is_up(crashing, minute) else None for minute in axis) for key, value in series}


def scraped(page, at, when):
    """The page as if it had been scraped then (in seconds of the test's time), of a session of 12 hours."""
    slower = stretch(page)
    moved = lambda key, value: (value - at) * slower + when if key[0].endswith("_timestamp_seconds") else value
    return {key: moved(key, value) for key, value in page.items()}


def stretch(page):
    """How many times longer a session of 12 hours lives; those of hours stay as they are."""
    life = of(page, EXPIRATION, profile=PROFILE) - of(page, "valetkey_credential_issued_timestamp_seconds", profile=PROFILE)
    return 12 * 3600 / life if 0 < life < 900 else 1


def expires(recording):
    """The minute at which the session expires, where the state goes on."""
    at, page = recording.pages[-1]
    return of(scraped(page, at, 0), EXPIRATION, profile=PROFILE) / 60


EXPIRATION = "valetkey_credential_expiration_timestamp_seconds"


def rises(name):
    return name.endswith(("_total", "_bucket", "_sum", "_count", "_consecutive_failures"))


def number(value):
    return f"{value:.4f}".rstrip("0").rstrip(".")


def listed(values):
    return " ".join("stale" if value is None else number(value) for value in values)


def input_series(instance, series, up):
    """In promtool's form, as scrapes of this instance give them, and `up`."""
    return [{"series": text(key[0], dict(key[1]) | labels_of(instance)), "values": values} for key, values in (series | {("up", ()): up}).items()]


def ups(how, axis):
    return listed(int(is_up(how, minute)) for minute in axis)


def is_up(how, minute):
    ends = {ending: minute < SCRAPED, crashing: minute % LOOP < LIFE}
    return ends.get(how, True)


def labels_of(instance):
    """What a scrape adds in Kubernetes."""
    return {"job": "valetkey", "instance": f"{instance}:7412", "namespace": "shop", "pod": f"{instance}-0"}


def text(name, labels):
    return name + "{" + ",".join(f'{label}="{value}"' for label, value in sorted(labels.items())) + "}"
