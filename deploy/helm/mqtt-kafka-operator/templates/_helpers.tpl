{{- define "operator.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "operator.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (include "operator.fullname" .) }}
{{- end }}

{{- define "operator.metrics" -}}
{{- printf "%s-metrics" (include "operator.fullname" .) }}
{{- end }}

{{/* "true" unless anyone may read the operator's metrics. */}}
{{- define "operator.metricsAuthentication" -}}
{{- ternary "true" "" (dig "authentication" true (.Values.configuration.metrics | default dict)) }}
{{- end }}

{{/* What a monitor shows to the operator. */}}
{{- define "operator.metricsAuthorization" -}}
{{- if include "operator.metricsAuthentication" . }}
authorization:
  credentials: {name: {{ include "operator.metrics" . }}, key: token}
{{- end }}
{{- end }}

{{- define "operator.webhook" -}}
{{- printf "%s-webhook" (include "operator.fullname" .) }}
{{- end }}

{{- define "operator.webhookSecret" -}}
{{- if .Values.webhook.certManager }}
{{- include "operator.webhook" . }}
{{- else }}
{{- required "webhook.secretName is needed without webhook.certManager" .Values.webhook.secretName }}
{{- end }}
{{- end }}

{{- define "operator.image" -}}
{{- $tagged := printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) }}
{{- ternary (printf "%s@%s" $tagged .Values.image.digest) $tagged (not (empty .Values.image.digest)) }}
{{- end }}

{{/* Selects the operator's Pods: never changes, because a Deployment's selector cannot. */}}
{{- define "operator.selector" -}}
app.kubernetes.io/name: mqtt-kafka-operator
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end }}

{{- define "operator.labels" -}}
{{ include "operator.selector" . }}
app.kubernetes.io/part-of: mqtt-kafka-kit
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The operator's own document. Bridges run the same image as the operator unless it is said otherwise. */}}
{{- define "operator.configuration" -}}
{{- $image := include "operator.image" . }}
{{- $images := merge (deepCopy (.Values.configuration.images | default dict)) (dict "bridge" $image "exporter" $image) }}
{{- $spec := merge (dict "images" $images) (deepCopy .Values.configuration) }}
{{- toYaml (dict "apiVersion" "mqttkafka.dev/v1alpha1" "kind" "MqttKafkaOperator" "spec" $spec) }}
{{- end }}
