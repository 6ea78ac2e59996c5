PROJECT         = "contoso"
OWNER           = "partner"
OTEL_VERSION    = "0.1.0"
JOBS_VERSION    = "0.1.0"
DOMAIN          = "otel.test.contoso.example"
EMAILS          = { operators = "telemetry-operators@partner.example" }
ALLOWED_SOURCES = { aus = ["198.51.100.0/25"] }
