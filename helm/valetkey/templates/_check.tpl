{{/*
What the schema cannot say: values that contradict each other. All mistakes are told at once, each with what to change.
Given: vk, replicas.
*/}}
{{- define "valetkey.check" -}}
{{- $mistakes := dict "list" list -}}
{{- $_ := set . "mistakes" $mistakes -}}
{{- include "valetkey.checkServer" . -}}
{{- include "valetkey.checkPaths" . -}}
{{- include "valetkey.checkSidecar" . -}}
{{- include "valetkey.checkReplicas" . -}}
{{- with $mistakes.list -}}
{{- fail (printf "valetkey: the values have mistakes:\n- %s\n" (join "\n- " .)) -}}
{{- end -}}
{{- end -}}

{{/* Given: mistakes, text. */}}
{{- define "valetkey.mistake" -}}
{{- $_ := set .mistakes "list" (append .mistakes.list .text) -}}
{{- end -}}

{{- define "valetkey.checkServer" -}}
{{- $mistakes := .mistakes -}}
{{- $values := .vk.Values -}}
{{- $server := $values.config.server -}}
{{- if not $values.image.repository -}}
{{- include "valetkey.mistake" (dict "mistakes" $mistakes "text" "image.repository is empty: build the image, push it to a registry of yours, and name it here") -}}
{{- end -}}
{{- if not $values.config.profile -}}
{{- include "valetkey.mistake" (dict "mistakes" $mistakes "text" "config.profile is empty: describe the profile that is to be served, such as config.profile.ops") -}}
{{- end -}}
{{- range $key := list "credentials" "ops" "token_dir" "token_mode" "control_socket" -}}
{{- if not (index $server $key) -}}
{{- include "valetkey.mistake" (dict "mistakes" $mistakes "text" (printf "config.server.%s is missing: leave it to the chart's default, or set it" $key)) -}}
{{- end -}}
{{- end -}}
{{- if regexMatch "^(127[.]|\\[::1\\])" ($server.ops | default "") -}}
{{- include "valetkey.mistake" (dict "mistakes" $mistakes "text" (printf "config.server.ops is %s, where neither the kubelet's probes nor Prometheus reach it: set it to [::]:7412 (nothing secret is there), or to 0.0.0.0:7412 where nodes have no IPv6" $server.ops)) -}}
{{- end -}}
{{- if not (regexMatch "[4567]$" ($server.token_mode | default "4")) -}}
{{- include "valetkey.mistake" (dict "mistakes" $mistakes "text" (printf "config.server.token_mode is %q, which keeps the application, another user than the sidecar, from its token: set it to \"0644\"; the volume is what keeps others away" $server.token_mode)) -}}
{{- end -}}
{{- if and $values.podMonitor.enabled $values.networkPolicy.enabled (not $values.networkPolicy.from) -}}
{{- include "valetkey.mistake" (dict "mistakes" $mistakes "text" "podMonitor.enabled asks Prometheus to scrape the sidecar, and networkPolicy.enabled with an empty networkPolicy.from lets nobody reach it: name Prometheus's namespace in networkPolicy.from") -}}
{{- end -}}
{{- with $values.readinessProbe.profile -}}
{{- if not (hasKey $values.config.profile .) -}}
{{- include "valetkey.mistake" (dict "mistakes" $mistakes "text" (printf "readinessProbe.profile is %q, which is no profile of config.profile: name one of these, or leave it out" .)) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Whatever a profile reads must be mounted, or the pod would fail only once it runs. */}}
{{- define "valetkey.checkPaths" -}}
{{- $mistakes := .mistakes -}}
{{- $values := .vk.Values -}}
{{- $mounted := list -}}
{{- range $folder, $secret := $values.secrets -}}
{{- if $secret.name -}}{{- $mounted = append $mounted (printf "/etc/valetkey/%s/" $folder) -}}{{- end -}}
{{- end -}}
{{- range $values.extraVolumeMounts -}}{{- $mounted = append $mounted (printf "%s/" (clean .mountPath)) -}}{{- end -}}
{{- $read := dict -}}
{{- range $name, $profile := $values.config.profile -}}
{{- with $profile.key -}}{{- with .directory -}}{{- $_ := set $read (printf "config.profile.%s.key.directory" $name) . -}}{{- end -}}{{- end -}}
{{- with $profile.mfa_code -}}{{- with .totp_seed_file -}}{{- $_ := set $read (printf "config.profile.%s.mfa_code.totp_seed_file" $name) . -}}{{- end -}}{{- end -}}
{{- range $place, $device := $profile.mfa_devices -}}
{{- with $device.mfa_code -}}{{- with .totp_seed_file -}}{{- $_ := set $read (printf "config.profile.%s.mfa_devices[%d].mfa_code.totp_seed_file" $name $place) . -}}{{- end -}}{{- end -}}
{{- end -}}
{{- with $profile.saml_assertion -}}{{- with .file -}}{{- $_ := set $read (printf "config.profile.%s.saml_assertion.file" $name) . -}}{{- end -}}{{- end -}}
{{- with $profile.web_identity_token_file -}}{{- $_ := set $read (printf "config.profile.%s.web_identity_token_file" $name) . -}}{{- end -}}
{{- end -}}
{{- range $key := list "tls_certificate" "tls_private_key" -}}
{{- with index $values.config.server $key -}}{{- $_ := set $read (printf "config.server.%s" $key) . -}}{{- end -}}
{{- end -}}
{{- range $where, $path := $read -}}
{{- /* EKS's webhook mounts this one, once the pod is made. */}}
{{- $there := hasPrefix (include "valetkey.irsaFolder" .) (clean $path) -}}
{{- range $mounted -}}{{- if hasPrefix . (printf "%s/" (clean $path)) -}}{{- $there = true -}}{{- end -}}{{- end -}}
{{- if not $there -}}
{{- $folder := regexFind "^/etc/valetkey/[^/]+" $path | base -}}
{{- $remedy := "mount it there with extraVolumes and extraVolumeMounts" -}}
{{- if hasPrefix "/etc/valetkey/" $path -}}{{- $remedy = printf "set secrets.%s.name to the existing Secret that has it" $folder -}}{{- end -}}
{{- include "valetkey.mistake" (dict "mistakes" $mistakes "text" (printf "%s is %s, where nothing is mounted: %s" $where $path $remedy)) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Where EKS's webhook mounts the token of a service account that has a role (IRSA), in every container but those it is told to skip. */}}
{{- define "valetkey.irsaFolder" -}}
/var/run/secrets/eks.amazonaws.com/
{{- end -}}

{{/* What the chart derives from `config` must not be said in another place, too; and no secret may stand in a manifest. */}}
{{- define "valetkey.checkSidecar" -}}
{{- $mistakes := .mistakes -}}
{{- $values := .vk.Values -}}
{{- range $values.extraArgs -}}
{{- $flag := regexFind "^--[a-z-]+" . -}}
{{- if has $flag (list "--config" "--aws-profile" "--check-config" "--credentials" "--ops" "--imds" "--imds-profile" "--token-dir" "--token-mode" "--control-socket" "--state-dir" "--tls-certificate" "--tls-private-key") -}}
{{- include "valetkey.mistake" (dict "mistakes" $mistakes "text" (printf "extraArgs has %s, of which the chart's probes, volumes and variables would not know: say it in config.server" $flag)) -}}
{{- end -}}
{{- end -}}
{{- range $values.extraEnv -}}
{{- if has .name (list "VALETKEY_CONFIG" "VALETKEY_LOG_FORMAT" "VALETKEY_LOG_LEVEL") -}}
{{- include "valetkey.mistake" (dict "mistakes" $mistakes "text" (printf "extraEnv has %s, which the chart sets: use config and log" .name)) -}}
{{- end -}}
{{- if and (has .name (list "AWS_ACCESS_KEY_ID" "AWS_SECRET_ACCESS_KEY" "AWS_SESSION_TOKEN")) (hasKey . "value") -}}
{{- include "valetkey.mistake" (dict "mistakes" $mistakes "text" (printf "extraEnv has a value for %s, which whoever reads the pod could read: put the key into a Secret and name that in secrets.key.name" .name)) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
STS takes one code of an MFA device in a time step of 30 s, 120 an hour, and replicas know nothing of each other's steps, unless the
user has mounted a volume for state_dir that they share. Given: vk, replicas, mistakes.
*/}}
{{- define "valetkey.checkReplicas" -}}
{{- $mistakes := .mistakes -}}
{{- $values := .vk.Values -}}
{{- $replicas := int .replicas -}}
{{- $acknowledged := int $values.mfa.acknowledgedReplicas -}}
{{- $app := $values.app -}}
{{- $overlap := and $app.image.repository (eq $app.kind "CronJob") (eq $app.cronJob.concurrencyPolicy "Allow") -}}
{{- $alone := or (not $values.config.server.state_dir) (include "valetkey.ownState" .vk) -}}
{{- $patience := mul ($values.startupProbe.periodSeconds | default 10) ($values.startupProbe.failureThreshold | default 3) -}}
{{- range $device, $load := include "valetkey.loads" . | fromJson -}}
{{- $names := join ", " $load.profiles -}}
{{- if and $overlap (lt $acknowledged 2) -}}
{{- include "valetkey.mistake" (dict "mistakes" $mistakes "text" (printf "app.cronJob.concurrencyPolicy Allow lets any number of runs share MFA device %s, of which STS takes one code in 30 s: set it to Forbid, or set mfa.acknowledgedReplicas to how many runs you expect at once" $device)) -}}
{{- end -}}
{{- if and $alone (gt (int $load.seconds) (int $patience)) -}}
{{- include "valetkey.mistake" (dict "mistakes" $mistakes "text" (printf "%d replicas need about %d s for their first codes of MFA device %s (profiles %s), and the startup probe gives %d s: take fewer replicas, give profiles devices of their own, mount a volume at state_dir that all replicas share, or raise startupProbe.failureThreshold" $replicas (int $load.seconds) $device $names $patience)) -}}
{{- else if and $alone (gt (int $load.hourly) 60000) -}}
{{- include "valetkey.mistake" (dict "mistakes" $mistakes "text" (printf "%d replicas need about %d codes an hour of MFA device %s (profiles %s), which gives 120 in all and half of them to replicas that do not share its steps: raise duration_seconds, take fewer replicas, give profiles devices of their own, or mount a volume at state_dir that all replicas share" $replicas (div (int $load.hourly) 1000) $device $names)) -}}
{{- else if and (gt $replicas 1) (gt $replicas $acknowledged) -}}
{{- include "valetkey.mistake" (dict "mistakes" $mistakes "text" (printf "%d replicas share MFA device %s (profiles %s). STS takes one of its codes in 30 s, so the last replica may wait %d s for its first, and a person who gives codes gives %d of them. If that is meant, set mfa.acknowledgedReplicas to %d; otherwise take one replica" $replicas $device $names (int $load.seconds) (mul $replicas (len $load.profiles)) $replicas)) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
What each MFA device has to bear, as JSON: its profiles, the seconds until all have had their first code, the codes an hour in thousandths.
Replicas meet in the same step, and try again some steps later: about a minute each; one daemon gives each of its profiles a step.
Renewals start after 0.4 of the life, or little less. A profile with several devices divides its codes among them. Given: vk, replicas.
*/}}
{{- define "valetkey.loads" -}}
{{- $replicas := int .replicas -}}
{{- $step := ternary 60 30 (gt $replicas 1) -}}
{{- $loads := dict -}}
{{- range $name, $profile := .vk.Values.config.profile -}}
{{- $life := $profile.duration_seconds | default (ternary 3600 43200 (hasKey $profile "role_arn")) -}}
{{- $devices := include "valetkey.devices" $profile | fromJsonArray -}}
{{- range $devices -}}
{{- $load := index $loads .mfa_serial | default (dict "profiles" list "seconds" 0 "hourly" 0) -}}
{{- $seconds := add $load.seconds (div (mul $replicas $step) (len $devices)) -}}
{{- $hourly := add $load.hourly (div (mul $replicas 9000000) (mul $life (len $devices))) -}}
{{- $_ := set $loads .mfa_serial (dict "profiles" (append $load.profiles $name) "seconds" $seconds "hourly" $hourly) -}}
{{- end -}}
{{- end -}}
{{- toJson $loads -}}
{{- end -}}

{{/* The MFA devices of a profile with where their codes come from, as JSON. */}}
{{- define "valetkey.devices" -}}
{{- $devices := .mfa_devices | default list -}}
{{- if .mfa_serial -}}{{- $devices = append $devices (pick . "mfa_serial" "mfa_code") -}}{{- end -}}
{{- toJson $devices -}}
{{- end -}}

{{/* Whether a person gives codes of some profile: "true" or nothing. Given: the profiles. */}}
{{- define "valetkey.person" -}}
{{- $person := false -}}
{{- range . -}}{{- range include "valetkey.devices" . | fromJsonArray -}}
{{- if (.mfa_code | default dict).push -}}{{- $person = true -}}{{- end -}}
{{- end -}}{{- end -}}
{{- if $person -}}true{{- end -}}
{{- end -}}

{{/* Given: form, vk, name. */}}
{{- define "valetkey.checkForm" -}}
{{- $server := .vk.Values.config.server -}}
{{- if not (has .form (list "container" "imds")) -}}
{{- fail (printf "valetkey: the form %q is not known: use container, or imds" .form) -}}
{{- end -}}
{{- if eq .form "imds" -}}
{{- if not $server.imds -}}
{{- fail "valetkey: the form imds needs its listener: set config.server.imds, such as to 127.0.0.1:7413" -}}
{{- end -}}
{{- $served := $server.imds_profile | default (ternary (keys .vk.Values.config.profile | first) "" (eq (len .vk.Values.config.profile) 1)) -}}
{{- if ne $served .name -}}
{{- fail (printf "valetkey: the form imds serves the profile %q, not %q: set config.server.imds_profile, or use the form container" $served .name) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
Variables by which SDKs would take another identity than valetkey's, without a word. AWS_CONFIG_FILE is none of them: such a file is for
retries, endpoints and the like as often as for profiles, and the chart cannot look into it. Given: env, name.
*/}}
{{- define "valetkey.checkEnv" -}}
{{- $another := list "AWS_ACCESS_KEY_ID" "AWS_SECRET_ACCESS_KEY" "AWS_SESSION_TOKEN" "AWS_PROFILE" "AWS_DEFAULT_PROFILE" "AWS_WEB_IDENTITY_TOKEN_FILE" "AWS_ROLE_ARN" "AWS_SHARED_CREDENTIALS_FILE" "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI" -}}
{{- $ours := list "AWS_CONTAINER_CREDENTIALS_FULL_URI" "AWS_CONTAINER_AUTHORIZATION_TOKEN" "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE" "AWS_EC2_METADATA_SERVICE_ENDPOINT" -}}
{{- $mistakes := list -}}
{{- $form := .form -}}
{{- range .env -}}
{{- if has .name $another -}}
{{- $mistakes = append $mistakes (printf "%s would make another identity win over valetkey's: remove it from the application's environment" .name) -}}
{{- else if has .name $ours -}}
{{- $mistakes = append $mistakes (printf "%s is set by the chart: remove it from the application's environment" .name) -}}
{{- else if and (eq $form "imds") (eq .name "AWS_EC2_METADATA_DISABLED") -}}
{{- $mistakes = append $mistakes "AWS_EC2_METADATA_DISABLED keeps SDKs from the form imds: remove it from the application's environment, or use the form container" -}}
{{- end -}}
{{- end -}}
{{- with $mistakes -}}
{{- fail (printf "valetkey: the application's environment has mistakes:\n- %s\n" (join "\n- " .)) -}}
{{- end -}}
{{- end -}}
