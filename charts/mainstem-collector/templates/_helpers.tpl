{{- define "mainstem-collector.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "mainstem-collector.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "mainstem-collector.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{ include "mainstem-collector.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/component: {{ .Values.region.name }}
{{- end -}}

{{- define "mainstem-collector.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "mainstem-collector.fullname" .) -}}
{{- else -}}
{{- required "serviceAccount.name is needed where serviceAccount.create is false" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "mainstem-collector.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{- define "mainstem-collector.tlsSecret" -}}
{{- .Values.tls.existingSecret | default (printf "%s-tls" (include "mainstem-collector.fullname" .)) -}}
{{- end -}}

{{- /* Where the keys lie: on the volume, or in memory where a Secret brings them. */ -}}
{{- define "mainstem-collector.keys" -}}
{{- if .Values.keys.existingSecret }}/run/mainstem/keys{{ else }}/var/lib/mainstem/keys{{ end -}}
{{- end -}}

{{- /* What must not be: said at rendering, and not found out in the cluster. */ -}}
{{- define "mainstem-collector.check" -}}
{{- if and (gt (int .Values.replicas) 1) (not .Values.keys.existingSecret) -}}
{{- fail "replicas above 1 need keys.existingSecret: with a key each, a person would be as many as there are replicas" -}}
{{- end -}}
{{- if and (eq .Values.service.type "LoadBalancer") (not .Values.service.loadBalancerSourceRanges) -}}
{{- fail "service.type LoadBalancer needs service.loadBalancerSourceRanges: it is reached from outside of the cluster" -}}
{{- end -}}
{{- if and .Values.tls.clientCertificates (not .Values.tls.enabled) -}}
{{- fail "tls.clientCertificates needs tls.enabled" -}}
{{- end -}}
{{- end -}}

{{- define "mainstem-collector.platform" -}}
environment: {{ .Values.environment }}
{{- if eq .Values.region.residency "central" }}
central:
  store: {{ required "central.store is needed: the address of the central store, as az://account" .Values.central.store | quote }}
{{- else }}
home: {{ .Values.region.name }}
{{- end }}
regions:
  {{ .Values.region.name }}:
    location: {{ .Values.region.location }}
    residency: {{ .Values.region.residency }}
    store: {{ required "region.store is needed: the address of the region's store, as az://account" .Values.region.store | quote }}
    collector: /etc/mainstem/collector.yaml
    durability: {{ .Values.region.durability }}
    security: {{ .Values.region.security }}
    spool: /var/lib/mainstem/spool
    pseudonym_key: {{ include "mainstem-collector.keys" . }}/region.key
    signing_key: {{ include "mainstem-collector.keys" . }}/region.signing
    public_keys: /var/lib/mainstem/keys/region.public.json
{{- end -}}

{{- define "mainstem-collector.guard" -}}
{{- with .Values.allowedNetworks }}
ip_allowlist: {{ toJson . }}
{{- end }}
{{- if .Values.tls.enabled }}
tls:
  cert_file: /run/mainstem/tls/tls.crt
  key_file: /run/mainstem/tls/tls.key
  {{- if .Values.tls.clientCertificates }}
  client_ca_file: /run/mainstem/tls/ca.crt
  {{- end }}
{{- end }}
{{- end -}}

{{- define "mainstem-collector.collector" -}}
extensions:
  health_check:
    endpoint: 0.0.0.0:13133
    path: /health/status
    check_collector_pipeline: {enabled: true, interval: 5m, exporter_failure_threshold: 5}
receivers:
  otlp:
    protocols:
      grpc:
        endpoint: 0.0.0.0:4317
        {{- include "mainstem-collector.guard" . | nindent 8 }}
      http:
        endpoint: 0.0.0.0:4318
        {{- include "mainstem-collector.guard" . | nindent 8 }}
processors:
  redaction: {allow_all_keys: true}
exporters:
  blob: {}
service:
  extensions: [health_check]
  telemetry: {metrics: {address: "0.0.0.0:8888"}}
  pipelines:
    traces: {receivers: [otlp], processors: [redaction], exporters: [blob]}
    logs: {receivers: [otlp], processors: [redaction], exporters: [blob]}
    metrics: {receivers: [otlp], processors: [redaction], exporters: [blob]}
{{- end -}}

{{- define "mainstem-collector.confined" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}
