{{/* The application with the sidecar, as a pod template. Given: root, replicas, restartPolicy. */}}
{{- define "valetkey.pod" -}}
{{- $root := .root -}}
{{- $app := $root.Values.app -}}
{{- $consumer := dict "context" $root "profile" $app.profile "form" $app.form "env" $app.env "where" "app.profile" -}}
metadata:
  labels:
    {{- include "valetkey.appLabels" $root | nindent 4 }}
    {{- include "valetkey.podLabels" $root | nindent 4 }}
    {{- with $app.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    {{- include "valetkey.podAnnotations" $root | nindent 4 }}
    kubectl.kubernetes.io/default-container: app
    {{- with include "valetkey.skipContainers" (dict "context" $root "container" "app" "annotations" $app.podAnnotations) }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- with $app.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- with $app.serviceAccountName }}
  serviceAccountName: {{ . | quote }}
  {{- end }}
  automountServiceAccountToken: {{ $app.automountServiceAccountToken }}
  {{- with .restartPolicy }}
  restartPolicy: {{ . }}
  {{- end }}
  terminationGracePeriodSeconds: {{ $app.terminationGracePeriodSeconds }}
  {{- with $app.priorityClassName }}
  priorityClassName: {{ . | quote }}
  {{- end }}
  securityContext:
    {{- toYaml $app.podSecurityContext | nindent 4 }}
  {{- range $key := list "imagePullSecrets" "nodeSelector" "tolerations" "affinity" "topologySpreadConstraints" }}
  {{- with index $app $key }}
  {{ $key }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
  initContainers:
    {{- include "valetkey.sidecar" (dict "context" $root "replicas" .replicas) | nindent 4 }}
  containers:
    - name: app
      image: {{ include "valetkey.reference" (dict "image" $app.image "tag" "") | quote }}
      {{- with $app.image.pullPolicy }}
      imagePullPolicy: {{ . }}
      {{- end }}
      {{- range $key := list "command" "args" "envFrom" "ports" "resources" "securityContext" "startupProbe" "livenessProbe" "readinessProbe" "lifecycle" }}
      {{- with index $app $key }}
      {{ $key }}:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- end }}
      env:
        {{- include "valetkey.appEnv" $consumer | nindent 8 }}
        {{- with $app.env }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- $mounts := include "valetkey.appVolumeMounts" $consumer }}
      {{- if or $mounts $app.volumeMounts }}
      volumeMounts:
        {{- with $mounts }}
        {{- . | nindent 8 }}
        {{- end }}
        {{- with $app.volumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- end }}
  volumes:
    {{- include "valetkey.volumes" $root | nindent 4 }}
    {{- with $app.volumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}

{{/* A Job's spec. Given: root, parallelism. */}}
{{- define "valetkey.jobSpec" -}}
{{- $job := .root.Values.app.job -}}
backoffLimit: {{ $job.backoffLimit }}
parallelism: {{ $job.parallelism }}
completions: {{ $job.completions }}
{{- range $key := list "activeDeadlineSeconds" "ttlSecondsAfterFinished" }}
{{- if not (kindIs "invalid" (index $job $key)) }}
{{ $key }}: {{ index $job $key }}
{{- end }}
{{- end }}
template:
  {{- include "valetkey.pod" (dict "root" .root "replicas" $job.parallelism "restartPolicy" $job.restartPolicy) | nindent 2 }}
{{- end -}}
