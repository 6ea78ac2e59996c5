variable "PROJECT" {
  description = "Project name"
  type        = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,9}$", var.PROJECT))
    error_message = "PROJECT goes into names of storage accounts: 2 to 10 lower-case letters and digits, a letter first."
  }
}

variable "REGION" {
  description = "The home region, where what travels comes together, one of REGIONS"
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

variable "REGIONS" {
  description = "The regions that are loaded here, the home region among them: place and settings of each"
  type = map(object({
    location           = string
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
    budget             = optional(number)
  }))
}

variable "RESIDENCY" {
  description = "central: these regions come together at the home region; isolated or aggregates: the home region alone, for itself"
  type        = string
  default     = "central"
  validation {
    condition     = contains(["central", "isolated", "aggregates"], var.RESIDENCY)
    error_message = "RESIDENCY is central, isolated or aggregates."
  }
}

variable "CLOSED_REGIONS" {
  description = "Regions that are run elsewhere, of which mainstem.yaml knows name, place and residency, and of `aggregates` the account of the weekly counts"
  type = map(object({
    location           = string
    residency          = string
    aggregates_account = optional(string)
  }))
  default = {}
  validation {
    condition     = alltrue([for each in values(var.CLOSED_REGIONS) : each.residency == "isolated" && each.aggregates_account == null || each.residency == "aggregates" && each.aggregates_account != null])
    error_message = "A region of CLOSED_REGIONS is isolated, and then nothing of it is known, or aggregates, and then the account of its counts is."
  }
}

variable "SHARDS" {
  description = "The number of the central account that each region replicates to; an account takes two"
  type        = map(number)
  default     = { euc = 1, use = 1, cac = 2, aus = 2 }
}

variable "COLLECTOR_TAG" {
  description = "The collector's image tag"
  type        = string
}

variable "JOBS_TAG" {
  description = "The jobs' image tag"
  type        = string
}

variable "REGISTRY_NAME" {
  description = "The container registry; PROJECT and `acr` if none"
  type        = string
  default     = null
}

variable "REPLICATED_BY" {
  description = "Who copies what travels: azure or mainstem"
  type        = string
  default     = "azure"
}

variable "RETENTION_DAYS" {
  description = "Days after which telemetry is gone"
  type        = number
  default     = 14
}

variable "HEADS_RESOURCE_GROUP" {
  description = "The resource group of the signed heads, under another administrator"
  type        = string
  default     = null
}

variable "HEADS_LOCKED" {
  description = "Whether the heads' immutability is locked for good"
  type        = bool
  default     = false
}

variable "WAREHOUSE_PASSWORD" {
  description = "Written to the server and into the key vault, and never into plan or state"
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true
}

variable "WAREHOUSE_SKU" {
  description = "The server's size"
  type        = string
  default     = "GP_Standard_D2ds_v5"
}

variable "WAREHOUSE_ADMINISTRATORS" {
  description = "Entra groups that administer the server, object id by name"
  type        = map(string)
  default     = {}
}

variable "WAREHOUSE_ZONE_REDUNDANT" {
  description = "Whether a second server stands by in another zone"
  type        = bool
  default     = false
}

variable "SOURCES" {
  description = "`sources` of mainstem.yaml: the business files, under /mnt/data/business"
  type        = any
  default     = {}
}

variable "AGGREGATES_READERS" {
  description = "RESIDENCY = aggregates: principal ids of the centre"
  type        = map(string)
  default     = {}
}

variable "EMAILS" {
  description = "Who is told, address by name"
  type        = map(string)
}

variable "BUDGET_START" {
  description = "The first day of the budgets' first month, as 2026-12-01"
  type        = string
  default     = null
}

variable "HOUR" {
  description = "The hour of the day at which the load starts, UTC"
  type        = number
  default     = 3
}
