# The article's variables, with their names and defaults.

variable "PROJECT" {
  description = "Project name"
  type        = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,9}$", var.PROJECT))
    error_message = "PROJECT goes into names of storage accounts: 2 to 10 lower-case letters and digits, a letter first."
  }
}

variable "NAME" {
  description = "Component name; the resource group is NAME, REGION and ENVIRONMENT in one"
  type        = string
  default     = "OTel"
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

variable "OTEL_CONTAINER_NAME" {
  description = "OTel collector container image name"
  type        = string
  default     = "otel-collector"
}

variable "OTEL_CONTAINER_TAG" {
  description = "OTel collector container image tag"
  type        = string
  default     = "latest"
}

variable "TYPE" {
  description = "Suffix of the shared log workspace's name, which the article's module uses and does not declare"
  type        = string
  default     = ""
}

# Where the shared parts are.

variable "CENTRAL_REGION" {
  description = "The region of the registry and of the central accounts; a region that is not `central` has its own"
  type        = string
  default     = "euc"
}

variable "CENTRAL_SHARDS" {
  description = "The number of the central account that each region replicates to; an account takes two regions"
  type        = map(number)
  default     = { euc = 1, use = 1, cac = 2 }
  validation {
    condition     = alltrue([for shard in values(var.CENTRAL_SHARDS) : length([for each in values(var.CENTRAL_SHARDS) : each if each == shard]) <= 2])
    error_message = "Azure replicates at most two accounts into one: give each number to two regions at most."
  }
}

variable "CENTRAL_ACCOUNT_ID" {
  description = "The central account, where the same run makes it; else it is there already, under its name"
  type        = string
  default     = null
}

variable "HEADS_CONTAINER_ID" {
  description = "The immutable container that the signed heads are written to as well; null for none"
  type        = string
  default     = null
}

variable "HEADS_ACCOUNT_NAME" {
  description = "The account of that container; null for none"
  type        = string
  default     = null
}

variable "REGISTRY_NAME" {
  description = "The container registry; PROJECT and `acr` if none"
  type        = string
  default     = null
}

variable "REGISTRY_RESOURCE_GROUP" {
  description = "The registry's resource group; the shared one of CENTRAL_REGION if none"
  type        = string
  default     = null
}

variable "KEY_VAULT_NAME" {
  description = "The region's key vault in the shared resource group; PROJECT, REGION, ENVIRONMENT and `kv` if none"
  type        = string
  default     = null
}

variable "LOG_WORKSPACE_ID" {
  description = "The log workspace that gets the collector's own log; the shared one of its region if none"
  type        = string
  default     = null
}

# What travels.

variable "RESIDENCY" {
  description = "How much leaves the region: central, isolated or aggregates"
  type        = string
  default     = "central"
  validation {
    condition     = contains(["central", "isolated", "aggregates"], var.RESIDENCY)
    error_message = "RESIDENCY is central, isolated or aggregates."
  }
}

variable "SIGNALS_REPLICATED" {
  description = "The signals that travel to the central account, with the ledger"
  type        = set(string)
  default     = ["logs"]
  validation {
    condition     = length(setsubtract(var.SIGNALS_REPLICATED, ["logs", "traces", "metrics"])) == 0
    error_message = "SIGNALS_REPLICATED holds logs, traces and metrics alone."
  }
}

variable "REPLICATED_BY" {
  description = "Who copies what travels: azure (object replication) or mainstem (`mainstem replicate`)"
  type        = string
  default     = "azure"
  validation {
    condition     = contains(["azure", "mainstem"], var.REPLICATED_BY)
    error_message = "REPLICATED_BY is azure or mainstem."
  }
}

# How long it stays.

variable "RETENTION_DAYS" {
  description = "Days after which telemetry is gone from the region, soft delete counted in"
  type        = number
  default     = 14
  validation {
    condition     = var.RETENTION_DAYS >= 5 && var.RETENTION_DAYS <= 365 && floor(var.RETENTION_DAYS) == var.RETENTION_DAYS
    error_message = "RETENTION_DAYS is 5 to 365 whole days: below that a load that fails over a weekend loses data."
  }
}

variable "RETAIN_GRACE_DAYS" {
  description = "Days that the account's own rule waits longer; 7 where `mainstem retain` removes at RETENTION_DAYS"
  type        = number
  default     = 0
  validation {
    condition     = var.RETAIN_GRACE_DAYS >= 0 && var.RETAIN_GRACE_DAYS <= 30
    error_message = "RETAIN_GRACE_DAYS is 0 to 30."
  }
}

variable "SOFT_DELETE_DAYS" {
  description = "Days for which a deleted blob can be brought back; 0 for none"
  type        = number
  default     = 1
  validation {
    condition     = var.SOFT_DELETE_DAYS >= 0 && var.SOFT_DELETE_DAYS <= 7
    error_message = "SOFT_DELETE_DAYS is 0 to 7: it counts into RETENTION_DAYS."
  }
}

variable "LEDGER_DAYS" {
  description = "Days for which the ledger stays"
  type        = number
  default     = 400
  validation {
    condition     = var.LEDGER_DAYS >= 400
    error_message = "LEDGER_DAYS is at least 400: the books of a year rest on it."
  }
}

# How the collector runs.

variable "CPU" {
  description = "Cores of the container"
  type        = number
  default     = 1
  validation {
    condition     = var.CPU >= 0.5 && var.CPU <= 4
    error_message = "CPU is 0.5 to 4."
  }
}

variable "MEMORY" {
  description = "Memory of the container, in GB"
  type        = number
  default     = 2
  validation {
    condition     = var.MEMORY >= 0.5 && var.MEMORY <= 16
    error_message = "MEMORY is 0.5 to 16."
  }
}

variable "DURABILITY" {
  description = "When a sender gets its OK: store (blob and ledger entry are there) or memory"
  type        = string
  default     = "store"
  validation {
    condition     = contains(["store", "memory"], var.DURABILITY)
    error_message = "DURABILITY is store or memory: a container group's disk is gone when the group moves, so `disk` would promise what nobody keeps."
  }
}

variable "OVERLAY" {
  description = "The region's redaction beside the collector's own, as `redaction` of a region in mainstem.yaml"
  type        = any
  default     = {}
}

variable "BLOCKED_VALUES" {
  description = "RE2 patterns of the redaction processor; the article's two if none"
  type        = list(string)
  default = [
    "(?:[0-9]{1,3}\\.){3}[0-9]{1,3}",
    "[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\\.[a-zA-Z]{2,}",
  ]
}

variable "AUTH" {
  description = "How the collector signs in to its storage account: identity or connection_string"
  type        = string
  default     = "identity"
  validation {
    condition     = contains(["identity", "connection_string"], var.AUTH)
    error_message = "AUTH is identity or connection_string."
  }
}

variable "CONNECTION_STRING" {
  description = "AUTH = connection_string: written into the key vault, and never into plan or state"
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true
}

variable "CONNECTION_STRING_VERSION" {
  description = "Raise it to have CONNECTION_STRING written again"
  type        = number
  default     = 1
}

# Who may send.

variable "SUBNET_ID" {
  description = "A subnet delegated to Microsoft.ContainerInstance/containerGroups: the collector is private; without one it is public"
  type        = string
  default     = null
}

variable "TLS_SECRET" {
  description = "The key vault's secret with the certificate and its key, in PEM; empty for none"
  type        = string
  default     = "otel-collector-tls"
}

variable "TOKEN_SECRET" {
  description = "The key vault's secret with the senders' bearer token; empty for none"
  type        = string
  default     = "otel-sender-token"
}

variable "CLIENT_CA" {
  description = "The authorities of client certificates, in PEM; empty where none are asked for"
  type        = string
  default     = ""
}

variable "ALLOWED_NETWORKS" {
  description = "The networks (CIDR) that the collector takes requests from; empty for all"
  type        = list(string)
  default     = []
  validation {
    condition     = alltrue([for each in var.ALLOWED_NETWORKS : can(cidrhost(each, 0))])
    error_message = "ALLOWED_NETWORKS holds networks as 10.0.0.0/16."
  }
}

variable "TRUSTED_PROXIES" {
  description = "The networks (CIDR) of proxies whose X-Forwarded-For is believed, such as the gateway's subnet"
  type        = list(string)
  default     = []
}

# Who may read.

variable "READERS" {
  description = "Entra object ids of groups that may read the region's telemetry: its operators and support"
  type        = map(string)
  default     = {}
}

variable "AGGREGATES_READERS" {
  description = "RESIDENCY = aggregates: principal ids of the centre, which read the weekly counts and nothing else"
  type        = map(string)
  default     = {}
}
