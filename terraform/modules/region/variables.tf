variable "PROJECT" {
  description = "Project name"
  type        = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,9}$", var.PROJECT))
    error_message = "PROJECT goes into names of storage accounts: 2 to 10 lower-case letters and digits, a letter first."
  }
}

variable "LOCATION" {
  description = "Azure region location (e.g., westeurope, eastus)"
  type        = string
}

variable "REGION" {
  description = "Region identifier (euc, use, cac, ...)"
  type        = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,4}$", var.REGION))
    error_message = "REGION is 2 to 5 lower-case letters and digits, a letter first, as mainstem.yaml names it."
  }
}

variable "ENVIRONMENT" {
  description = "Environment (play, test, prod)"
  type        = string
  validation {
    condition     = contains(["play", "test", "prod"], var.ENVIRONMENT)
    error_message = "ENVIRONMENT is play, test or prod."
  }
}

variable "OWNER" {
  description = "Team/person responsible for this resource"
  type        = string
}

variable "NAME" {
  description = "Component name of the collector"
  type        = string
  default     = "OTel-Collector"
}

variable "IMAGE_NAME" {
  description = "The collector's image in the registry"
  type        = string
  default     = "mainstem-collector"
}

variable "IMAGE_TAG" {
  description = "The collector's image tag: all that couples an image to an environment"
  type        = string
}

variable "SETTINGS" {
  description = "What is this region's own: network, senders, certificates, signals, redaction, size"
  type = object({
    address_space      = string
    allowed_sources    = list(string)
    host_name          = string
    public             = optional(bool, true)
    grpc               = optional(bool, true)
    ca_secret_id       = optional(string)
    client_ca          = optional(string, "")
    signals_replicated = optional(set(string), ["logs"])
    overlay            = optional(string, "{}") # JSON: a region's `redaction` of mainstem.yaml
    cpu                = optional(number, 1)
    memory             = optional(number, 2)
    readers            = optional(map(string), {})
    peerings           = optional(map(string), {})
    budget             = optional(number)
  })
}

variable "RESIDENCY" {
  description = "How much leaves the region: central, isolated or aggregates"
  type        = string
  default     = "central"
}

variable "CENTRAL_REGION" {
  description = "The region of the registry and the central accounts"
  type        = string
  default     = "euc"
}

variable "CENTRAL_SHARDS" {
  description = "The number of the central account that each region replicates to"
  type        = map(number)
  default     = { euc = 1, use = 1, cac = 2 }
}

variable "CENTRAL_ACCOUNT_ID" {
  description = "The central account, where the same run makes it"
  type        = string
  default     = null
}

variable "HEADS" {
  description = "Where signed heads are witnessed: the account's name and the container's id; null for nowhere"
  type        = object({ account_name = string, container_id = string })
  default     = null
}

variable "REPLICATED_BY" {
  description = "Who copies what travels: azure or mainstem"
  type        = string
  default     = "azure"
}

variable "RETENTION_DAYS" {
  description = "Days after which telemetry is gone from the region"
  type        = number
  default     = 14
}

variable "RETAIN_GRACE_DAYS" {
  description = "Days that the account's own rule waits longer, behind `mainstem retain`"
  type        = number
  default     = 7
}

variable "AGGREGATES_READERS" {
  description = "RESIDENCY = aggregates: principal ids of the centre"
  type        = map(string)
  default     = {}
}

variable "BLOB_ACCOUNT_IDS" {
  description = "Further storage accounts that are reached from this region's network"
  type        = map(string)
  default     = {}
}

variable "EMAILS" {
  description = "Who is told, address by name"
  type        = map(string)
}

variable "BUDGET_START" {
  description = "The first day of the budget's first month, as 2026-12-01"
  type        = string
  default     = null
}

variable "REGISTRY_NAME" {
  description = "The container registry; PROJECT and `acr` if none"
  type        = string
  default     = null
}
