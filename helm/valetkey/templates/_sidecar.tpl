{{/*
The sidecar, as an item of `initContainers`. It comes first there, so that all that follow have credentials.
  {{ include "valetkey.sidecar" . }}
  {{ include "valetkey.sidecar" (dict "context" . "replicas" .Values.replicas) }}    checks the replicas against the MFA devices
*/}}
{{- define "valetkey.sidecar" -}}
{{- $found := dict "arg" . -}}
{{- include "valetkey.resolve" $found -}}
{{- $vk := $found.vk -}}
{{- $replicas := 1 -}}
{{- if hasKey . "context" -}}{{- $replicas = .replicas | default 1 -}}{{- end -}}
{{- include "valetkey.check" (dict "vk" $vk "replicas" $replicas) -}}
{{- $values := $vk.Values -}}
{{- $server := $values.config.server -}}
- name: valetkey
  image: {{ include "valetkey.image" $vk | quote }}
  imagePullPolicy: {{ $values.image.pullPolicy }}
  # A native sidecar: it runs before the application and until after it, and a Job ends all the same.
  restartPolicy: Always
  args:
    - serve
    {{- with $values.extraArgs }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  env:
    # For `kubectl exec … -c valetkey -- /valetkey status`, too.
    - name: VALETKEY_CONFIG
      value: /etc/valetkey/config/valetkey.json
    - name: VALETKEY_LOG_FORMAT
      value: {{ $values.log.format }}
    - name: VALETKEY_LOG_LEVEL
      {{- /* Quoted: off is false in YAML. */}}
      value: {{ $values.log.level | quote }}
    {{- with $values.extraEnv }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  ports:
    - name: valetkey-ops
      containerPort: {{ include "valetkey.port" $server.ops }}
      protocol: TCP
  startupProbe:
    httpGet:
      path: /startupz
      port: valetkey-ops
    {{- toYaml $values.startupProbe | nindent 4 }}
  livenessProbe:
    httpGet:
      path: /livez
      port: valetkey-ops
    {{- toYaml $values.livenessProbe | nindent 4 }}
  {{- with $values.readinessProbe }}
  {{- if .enabled }}
  readinessProbe:
    httpGet:
      path: {{ empty .profile | ternary "/readyz" (printf "/readyz?profile=%s" .profile) | quote }}
      port: valetkey-ops
    {{- toYaml (omit . "enabled" "profile") | nindent 4 }}
  {{- end }}
  {{- end }}
  resources:
    {{- toYaml $values.resources | nindent 4 }}
  securityContext:
    {{- toYaml $values.securityContext | nindent 4 }}
  # Its last words name what is wrong and what to do; they hold no secret.
  terminationMessagePolicy: FallbackToLogsOnError
  volumeMounts:
    - name: valetkey-config
      mountPath: /etc/valetkey/config
      readOnly: true
    # In the place where Kubernetes puts a token for its API if the pod has one: what is mounted already it leaves alone.
    - name: valetkey-config
      mountPath: /var/run/secrets/kubernetes.io/serviceaccount
      readOnly: true
    {{- /* Whole folders and no subPath: only so does a changed Secret arrive. */}}
    {{- range $folder, $secret := $values.secrets }}
    {{- if $secret.name }}
    - name: valetkey-secret-{{ $folder }}
      mountPath: /etc/valetkey/{{ $folder }}
      readOnly: true
    {{- end }}
    {{- end }}
    {{- range $profile := keys $values.config.profile | sortAlpha }}
    - name: {{ include "valetkey.tokenVolume" $profile }}
      mountPath: {{ printf "%s/%s" $server.token_dir $profile | quote }}
    {{- end }}
    - name: valetkey-control
      mountPath: {{ dir $server.control_socket | quote }}
    {{- if include "valetkey.ownState" $vk }}
    - name: valetkey-state
      mountPath: {{ $server.state_dir | quote }}
    {{- end }}
    {{- with $values.extraVolumeMounts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}

{{/* Whether the chart has a volume for state_dir: not where the user mounts one there. */}}
{{- define "valetkey.ownState" -}}
{{- with .Values.config.server.state_dir -}}
{{- $dir := . -}}
{{- $taken := false -}}
{{- range $.Values.extraVolumeMounts -}}{{- if eq (clean .mountPath) (clean $dir) -}}{{- $taken = true -}}{{- end -}}{{- end -}}
{{- if not $taken -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{/*
The sidecar's volumes, as items of the pod's `volumes`.
  {{ include "valetkey.volumes" . }}
*/}}
{{- define "valetkey.volumes" -}}
{{- $found := dict "arg" . -}}
{{- include "valetkey.resolve" $found -}}
{{- $vk := $found.vk -}}
{{- $values := $vk.Values -}}
- name: valetkey-config
  configMap:
    name: {{ include "valetkey.fullname" $vk }}
# The kubelet gives a Secret's files to root, and without fsGroup (which would reach into the application's volumes) the sidecar's user
# is one of the others: hence 292, which is 0444. The sidecar alone mounts these volumes; that is the boundary, not the mode.
{{- range $folder, $secret := $values.secrets }}
{{- if $secret.name }}
- name: valetkey-secret-{{ $folder }}
  secret:
    secretName: {{ $secret.name | quote }}
    {{- /* 0444; in decimal, since YAML 1.2 knows no octal of this form. */}}
    defaultMode: 292
    {{- with $secret.items }}
    items:
      {{- toYaml . | nindent 6 }}
    {{- end }}
{{- end }}
{{- end }}
# One for each profile, so that a container has the tokens that are mounted in it and no others. In memory: nothing is left on a disk.
{{- range $profile := keys ($values.config.profile | default dict) | sortAlpha }}
- name: {{ include "valetkey.tokenVolume" $profile }}
  emptyDir:
    medium: Memory
    sizeLimit: 1Mi
{{- end }}
- name: valetkey-control
  emptyDir:
    medium: Memory
    sizeLimit: 1Mi
{{- if include "valetkey.ownState" $vk }}
- name: valetkey-state
  emptyDir:
    medium: Memory
    sizeLimit: 4Mi
{{- end }}
{{- with $values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The pod's annotations: a changed configuration makes new pods. */}}
{{- define "valetkey.podAnnotations" -}}
{{- $found := dict "arg" . -}}
{{- include "valetkey.resolve" $found -}}
checksum/valetkey-config: {{ include "valetkey.json" $found.vk | sha256sum }}
{{- end -}}

{{/* The pod's label, by which PodMonitor and NetworkPolicy find it. */}}
{{- define "valetkey.podLabels" -}}
{{- $found := dict "arg" . -}}
{{- include "valetkey.resolve" $found -}}
valetkey/sidecar: {{ include "valetkey.fullname" $found.vk }}
{{- end -}}
