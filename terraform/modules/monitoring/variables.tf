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

variable "EMAILS" {
  description = "Who is told, address by name; a mailing list rather than a person"
  type        = map(string)
  default     = {}
}

variable "WEBHOOKS" {
  description = "Who is told, address by name, without a secret in it: pager or chat by the receiver's own sign-in"
  type        = map(string)
  default     = {}
}

variable "LOG_WORKSPACE_ID" {
  description = "The log workspace of the collector"
  type        = string
}

variable "COLLECTOR_ID" {
  description = "The collector's container group"
  type        = string
}

variable "REGIONAL_ACCOUNT_ID" {
  description = "The region's storage account"
  type        = string
}

variable "SPOOL_MINUTES" {
  description = "After so many minutes without a ledger entry the collector counts as silent: it writes one every 5"
  type        = number
  default     = 15
  validation {
    condition     = contains([15, 30, 60], var.SPOOL_MINUTES)
    error_message = "SPOOL_MINUTES is 15, 30 or 60, as Azure's windows are."
  }
}

variable "BUDGET" {
  description = "What the resource group may cost a month, in the subscription's currency; null for no budget"
  type        = number
  default     = null
}

variable "BUDGET_START" {
  description = "The first day of the budget's first month, as 2026-12-01"
  type        = string
  default     = null
  validation {
    condition     = var.BUDGET_START == null ? true : can(regex("^20[0-9]{2}-[01][0-9]-01$", var.BUDGET_START))
    error_message = "BUDGET_START is the first day of a month, as 2026-12-01."
  }
}

variable "BUDGET_EMAILS" {
  description = "Who is told of the budget; EMAILS if none"
  type        = list(string)
  default     = []
}
