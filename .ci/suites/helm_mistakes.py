"""Wrong values, and what must be said of them. Each is laid over ci/job-values.yaml: a Job with one profile, `ops`."""

import pathlib
import re

import yaml

from helm_chart import CHART

BASE = CHART / "ci" / "job-values.yaml"

# What the schema refuses: the values, and where Helm must say that they are wrong.
SCHEMA = [
    ("replicas: 2", ["replicas"]),
    ("image: {repository: 'registry.example/valetkey:1.0'}", ["image", "repository"]),
    ("image: {digest: latest}", ["image", "digest"]),
    ("image: {pullPolicy: Sometimes}", ["image", "pullPolicy"]),
    ("config: {servers: {}}", ["config", "servers"]),
    ("config: {server: {opps: '[::]:7412'}}", ["server", "opps"]),
    ("config: {server: {ops: ':7412'}}", ["server", "ops"]),
    ("config: {server: {token_mode: 0644}}", ["server", "token_mode"]),
    ("config: {server: {token_dir: run}}", ["server", "token_dir"]),
    ("config: {profile: {ops: {region: null}}}", ["profile", "ops", "region"]),
    ("config: {profile: {ops: {durations_seconds: 900}}}", ["profile", "ops", "durations_seconds"]),
    ("config: {profile: {ops: {duration_seconds: 12h}}}", ["profile", "ops", "duration_seconds"]),
    ("config: {profile: {ops: {expected_account_id: 123456789012}}}", ["profile", "ops", "expected_account_id"]),
    ("config: {profile: {ops: {key: {environment: false}}}}", ["ops", "key", "environment"]),
    ("config: {profile: {ops: {key: {aws_secret_access_key: x}}}}", ["ops", "key", "aws_secret_access_key"]),
    ("config: {profile: {ops: {mfa_code: {totp_seed: x}}}}", ["ops", "mfa_code", "totp_seed"]),
    ("config: {profile: {'-ops': {region: eu-west-1}}}", ["profile", "-ops"]),
    ("secrets: {key: {aws_secret_access_key: x}}", ["secrets", "key", "aws_secret_access_key"]),
    ("secrets: {key: {stringData: {}}}", ["secrets", "key", "stringData"]),
    ("secrets: {key: {items: [{key: id, path: a/b}]}}", ["secrets", "key", "items", "path"]),
    ("secrets: {config: {name: x}}", ["secrets", "config"]),
    ("secrets: {Key: {name: x}}", ["secrets", "Key"]),
    ("mfa: {acknowledgedReplicas: 0}", ["mfa", "acknowledgedReplicas"]),
    ("log: {level: verbose}", ["log", "level"]),
    ("startupProbe: {httpGet: {path: /}}", ["startupProbe", "httpGet"]),
    ("livenessProbe: {periodSeconds: 0}", ["livenessProbe", "periodSeconds"]),
    ("readinessProbe: {enabled: 'yes'}", ["readinessProbe", "enabled"]),
    ("extraEnv: [{value: x}]", ["extraEnv", "name"]),
    ("extraEnv: {HTTPS_PROXY: x}", ["extraEnv"]),
    ("extraVolumeMounts: [{name: x}]", ["extraVolumeMounts", "mountPath"]),
    ("app: {kind: StatefulSet}", ["app", "kind"]),
    ("app: {form: file}", ["app", "form"]),
    ("app: {deployment: {replicas: many}}", ["app", "deployment", "replicas"]),
    ("app: {job: {restartPolicy: Always}}", ["app", "job", "restartPolicy"]),
    ("app: {cronJob: {concurrencyPolicy: Never}}", ["app", "cronJob", "concurrencyPolicy"]),
    ("podMonitor: {interval: 30}", ["podMonitor", "interval"]),
    ("networkPolicy: {appPorts: [8080]}", ["networkPolicy", "appPorts"]),
    ("dashboard: {labels: {grafana_dashboard: 1}}", ["dashboard", "labels", "grafana_dashboard"]),
    ("test: {enable: false}", ["test", "enable"]),
]

