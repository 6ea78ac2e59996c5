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

variable "SHARDS" {
  description = "The number of the central account that each region replicates to; an account takes two regions"
  type        = map(number)
  default     = { euc = 1, use = 1, cac = 2 }
  validation {
    condition     = alltrue([for shard in values(var.SHARDS) : length([for each in values(var.SHARDS) : each if each == shard]) <= 2])
    error_message = "Azure replicates at most two accounts into one: give each number to two regions at most."
  }
  validation {
    condition     = alltrue([for shard in values(var.SHARDS) : shard >= 1 && shard <= 99 && floor(shard) == shard])
    error_message = "A number of SHARDS is 1 to 99."
  }
}

variable "RETENTION_DAYS" {
  description = "Days after which copies are gone, soft delete counted in; not less than in the regions, whose deletions are replicated"
  type        = number
  default     = 14
  validation {
    condition     = var.RETENTION_DAYS >= 5 && var.RETENTION_DAYS <= 365 && floor(var.RETENTION_DAYS) == var.RETENTION_DAYS
    error_message = "RETENTION_DAYS is 5 to 365 whole days: below that a load that fails over a weekend loses data."
  }
}

variable "RETAIN_GRACE_DAYS" {
  description = "Days that the accounts' own rule waits longer; 7 where `mainstem retain` removes at RETENTION_DAYS"
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
  description = "Days for which the copies of the ledger stay"
  type        = number
  default     = 400
  validation {
    condition     = var.LEDGER_DAYS >= 400
    error_message = "LEDGER_DAYS is at least 400: the books of a year rest on it."
  }
}

variable "HEADS_RESOURCE_GROUP" {
  description = "The resource group of the account that holds the signed heads, under another administrator"
  type        = string
  default     = null
}

variable "HEADS_LOCKED" {
  description = "Whether the heads' immutability is locked, which nobody can undo, not even its administrator"
  type        = bool
  default     = false
}

variable "READERS" {
  description = "Entra object ids of groups that may read the copies"
  type        = map(string)
  default     = {}
}

variable "PUBLIC_NETWORK_ACCESS" {
  description = "Whether the accounts answer outside private endpoints; with Entra's rights alone in either case"
  type        = bool
  default     = false
}
