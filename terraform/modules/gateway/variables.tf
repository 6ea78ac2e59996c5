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

variable "ADDRESS_SPACE" {
  description = "The network of this region, a /20 at most: it is cut into /24 for gateway, collector, endpoints, jobs and warehouse"
  type        = string
  default     = "10.40.0.0/20"
  validation {
    condition     = can(cidrsubnet(var.ADDRESS_SPACE, 24 - tonumber(split("/", var.ADDRESS_SPACE)[1]), 4))
    error_message = "ADDRESS_SPACE is a network that five /24 fit into, as 10.40.0.0/20."
  }
}

variable "ALLOWED_SOURCES" {
  description = "The addresses (CIDR) that may send: the product's cluster in this region, and testing sources"
  type        = list(string)
  validation {
    condition     = length(var.ALLOWED_SOURCES) > 0 && alltrue([for each in var.ALLOWED_SOURCES : can(cidrhost(each, 0))])
    error_message = "ALLOWED_SOURCES holds at least one network as 20.30.40.0/24: without one nobody may send."
  }
  validation {
    condition     = alltrue([for each in var.ALLOWED_SOURCES : tonumber(split("/", each)[1]) >= 8])
    error_message = "ALLOWED_SOURCES holds a network wider than /8, which is no list of known sources."
  }
}

variable "PUBLIC" {
  description = "Whether the gateway has a public address; false where the cluster reaches it within its networks"
  type        = bool
  default     = true
}

variable "COLLECTOR_IP" {
  description = "The collector's private address, as its module says"
  type        = string
}

variable "COLLECTOR_HOST_NAME" {
  description = "The name in the collector's certificate, which the gateway asks for; null where the collector has no TLS"
  type        = string
  default     = null
}

variable "COLLECTOR_CA_SECRET_ID" {
  description = "The authority that signed the collector's certificate, as a key vault's secret; null for a well-known one"
  type        = string
  default     = null
}

variable "CERTIFICATE_SECRET_ID" {
  description = "The key vault's secret (versionless) with the gateway's own certificate"
  type        = string
}

variable "KEY_VAULT_ID" {
  description = "The key vault of that secret; the gateway gets the right to read the one secret"
  type        = string
}

variable "GRPC" {
  description = "Whether 4317 passes too: by the gateway's TCP proxy, TLS ending at the collector, guarded by the allow list alone"
  type        = bool
  default     = true
}

variable "LOG_WORKSPACE_ID" {
  description = "The log workspace that gets what the firewall blocked"
  type        = string
}

variable "CAPACITY" {
  description = "The gateway's units at most; it scales down to none"
  type        = number
  default     = 4
  validation {
    condition     = var.CAPACITY >= 1 && var.CAPACITY <= 125
    error_message = "CAPACITY is 1 to 125."
  }
}

variable "BLOB_ACCOUNT_IDS" {
  description = "The storage accounts that are reached from this network, by any name; each gets a private endpoint"
  type        = map(string)
  default     = {}
}

variable "PEERINGS" {
  description = "Networks that this one is joined with, by any name; empty for a region that is closed"
  type        = map(string)
  default     = {}
}

variable "RESIDENCY" {
  description = "How much leaves the region: central, isolated or aggregates"
  type        = string
  default     = "central"
  validation {
    condition     = contains(["central", "isolated", "aggregates"], var.RESIDENCY)
    error_message = "RESIDENCY is central, isolated or aggregates."
  }
}