# What templates refuse: the values, and the words that must be there. What to change stands in each.
RENDERING = [
    ("image: {repository: ''}", ["image.repository is empty: build the image, push it to a registry of yours, and name it here"]),
    ("config: {profile: null}", ["config.profile is empty: describe the profile that is to be served"]),
    ("config: {server: {token_dir: null}}", ["config.server.token_dir is missing: leave it to the chart's default"]),
    ("config: {server: {ops: '127.0.0.1:7412'}}", ["config.server.ops is 127.0.0.1:7412, where neither", "set it to [::]:7412"]),
    ("config: {server: {ops: '[::1]:7412'}}", ["config.server.ops is [::1]:7412, where neither"]),
    ("config: {server: {token_mode: '0600'}}", ['config.server.token_mode is "0600", which keeps the application', 'set it to "0644"']),
    ("podMonitor: {enabled: true}\nnetworkPolicy: {enabled: true}", ["lets nobody reach it: name Prometheus's namespace in networkPolicy.from"]),
    ("readinessProbe: {profile: other}", ['readinessProbe.profile is "other", which is no profile of config.profile: name one']),
    ("secrets: {key: {name: ''}}", ["config.profile.ops.key.directory is /etc/valetkey/key, where nothing is mounted: set secrets.key.name"]),
    ("secrets: {mfa: {name: ''}}", ["ops.mfa_code.totp_seed_file is /etc/valetkey/mfa/totp_seed, where nothing is mounted: set secrets.mfa.name"]),
    ("config: {profile: {ops: {key: {directory: /keys}}}}", ["ops.key.directory is /keys, where nothing is mounted: mount it there with extraVolumes"]),
    ("config: {profile: {ops: {key: {directory: /etc/valetkey/keys}}}}", ["nothing is mounted: set secrets.keys.name"]),
    ("config: {profile: {web: {region: x, web_identity_token_file: /t/token}}}", ["config.profile.web.web_identity_token_file is /t/token, where"]),
    ("config: {profile: {web: {region: x, web_identity_token_file: /var/run/secrets/eks/token}}}", ["is /var/run/secrets/eks/token, where"]),
    ("config: {profile: {saml: {region: x, saml_assertion: {file: /t/saml}}}}", ["config.profile.saml.saml_assertion.file is /t/saml, where"]),
    ("config: {server: {tls_certificate: /t/tls.crt}}", ["config.server.tls_certificate is /t/tls.crt, where"]),
    ("extraArgs: [--token-dir=/x]", ["extraArgs has --token-dir, of which the chart's", "say it in config.server"]),
    ("extraEnv: [{name: VALETKEY_CONFIG, value: /x}]", ["extraEnv has VALETKEY_CONFIG, which the chart sets: use config and log"]),
    ("extraEnv: [{name: AWS_SECRET_ACCESS_KEY, value: x}]", ["extraEnv has a value for AWS_SECRET_ACCESS_KEY", "put the key into a Secret"]),
    ("app: {job: {parallelism: 2}}", ["2 replicas share MFA device arn:aws:iam::123456789012:mfa/ops", "set mfa.acknowledgedReplicas to 2"]),
    ("app: {job: {parallelism: 3}}\nmfa: {acknowledgedReplicas: 2}", ["3 replicas share MFA device"]),
    ("app: {kind: Deployment, deployment: {replicas: 2}}", ["2 replicas share MFA device"]),
    ("app: {job: {parallelism: 61}}\nmfa: {acknowledgedReplicas: 61}", ["61 replicas need about 3660 s for their first codes", "gives 3600 s: take fewer"]),
    (
        "app: {job: {parallelism: 7}}\nmfa: {acknowledgedReplicas: 7}\n"
        "config: {profile: {ops: {role_arn: 'arn:aws:iam::123456789012:role/x', duration_seconds: 900}}}",
        ["7 replicas need about 70 codes an hour of MFA device", "raise duration_seconds, take fewer replicas"],
    ),
    ("app: {kind: CronJob, cronJob: {schedule: '@daily', concurrencyPolicy: Allow}}", ["concurrencyPolicy Allow lets any number", "set it to Forbid"]),
    ("app: {kind: CronJob}", ["app.cronJob.schedule is empty: say when it runs"]),
    ("app: {profile: other}", ['app.profile is "other", which is no profile of config.profile: set it to one of ops']),
    ("config: {profile: {two: {region: x, source_profile: ops, role_arn: 'arn:x'}}}", ["app.profile does not say which profile: set it to one of ops, two"]),
    ("app: {form: imds}", ["the form imds needs its listener: set config.server.imds"]),
    (
        "app: {form: imds, profile: two}\n"
        "config: {server: {imds: '127.0.0.1:7413', imds_profile: ops}, profile: {two: {region: x, source_profile: ops, role_arn: 'arn:x'}}}",
        ['the form imds serves the profile "ops", not "two": set config.server.imds_profile'],
    ),
    (
        "app: {form: imds, env: [{name: AWS_EC2_METADATA_DISABLED, value: 'true'}]}\nconfig: {server: {imds: '127.0.0.1:7413'}}",
        ["AWS_EC2_METADATA_DISABLED keeps SDKs from the form imds: remove it"],
    ),
    *[
        (f"app: {{env: [{{name: {name}, value: x}}]}}", [f"{name} would make another identity win over valetkey's: remove it"])
        for name in (
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "AWS_PROFILE",
            "AWS_DEFAULT_PROFILE",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_ROLE_ARN",
            "AWS_SHARED_CREDENTIALS_FILE",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        )
    ],
    ("app: {env: [{name: AWS_CONTAINER_CREDENTIALS_FULL_URI, value: x}]}", ["AWS_CONTAINER_CREDENTIALS_FULL_URI is set by the chart: remove it"]),
    # Several at once, all of them told.
    (
        "image: {repository: ''}\nsecrets: {key: {name: ''}, mfa: {name: ''}}",
        ["image.repository is empty", "set secrets.key.name", "set secrets.mfa.name"],
    ),
]

