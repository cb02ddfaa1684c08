{{- define "talchum.labels" -}}
app.kubernetes.io/name: talchum
app.kubernetes.io/instance: {{ .release }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "talchum.image" -}}
{{ .image.repository }}:{{ .image.tag | default .root.Chart.AppVersion }}
{{- end }}

{{/* A pod that may do nothing but run: Pod Security Standards, `restricted`. */}}
{{- define "talchum.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "talchum.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{/* Settings first, so that a Secret may hold any of them. */}}
{{- define "talchum.environment" -}}
envFrom:
  - configMapRef: {name: {{ .Release.Name }}-settings}
  - secretRef: {name: {{ .Values.secretName }}}
{{- end }}

{{/* What only the pod can put together; it wins over the Secret and the ConfigMap. */}}
{{- define "talchum.ownEnvironment" -}}
{{- if .Values.postgres.bundled }}
- {name: POSTGRES_PASSWORD, valueFrom: {secretKeyRef: {name: {{ .Values.secretName }}, key: POSTGRES_PASSWORD}}}
- {name: TALCHUM_DATABASE_URL, value: postgresql+psycopg://talchum:$(POSTGRES_PASSWORD)@{{ .Release.Name }}-postgres/talchum}
{{- end }}
{{- end }}

{{- define "talchum.volumes" -}}
volumes:
  - {name: data, emptyDir: {}}
  - {name: tmp, emptyDir: {}}
{{- end }}

{{- define "talchum.mounts" -}}
volumeMounts:
  - {name: data, mountPath: /var/lib/talchum}
  - {name: tmp, mountPath: /tmp}
{{- end }}

{{/* Of a process that touches a file while it is not stuck. */}}
{{- define "talchum.fileProbes" -}}
startupProbe:
  exec: {command: [/opt/talchum/bin/python, -m, talchum.apps.alive]}
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 36
livenessProbe:
  exec: {command: [/opt/talchum/bin/python, -m, talchum.apps.alive]}
  periodSeconds: 15
  timeoutSeconds: 5
  failureThreshold: 3
{{- end }}
