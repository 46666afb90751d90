{{/*
What the public templates are given, made one: the chart's own context (this chart's, or that of the chart that depends on it), alone
or as `context` of a dictionary. Sets `vk` of the dictionary that it is given, since a template can return a text only.
*/}}
{{- define "valetkey.resolve" -}}
{{- $vk := .arg -}}
{{- if kindIs "map" $vk -}}
{{- if hasKey $vk "context" -}}{{- $vk = $vk.context -}}{{- end -}}
{{- end -}}
{{- $is := false -}}
{{- if kindIs "map" $vk -}}
{{- $children := $vk.Subcharts | default dict -}}
{{- if hasKey $children "valetkey" -}}{{- $vk = index $children "valetkey" -}}{{- end -}}
{{- if hasKey $vk "Values" -}}{{- $is = and (hasKey $vk.Values "secrets") (hasKey $vk.Values "mfa") -}}{{- end -}}
{{- end -}}
{{- if not $is -}}
{{- fail "valetkey: the chart valetkey is not among the dependencies of this chart, or is switched off, or has an alias: give its templates the root context, or with an alias `.Subcharts.<alias>`" -}}
{{- end -}}
{{- $_ := set . "vk" $vk -}}
{{- end -}}

{{/* The profile that is meant: the one that is named, or the only one. Sets `name` and `profile`. Given: vk, wanted, where. */}}
{{- define "valetkey.choose" -}}
{{- $profiles := .vk.Values.config.profile | default dict -}}
{{- $names := keys $profiles | sortAlpha -}}
{{- $name := .wanted | default (ternary (first $names) "" (eq (len $names) 1)) -}}
{{- if not $name -}}
{{- fail (printf "valetkey: %s does not say which profile: set it to one of %s" .where (join ", " $names | default "config.profile, which is empty")) -}}
{{- else if not (hasKey $profiles $name) -}}
{{- fail (printf "valetkey: %s is %q, which is no profile of config.profile: set it to one of %s" .where $name (join ", " $names)) -}}
{{- end -}}
{{- $_ := set . "name" $name -}}
{{- $_ := set . "profile" (index $profiles $name) -}}
{{- end -}}

{{/* The name of a profile's volume. Profiles may have names that volumes may not. */}}
{{- define "valetkey.tokenVolume" -}}
{{- if and (regexMatch "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" .) (le (len .) 40) -}}
valetkey-token-{{ . }}
{{- else -}}
valetkey-token-{{ sha256sum . | trunc 12 }}
{{- end -}}
{{- end -}}

{{/* The port of an address such as [::]:7412. */}}
{{- define "valetkey.port" -}}
{{- regexFind "[0-9]+$" . -}}
{{- end -}}

{{/* The configuration as valetkey reads it. */}}
{{- define "valetkey.json" -}}
{{- toPrettyJson .Values.config -}}
{{- end -}}
