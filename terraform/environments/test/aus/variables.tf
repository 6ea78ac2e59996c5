variable "SUBSCRIPTION_ID" {
  description = "The subscription"
  type        = string
}

variable "PROJECT" {
  description = "Project name"
  type        = string
}

variable "OWNER" {
  description = "Team/person responsible for these resources"
  type        = string
  default     = "devops"
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

variable "DOMAIN" {
  description = "The collectors' certificates are for <region>.<DOMAIN>"
  type        = string
}

variable "BUDGETS" {
  description = "By region: what it may cost a month, in the subscription's currency; none if not given"
  type        = map(number)
  default     = {}
}

variable "BUDGET_START" {
  description = "The first day of the budgets' first month, as 2026-12-01"
  type        = string
  default     = null
}

variable "RESIDENCY" {
  description = "isolated: nothing leaves the region; aggregates: weekly counts do"
  type        = string
  default     = "isolated"
  validation {
    condition     = contains(["isolated", "aggregates"], var.RESIDENCY)
    error_message = "RESIDENCY is isolated or aggregates here; for `central` set AUS in ../company."
  }
}

variable "AGGREGATES_READERS" {
  description = "RESIDENCY = aggregates: principal ids of the centre, by any name"
  type        = map(string)
  default     = {}
}
