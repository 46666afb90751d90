{{/* Names and labels. Each takes the chart's own context. */}}

{{- define "valetkey.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 52 characters: Kubernetes appends up to 11 to a CronJob's name. */}}
{{- define "valetkey.fullname" -}}
{{- $name := include "valetkey.name" . -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $full .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{/* What an object that must differ from the others is called: "valetkey.fullname" and a suffix, given as a list. */}}
{{- define "valetkey.suffixed" -}}
{{- $suffix := last . -}}
{{- include "valetkey.fullname" (first .) | trunc (int (sub 51 (len $suffix))) | trimSuffix "-" -}}-{{- $suffix -}}
{{- end -}}

{{- define "valetkey.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "valetkey.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "valetkey.selectorLabels" -}}
app.kubernetes.io/name: {{ include "valetkey.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Those of the application's pods, which the pod of `helm test` has not. */}}
{{- define "valetkey.appLabels" -}}
{{ include "valetkey.selectorLabels" . }}
app.kubernetes.io/component: application
{{- end -}}

{{/* An image's reference: a digest beats a tag. Given: image, tag. */}}
{{- define "valetkey.reference" -}}
{{- with .image -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}
{{- else if or .tag $.tag -}}{{ .repository }}:{{ .tag | default $.tag }}
{{- else -}}{{ .repository }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "valetkey.image" -}}
{{- include "valetkey.reference" (dict "image" .Values.image "tag" .Chart.AppVersion) -}}
{{- end -}}
