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

variable "KIND" {
  description = "postgresql: a flexible server; delta: Delta tables in a storage account, for Spark and Databricks"
  type        = string
  default     = "postgresql"
  validation {
    condition     = contains(["postgresql", "delta"], var.KIND)
    error_message = "KIND is postgresql or delta."
  }
}

variable "SUBNET_ID" {
  description = "postgresql: a subnet delegated to Microsoft.DBforPostgreSQL/flexibleServers"
  type        = string
  default     = null
}

variable "PRIVATE_DNS_ZONE_ID" {
  description = "postgresql: a private DNS zone that ends in .postgres.database.azure.com, linked to the network"
  type        = string
  default     = null
}

variable "SKU" {
  description = "postgresql: the server's size"
  type        = string
  default     = "GP_Standard_D2ds_v5"
}

variable "STORAGE_MB" {
  description = "postgresql: the server's disk"
  type        = number
  default     = 131072
}

variable "BACKUP_DAYS" {
  description = "postgresql: how far back a point in time can be restored"
  type        = number
  default     = 14
  validation {
    condition     = var.BACKUP_DAYS >= 7 && var.BACKUP_DAYS <= 35
    error_message = "BACKUP_DAYS is 7 to 35, as Azure has it."
  }
}

variable "GEO_BACKUP" {
  description = "postgresql: whether backups are kept in the paired region too; never for a region whose data may not leave it"
  type        = bool
  default     = false
}

variable "ZONE_REDUNDANT" {
  description = "postgresql: whether a second server stands by in another zone"
  type        = bool
  default     = false
}

variable "ADMINISTRATOR_PASSWORD" {
  description = "postgresql: written to the server and into the key vault, and never into plan or state"
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true
}

variable "ADMINISTRATOR_PASSWORD_VERSION" {
  description = "Raise it to have ADMINISTRATOR_PASSWORD written again"
  type        = number
  default     = 1
}

variable "KEY_VAULT_NAME" {
  description = "The key vault in the shared resource group; PROJECT, REGION, ENVIRONMENT and `kv` if none"
  type        = string
  default     = null
}

variable "ADMINISTRATORS" {
  description = "postgresql: Entra groups that administer the server, object id by name"
  type        = map(string)
  default     = {}
}

variable "REGION_READERS" {
  description = "The regions whose operators and support read their own rows; a role each"
  type        = set(string)
  default     = []
}

variable "WRITER_PRINCIPAL_ID" {
  description = "delta: the principal that loads"
  type        = string
  default     = null
}