# Two devices that each bear a half, laid over ci/devices-values.yaml.
DEVICES = [
    ("app: {deployment: {replicas: 5}}", ["5 replicas share MFA device arn:aws:iam::123456789012:mfa/one", "may wait 150 s", "mfa/two"]),
    ("secrets: {mfa: {name: ''}}", ["config.profile.ops.mfa_devices[1].mfa_code.totp_seed_file is /etc/valetkey/mfa/two, where nothing"]),
    ("config: {profile: {ops: {mfa_devices: [{mfa_serial: x}]}}}", ["mfa_devices", "mfa_code"]),
]

# What looks like one of these and is none.
RIGHT = [
    "app: {job: {parallelism: 2}}\nmfa: {acknowledgedReplicas: 2}",
    "app: {job: {parallelism: 60}}\nmfa: {acknowledgedReplicas: 60}",
    # Replicas that share a folder ask once.
    "app: {job: {parallelism: 500}}\nmfa: {acknowledgedReplicas: 500}\n"
    "extraVolumes: [{name: shared, persistentVolumeClaim: {claimName: shared}}]\n"
    "extraVolumeMounts: [{name: shared, mountPath: /var/lib/valetkey}]",
    "app: {kind: CronJob, cronJob: {schedule: '@daily', concurrencyPolicy: Allow}}\nmfa: {acknowledgedReplicas: 2}",
    "app: {env: [{name: AWS_REGION, value: eu-west-2}, {name: AWS_CONFIG_FILE, value: /x}]}",
    "config: {profile: {ops: {key: {directory: /keys/a}}}}\nextraVolumes: [{name: keys, emptyDir: {}}]\nextraVolumeMounts: [{name: keys, mountPath: /keys/}]",
    "config: {profile: {ops: {key: {directory: /etc/valetkey/key/}}}}",
    "securityContext: {runAsUser: null, runAsGroup: null}",
    "podMonitor: {enabled: true}\nnetworkPolicy: {enabled: true, from: [{podSelector: {}}]}",
    "networkPolicy: {enabled: true}",
]

# What the application's environment has, and what it has not.
VARIABLES = [
    ("{}", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:7411/credentials/ops", "AWS_REGION": "eu-west-1"}, []),
    ("app: {env: [{name: AWS_REGION, value: eu-west-2}]}", {"AWS_REGION": "eu-west-2", "AWS_DEFAULT_REGION": "eu-west-1"}, []),
    ("app: {env: [{name: AWS_EC2_METADATA_DISABLED, value: 'false'}]}", {"AWS_EC2_METADATA_DISABLED": "false"}, []),
    (
        "config: {server: {credentials: '[::]:8411', tls_certificate: /etc/valetkey/tls/tls.crt, tls_private_key: /etc/valetkey/tls/tls.key}}\n"
        "secrets: {tls: {name: tls}}",
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "https://localhost:8411/credentials/ops"},
        [],
    ),
    (
        "app: {form: imds}\nconfig: {server: {imds: '127.0.0.1:8413'}}",
        {"AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:8413", "AWS_REGION": "eu-west-1"},
        ["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_EC2_METADATA_DISABLED"],
    ),
]

# Mistakes in the templates of a chart that depends on this one: what its deployment.yaml has, what stands there instead, and what must be
# said of that.
LIBRARY = [
    ('"profile" "reports"', '"profile" "report"', ['"report", which is no profile of config.profile: set it to one of ops, orders, reports']),
    ('"profile" "reports"', '"form" "file" "profile" "reports"', ['the form "file" is not known: use container, or imds']),
    ("dict \"context\" . \"profile\" \"reports\"", "dict \"context\" .", ["`profile` of valetkey.appEnv and valetkey.appVolumeMounts does not say which"]),
    ('(dict "context" . "replicas" .Values.replicas)', '(dict "context" . "replicas" 3)', ["3 replicas share MFA device"]),
    ('"valetkey.volumes" .', '"valetkey.volumes" .Values', ["is not among the dependencies of this chart, or is switched off, or has an alias"]),
    ('"valetkey.volumes" .', '"valetkey.volumes" .Chart', ["is not among the dependencies of this chart"]),
    ('"valetkey.volumes" .', '"valetkey.volumes" (dict "context" .Chart)', ["is not among the dependencies of this chart"]),
    ('"env" .Values.env', '"env" (list (dict "name" "AWS_PROFILE" "value" "x"))', ["AWS_PROFILE would make another identity win"]),
]


def told(stderr, words):
    """Whether all of them are there, wherever the lines were broken."""
    text = " ".join(stderr.split())
    return all(" ".join(word.split()) in text for word in words)


MESSAGES = re.compile(r'(?:fail|required|"text"|append \$mistakes) \(?(?:printf )?("(?:[^"\\]|\\.)*")')


def texts():
    """Every message of the templates, as a pattern: each must have been seen."""
    for template in sorted((CHART / "templates").glob("*.*")):
        for text in MESSAGES.findall(template.read_text()):
            yield template.name, re.sub("%[dqs]", ".*", re.escape(yaml.safe_load(text)))


def write(folder, values):
    path = pathlib.Path(folder) / "values.yaml"
    path.write_text(values)
    return path
