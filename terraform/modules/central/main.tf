# The central accounts, by shard, and the account of the signed heads.

locals {
  resource_group_name = "${var.PROJECT}${var.REGION}${var.ENVIRONMENT}"
  shards              = toset([for shard in distinct(values(var.SHARDS)) : tostring(shard)])
  regions_of          = { for shard in local.shards : shard => sort([for region, each in var.SHARDS : region if tostring(each) == shard]) }
  delete_after_days   = var.RETENTION_DAYS + var.RETAIN_GRACE_DAYS - var.SOFT_DELETE_DAYS
  tags                = { OWNER = var.OWNER, REGION = var.REGION, ENVIRONMENT = var.ENVIRONMENT }
}

data "azurerm_resource_group" "rg" {
  name = local.resource_group_name
}

data "azurerm_resource_group" "heads" {
  name = coalesce(var.HEADS_RESOURCE_GROUP, local.resource_group_name)
}

resource "azurerm_storage_account" "central" {
  for_each                 = local.shards
  name                     = "${var.PROJECT}dwh${var.REGION}${var.ENVIRONMENT}${each.key}"
  resource_group_name      = data.azurerm_resource_group.rg.name
  location                 = var.LOCATION
  account_tier             = "Standard"
  account_replication_type = "ZRS"

  min_tls_version                  = "TLS1_2"
  https_traffic_only_enabled       = true
  shared_access_key_enabled        = false
  default_to_oauth_authentication  = true
  allow_nested_items_to_be_public  = false
  cross_tenant_replication_enabled = false
  local_user_enabled               = false
  public_network_access_enabled    = var.PUBLIC_NETWORK_ACCESS

  # Object replication asks for versions on both sides.
  blob_properties {
    versioning_enabled            = true
    change_feed_enabled           = true
    change_feed_retention_in_days = 7
    dynamic "delete_retention_policy" {
      for_each = var.SOFT_DELETE_DAYS > 0 ? [var.SOFT_DELETE_DAYS] : []
      content {
        days = delete_retention_policy.value
      }
    }
    container_delete_retention_policy {
      days = 7
    }
  }

  tags = merge(local.tags, { PURPOSE = "OTel copies of ${join(", ", local.regions_of[each.key])}" })

  lifecycle {
    precondition {
      condition     = length("${var.PROJECT}dwh${var.REGION}${var.ENVIRONMENT}${each.key}") <= 24
      error_message = "The name of a central account is longer than the 24 letters that it may have: shorten PROJECT."
    }
  }
}

# An account has one policy, so that all its regions stand in it, a rule each.
resource "azurerm_storage_management_policy" "central" {
  for_each           = local.shards
  storage_account_id = azurerm_storage_account.central[each.key].id

  dynamic "rule" {
    for_each = local.regions_of[each.key]
    content {
      name    = "telemetry-${rule.value}"
      enabled = true
      filters {
        blob_types   = ["blockBlob"]
        prefix_match = ["${rule.value}-logs/", "${rule.value}-traces/", "${rule.value}-metrics/"]
      }
      actions {
        base_blob {
          delete_after_days_since_creation_greater_than = local.delete_after_days
        }
        snapshot {
          delete_after_days_since_creation_greater_than = local.delete_after_days
        }
        version {
          delete_after_days_since_creation = local.delete_after_days
        }
      }
    }
  }

  dynamic "rule" {
    for_each = local.regions_of[each.key]
    content {
      name    = "ledger-${rule.value}"
      enabled = true
      filters {
        blob_types   = ["blockBlob"]
        prefix_match = ["${rule.value}-ledger/"]
      }
      actions {
        base_blob {
          delete_after_days_since_creation_greater_than = var.LEDGER_DAYS
        }
        version {
          delete_after_days_since_creation = var.LEDGER_DAYS
        }
      }
    }
  }
}

resource "azurerm_role_assignment" "read" {
  for_each             = { for pair in setproduct(local.shards, keys(var.READERS)) : join("/", pair) => pair }
  scope                = azurerm_storage_account.central[each.value[0]].id
  role_definition_name = "Storage Blob Data Reader"
  principal_id         = var.READERS[each.value[1]]
  principal_type       = "Group"
}

# The witness: what is written here can be neither changed nor removed while its days last.

resource "azurerm_storage_account" "heads" {
  name                     = "${var.PROJECT}heads${var.REGION}${var.ENVIRONMENT}"
  resource_group_name      = data.azurerm_resource_group.heads.name
  location                 = var.LOCATION
  account_tier             = "Standard"
  account_replication_type = "ZRS"

  min_tls_version                  = "TLS1_2"
  https_traffic_only_enabled       = true
  shared_access_key_enabled        = false
  default_to_oauth_authentication  = true
  allow_nested_items_to_be_public  = false
  cross_tenant_replication_enabled = false
  local_user_enabled               = false
  # Collectors of other regions write here once an hour, with their own rights and nothing secret.
  public_network_access_enabled = true

  tags = merge(local.tags, { PURPOSE = "Signed heads of the ledgers" })
}

resource "azurerm_storage_container" "heads" {
  name                  = "heads"
  storage_account_id    = azurerm_storage_account.heads.id
  container_access_type = "private"
}

resource "azurerm_storage_container_immutability_policy" "heads" {
  storage_container_resource_manager_id = azurerm_storage_container.heads.id
  immutability_period_in_days           = var.LEDGER_DAYS
  locked                                = var.HEADS_LOCKED
}
