OTEL_VERSION = "${version}"
JOBS_VERSION = "${version}"
EMAILS       = { operators = "telemetry@${domain}" }

# Addresses of RFC 5737, which are nobody's: put your clusters' here.
ALLOWED_SOURCES = {
${sources}
}
