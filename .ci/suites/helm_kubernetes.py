"""Whether Kubernetes would take a manifest: its own schemas, strict, and small ones for the Prometheus operator's kinds."""

import functools
import warnings

import jsonschema
import kubernetes_validate

# It reads the same files for each manifest anew.
kubernetes_validate.utils.schema_contents = functools.cache(kubernetes_validate.utils.schema_contents)

VERSIONS = [f"1.{minor}" for minor in range(29, 38)]

LABELS = {"type": "object", "additionalProperties": {"type": "string"}}
DURATION = {"type": "string", "pattern": "^([0-9]+(ms|s|m|h))+$"}


def closed(required, **properties):
    return {"type": "object", "additionalProperties": False, "required": required, "properties": properties}


def custom(kind, spec):
    return closed(
        ["apiVersion", "kind", "metadata", "spec"],
        apiVersion={"const": "monitoring.coreos.com/v1"},
        kind={"const": kind},
        metadata=closed(["name", "labels"], name={"type": "string"}, labels=LABELS),
        spec=spec,
    )


# The fields of the operator's API that the chart uses: https://prometheus-operator.dev/docs/api-reference/api/
CUSTOM = {
    "PodMonitor": custom(
        "PodMonitor",
        closed(
            ["selector", "podMetricsEndpoints"],
            selector=closed(["matchLabels"], matchLabels=LABELS),
            podMetricsEndpoints={
                "type": "array",
                "minItems": 1,
                "items": closed(
                    ["port", "path"],
                    port={"type": "string"},
                    path={"type": "string"},
                    interval=DURATION,
                    scrapeTimeout=DURATION,
                ),
            },
        ),
    ),
    "PrometheusRule": custom(
        "PrometheusRule",
        closed(
            ["groups"],
            groups={
                "type": "array",
                "minItems": 1,
                "items": closed(
                    ["name", "rules"],
                    name={"type": "string"},
                    interval=DURATION,
                    rules={
                        "type": "array",
                        "minItems": 1,
                        "items": closed(
                            ["alert", "expr"],
                            alert={"type": "string"},
                            expr={"type": ["string", "integer"]},
                            labels=LABELS,
                            annotations=LABELS,
                            keep_firing_for=DURATION,
                            **{"for": DURATION},
                        ),
                    },
                ),
            },
        ),
    ),
}


def objection(document, version):
    """What speaks against a manifest in this version of Kubernetes, if anything does."""
    try:
        if document["apiVersion"].startswith("monitoring.coreos.com/"):
            jsonschema.validate(document, CUSTOM[document["kind"]])
        else:
            with warnings.catch_warnings():
                # A kind that has no schema would otherwise only be warned of.
                warnings.simplefilter("error")
                kubernetes_validate.validate(document, version, strict=True)
    except (jsonschema.ValidationError, kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
        return f"{document['kind']}: {error}"
    return None
