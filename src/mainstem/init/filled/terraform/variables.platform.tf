variable "SUBSCRIPTION_ID" {
  description = "The subscription"
  type        = string
}

variable "OTEL_VERSION" {
  description = "The collector's image tag"
  type        = string
}

variable "JOBS_VERSION" {
  description = "The jobs' image tag"
  type        = string
}

variable "WAREHOUSE_PASSWORD" {
  description = "By TF_VAR_WAREHOUSE_PASSWORD; goes to the server and the key vault, never into plan or state"
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true
}

variable "EMAILS" {
  description = "Who is told of alarms, address by name"
  type        = map(string)
}

variable "ALLOWED_SOURCES" {
  description = "By region: the addresses (CIDR) of the product's cluster, and testing sources"
  type        = map(list(string))
}
