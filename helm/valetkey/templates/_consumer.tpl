{{/*
The application's environment, as items of `env`. What `env` of the dictionary holds, the application's own, is looked at and not repeated.
  {{ include "valetkey.appEnv" . }}                                                            the only profile
  {{ include "valetkey.appEnv" (dict "context" . "profile" "deploy" "env" .Values.env) }}
  {{ include "valetkey.appEnv" (dict "context" . "form" "imds") }}                             for programs that know IMDS alone
*/}}
{{- define "valetkey.appEnv" -}}
{{- $consumer := dict "arg" . -}}
{{- include "valetkey.consumer" $consumer -}}
{{- $server := $consumer.vk.Values.config.server -}}
{{- $own := dict -}}
{{- range $consumer.env -}}{{- $_ := set $own .name true -}}{{- end -}}
{{- if eq $consumer.form "imds" -}}
- name: AWS_EC2_METADATA_SERVICE_ENDPOINT
  value: {{ include "valetkey.url" (dict "scheme" "http" "address" $server.imds) | quote }}
{{- else -}}
- name: AWS_CONTAINER_CREDENTIALS_FULL_URI
  value: {{ printf "%s/credentials/%s" (include "valetkey.url" (dict "scheme" (ternary "https" "http" (hasKey $server "tls_certificate")) "address" $server.credentials)) $consumer.name | quote }}
- name: AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE
  value: {{ printf "%s/%s/token" $server.token_dir $consumer.name | quote }}
{{- if not $own.AWS_EC2_METADATA_DISABLED }}
# An SDK that finds no credentials here must not go on to those of the node.
- name: AWS_EC2_METADATA_DISABLED
  value: "true"
{{- end }}
{{- end }}
{{- if not $own.AWS_REGION }}
- name: AWS_REGION
  value: {{ $consumer.profile.region | quote }}
{{- end }}
{{- if not $own.AWS_DEFAULT_REGION }}
# boto3 and version 1 of the AWS CLI read this one alone.
- name: AWS_DEFAULT_REGION
  value: {{ $consumer.profile.region | quote }}
{{- end }}
{{- end -}}

{{/*
Where the application has its token, as an item of `volumeMounts`; nothing for the form `imds`, which has none.
  {{ include "valetkey.appVolumeMounts" (dict "context" . "profile" "deploy") }}
*/}}
{{- define "valetkey.appVolumeMounts" -}}
{{- $consumer := dict "arg" . -}}
{{- include "valetkey.consumer" $consumer -}}
{{- if ne $consumer.form "imds" -}}
- name: {{ include "valetkey.tokenVolume" $consumer.name }}
  mountPath: {{ printf "%s/%s" $consumer.vk.Values.config.server.token_dir $consumer.name | quote }}
  readOnly: true
{{- end -}}
{{- end -}}

{{/* A consumer, checked. Sets vk, name, profile, form and env of the dictionary that it is given. */}}
{{- define "valetkey.consumer" -}}
{{- include "valetkey.resolve" . -}}
{{- $asked := ternary .arg dict (hasKey .arg "context") -}}
{{- $_ := set . "form" ($asked.form | default "container") -}}
{{- $_ := set . "env" ($asked.env | default list) -}}
{{- $_ := set . "wanted" $asked.profile -}}
{{- $_ := set . "where" ($asked.where | default "`profile` of valetkey.appEnv and valetkey.appVolumeMounts") -}}
{{- include "valetkey.choose" . -}}
{{- include "valetkey.checkForm" . -}}
{{- include "valetkey.checkEnv" . -}}
{{- end -}}

{{/*
The annotation that keeps EKS's webhook from writing variables into a container that would win over valetkey's; nothing where no profile
reads the webhook's token. Given: context, container, annotations (which beat it).
*/}}
{{- define "valetkey.skipContainers" -}}
{{- $reads := false -}}
{{- range .context.Values.config.profile -}}
{{- if hasPrefix (include "valetkey.irsaFolder" .) (.web_identity_token_file | default "") -}}{{- $reads = true -}}{{- end -}}
{{- end -}}
{{- if and $reads (not (hasKey .annotations "eks.amazonaws.com/skip-containers")) -}}
eks.amazonaws.com/skip-containers: {{ .container }}
{{- end -}}
{{- end -}}

{{/* How containers of the pod reach a listener. */}}
{{- define "valetkey.url" -}}
{{- .scheme }}://{{ regexReplaceAll "^(0[.]0[.]0[.]0|\\[::\\]):" .address "localhost:" -}}
{{- end -}}
