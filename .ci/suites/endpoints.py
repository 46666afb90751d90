"""Writes, for every region that botocore knows and for some that nobody does, and for every combination of FIPS, dual-stack,
the legacy global endpoint and another STS, what botocore sends a request to and which region it signs for. `cargo test
--test endpoints` holds valetkey to that table, and to a part of it that is committed: its lines must be in this one."""

import itertools
import os
import pathlib
import re
import sys

import botocore.config
import botocore.endpoint_provider
import botocore.exceptions
import botocore.loaders
import botocore.session
import botocore_requests

# Of the form of a partition's regions or nearly so, older names for FIPS, and names that are nothing of the kind.
MADE_UP = """
    us-new-1 eu-west-99 ap-x-12345 sa-a1b-1 ca-up-0 me-far-9 af-deep-4 il-low-2 mx-south-3
    cn-new-7 us-gov-south-3 eusc-de-west-2 eusc-fr-west-1 us-iso-north-9 us-isob-south-2 eu-isoe-east-5 us-isof-west-6
    us-gov-1 us-iso-1 cn-north cn-north-1a cn-north-west-1 us-gov-west eu-isoe-1 usx-west-1 us-west-1-x eusc-de-1
    us-isox-east-1 us-isob us-east-1a us--1 x x1 local localhost aws aws-eusc-global aws-new-global global moon-base-1
    us-east-1-fips fips-us-east-1 us-gov-west-1-fips fips-cn-north-1 fips-aws-global aws-global-fips fips-x eu-fips-west-1
    ap-northeast-2 ap-east-1 me-south-1 af-south-1 ca-west-1
""".split()

ELSEWHERE = "https://sts.example"
WISHES = ("fips", "dualstack", "legacy", "elsewhere")


def main(path):
    os.environ.update(
        AWS_ACCESS_KEY_ID="AKIAIOSFODNN7EXAMPLE",
        AWS_SECRET_ACCESS_KEY="secret",
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    )
    for name in list(os.environ):
        if name.startswith(("AWS_ENDPOINT_URL", "AWS_USE_")) or name == "AWS_SESSION_TOKEN":
            del os.environ[name]
    known = regions()
    wishes = list(itertools.product((False, True), repeat=len(WISHES)))
    lines = [line(region, each) for region in known + made_up(known) for each in wishes]
    pathlib.Path(path).write_text("".join(each + "\n" for each in lines))
    committed = pathlib.Path("tests/endpoints/table.txt").read_text().splitlines()
    wrong = [each for each in committed if not each.startswith("#") and each not in lines]
    for each in wrong:
        print(f"tests/endpoints/table.txt has, and botocore does not: {each}")
    print(f"figure: {len(known)} regions known to botocore, {len(lines)} combinations")
    sys.exit(bool(wrong) or len(known) < 55)


def regions():
    """From the partitions of the endpoint rules and from the older list of endpoints, which has regions for FIPS as well."""
    session = botocore.session.Session()
    rules = {region for partition in partitions() for region in partition["regions"]}
    older = {
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("sts", partition, allow_non_regional=True)
    }
    return sorted(rules | older)


def made_up(known):
    return [region for region in MADE_UP if region not in known]


def partitions():
    return botocore.loaders.Loader().load_data("partitions")["partitions"]


def line(region, wishes):
    words = [name if wish else "-" for name, wish in zip(WISHES, wishes)]
    by_rules = ruled(region, *wishes)
    found = "refused" if by_rules is None else asked(region, *wishes)
    if found is None:
        # The client looks into the older list of endpoints first, which has no dual-stack there; the rules have it.
        assert DUALSTACK_IS_NOT_IN_THE_OLDER_LIST.match(region) and wishes[1], (region, wishes)
        found = by_rules
    return " ".join([region, *words, found])


DUALSTACK_IS_NOT_IN_THE_OLDER_LIST = re.compile(r"(eu-isoe|us-isof)-\w+-\d+$")


def ruled(region, fips, dualstack, legacy, elsewhere):
    """What the endpoint rules say; nothing where they refuse. They refuse FIPS and dual-stack beside another STS, which the
    client drops without a word before it asks them."""
    normalized = region.replace("fips-", "").replace("-fips", "")
    fips = fips or normalized != region
    parameters = {"Region": normalized, "UseFIPS": fips, "UseDualStack": dualstack, "UseGlobalEndpoint": legacy}
    if elsewhere:
        parameters["Endpoint"] = ELSEWHERE
    try:
        endpoint = RULES.resolve_endpoint(**parameters)
    except botocore.exceptions.EndpointProviderError:
        return None
    schemes = endpoint.properties.get("authSchemes", [{}])
    return f"{endpoint.url}/ {schemes[0].get('signingRegion', normalized)}"


def asked(region, fips, dualstack, legacy, elsewhere):
    """URL and signing region of a request that a client of botocore sends (it does not leave the process); nothing where the
    client cannot be made."""
    os.environ["AWS_STS_REGIONAL_ENDPOINTS"] = "legacy" if legacy else "regional"
    try:
        client = SESSION.create_client(
            "sts",
            region_name=region,
            endpoint_url=ELSEWHERE if elsewhere else None,
            config=botocore.config.Config(use_fips_endpoint=fips, use_dualstack_endpoint=dualstack),
        )
    except botocore.exceptions.EndpointVariantError:
        return None
    return " ".join(botocore_requests.destination(client))


SESSION = botocore.session.Session()
RULES = botocore.endpoint_provider.EndpointProvider(
    ruleset_data=botocore.loaders.Loader().load_service_model("sts", "endpoint-rule-set-1"),
    partition_data=botocore.loaders.Loader().load_data("partitions"),
)

if __name__ == "__main__":
    main(sys.argv[1])
