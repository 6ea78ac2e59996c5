PROJECT      = "contoso"
OTEL_VERSION = "0.1.0"
JOBS_VERSION = "0.1.0"
DOMAIN       = "otel.play.contoso.example"
EMAILS       = { operators = "telemetry-operators@contoso.example" }

# The addresses of RFC 5737, which are nobody's: put your clusters' here.
ALLOWED_SOURCES = {
  euc = ["192.0.2.0/25"]
  use = ["192.0.2.128/26"]
  cac = ["192.0.2.192/26"]
  aus = ["198.51.100.0/25"]
}
