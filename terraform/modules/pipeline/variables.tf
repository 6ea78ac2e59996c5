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

variable "IMAGE" {
  description = "The jobs' image with its tag, as contosoacr.azurecr.io/mainstem-jobs:0.1.0"
  type        = string
  validation {
    condition     = can(regex("^[a-z0-9.-]+/[a-z0-9/_-]+(:[A-Za-z0-9._-]+)(@sha256:[0-9a-f]{64})?$", var.IMAGE)) && !endswith(var.IMAGE, ":latest")
    error_message = "IMAGE is registry/name:tag, and its tag is not `latest`: a load has to be repeatable."
  }
}

variable "REGISTRY_ID" {
  description = "The registry's resource id; the job's identity gets the right to pull"
  type        = string
}

variable "PLATFORM" {
  description = "mainstem.yaml for the job, as text without a secret; its `published` is /mnt/data/published"
  type        = string
  validation {
    condition     = !can(regex("(?i)(AccountKey|SharedAccessSignature|password)[ ]*[=:][ ]*[^ ${"$"}k]", var.PLATFORM))
    error_message = "PLATFORM holds what looks like a secret: name its place instead (keyvault:vault/secret)."
  }
}

variable "SUBNET_ID" {
  description = "A subnet of the Container Apps environment, delegated to Microsoft.App/environments; required outside play"
  type        = string
  default     = null
}

variable "DATA_SUBNET_ID" {
  description = "The subnet of the private endpoint of the share that holds what a build publishes"
  type        = string
}

variable "FILE_DNS_ZONE_IDS" {
  description = "The private DNS zones of privatelink.file.core.windows.net"
  type        = list(string)
  default     = []
}

variable "LOG_WORKSPACE_ID" {
  description = "The log workspace of the factory and the job"
  type        = string
}

variable "READ_ACCOUNT_IDS" {
  description = "The storage accounts that the job reads, by any name: the central ones and the regions'"
  type        = map(string)
  default     = {}
}

variable "WRITE_ACCOUNT_IDS" {
  description = "The storage accounts that the job writes to: those that `replicate` fills or `retain` empties"
  type        = map(string)
  default     = {}
}

variable "SECRET_IDS" {
  description = "The key vault's secrets that the job reads, by any name, as <vault's id>/secrets/<name>"
  type        = map(string)
  default     = {}
}

variable "CPU" {
  description = "Cores of the job"
  type        = number
  default     = 2
}

variable "MEMORY" {
  description = "Memory of the job: twice the cores, in Gi, as Container Apps pairs them"
  type        = string
  default     = "4Gi"
}

variable "TIMEOUT_SECONDS" {
  description = "After this the job is ended; the pipeline waits for six hours"
  type        = number
  default     = 14400
  validation {
    condition     = var.TIMEOUT_SECONDS >= 600 && var.TIMEOUT_SECONDS <= 20000
    error_message = "TIMEOUT_SECONDS is 600 to 20000: the pipeline gives up after six hours."
  }
}

variable "SHARE_GB" {
  description = "The share for what a build publishes, in GiB; 100 at least, as Azure has it"
  type        = number
  default     = 100
}

variable "HOUR" {
  description = "The hour of the day at which the trigger starts the pipeline, in TIME_ZONE"
  type        = number
  default     = 3
  validation {
    condition     = var.HOUR >= 0 && var.HOUR <= 23
    error_message = "HOUR is 0 to 23."
  }
}

variable "TIME_ZONE" {
  description = "The trigger's time zone, by its Windows name"
  type        = string
  default     = "UTC"
}

variable "ACTION_GROUP_ID" {
  description = "Who is told when a run fails, when none succeeds for a day, and when replication lags"
  type        = string
}

variable "REPLICATION_HOURS" {
  description = "How old what has not travelled may be"
  type        = number
  default     = 26
  validation {
    condition     = var.REPLICATION_HOURS >= 1 && var.REPLICATION_HOURS <= 47
    error_message = "REPLICATION_HOURS is 1 to 47."
  }
}

variable "SQL_SERVER" {
  description = "A foreign warehouse: the SQL Server's host name; null for none"
  type        = string
  default     = null
}

variable "SQL_DATABASE" {
  description = "A foreign warehouse: the database"
  type        = string
  default     = "dwh"
}

variable "SQL_TABLES" {
  description = "A foreign warehouse: the published tables that are copied"
  type        = set(string)
  default     = []
}

variable "PUBLISHED_ACCOUNT_NAME" {
  description = "A foreign warehouse: the account whose container `published` holds the builds' Parquet"
  type        = string
  default     = null
}

variable "PUBLISHED_ACCOUNT_ID" {
  description = "A foreign warehouse: the same account's resource id"
  type        = string
  default     = null
}
