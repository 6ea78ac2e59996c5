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
  description = "Component name, as the collector's module has it"
  type        = string
  default     = "OTel-Collector"
}

variable "REGISTRY" {
  description = "Whether the container registry is made here: once for all regions that share one"
  type        = bool
  default     = false
}

variable "REGISTRY_NAME" {
  description = "The container registry; PROJECT and `acr` if none"
  type        = string
  default     = null
}

variable "LOG_DAYS" {
  description = "Days for which the collector's own log stays"
  type        = number
  default     = 30
  validation {
    condition     = var.LOG_DAYS >= 30 && var.LOG_DAYS <= 730
    error_message = "LOG_DAYS is 30 to 730."
  }
}

variable "PUBLIC_VAULT" {
  description = "Whether the key vault answers outside the network: a collector without a subnet asks it from there"
  type        = bool
  default     = true
}

variable "SECRET_OFFICERS" {
  description = "Entra object ids of groups that put secrets into the vault, by any name"
  type        = map(string)
  default     = {}
}
