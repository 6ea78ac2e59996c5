# The warehouse: a PostgreSQL server, or the account in which Delta tables lie.

locals {
  resource_group_name = "${var.PROJECT}${var.REGION}${var.ENVIRONMENT}"
  key_vault_name      = coalesce(var.KEY_VAULT_NAME, "${local.resource_group_name}kv")
  has_server          = var.KIND == "postgresql"
  server_name         = "${var.PROJECT}-dwh-${var.REGION}-${var.ENVIRONMENT}"
  tags                = { OWNER = var.OWNER, REGION = var.REGION, ENVIRONMENT = var.ENVIRONMENT }
  password_secret     = "warehouse-password"
}

data "azurerm_client_config" "current" {}

data "azurerm_resource_group" "rg" {
  name = local.resource_group_name
}

data "azurerm_key_vault" "infra_shared" {
  count               = local.has_server ? 1 : 0
  name                = local.key_vault_name
  resource_group_name = data.azurerm_resource_group.rg.name
}

resource "azurerm_postgresql_flexible_server" "warehouse" {
  count               = local.has_server ? 1 : 0
  name                = local.server_name
  resource_group_name = data.azurerm_resource_group.rg.name
  location            = var.LOCATION
  version             = "16"
  sku_name            = var.SKU
  storage_mb          = var.STORAGE_MB
  auto_grow_enabled   = true

  delegated_subnet_id           = var.SUBNET_ID
  private_dns_zone_id           = var.PRIVATE_DNS_ZONE_ID
  public_network_access_enabled = false

  administrator_login               = "mainstem"
  administrator_password_wo         = var.ADMINISTRATOR_PASSWORD
  administrator_password_wo_version = var.ADMINISTRATOR_PASSWORD_VERSION

  authentication {
    active_directory_auth_enabled = true
    password_auth_enabled         = true
    tenant_id                     = data.azurerm_client_config.current.tenant_id
  }

  backup_retention_days        = var.BACKUP_DAYS
  geo_redundant_backup_enabled = var.GEO_BACKUP

  dynamic "high_availability" {
    for_each = var.ZONE_REDUNDANT ? ["ZoneRedundant"] : []
    content {
      mode = high_availability.value
    }
  }

  tags = merge(local.tags, { PURPOSE = "Warehouse" })

  lifecycle {
    # Azure chooses the zones, and swaps them when the standby takes over.
    ignore_changes = [zone, high_availability[0].standby_availability_zone]
    precondition {
      condition     = var.SUBNET_ID != null && var.PRIVATE_DNS_ZONE_ID != null
      error_message = "The server is private: it needs SUBNET_ID and PRIVATE_DNS_ZONE_ID."
    }
  }
}

# Text orders as it does in DuckDB; another locale may choose another of two equal rows.
resource "azurerm_postgresql_flexible_server_database" "telemetry" {
  count     = local.has_server ? 1 : 0
  name      = "telemetry"
  server_id = azurerm_postgresql_flexible_server.warehouse[0].id
  charset   = "UTF8"
  collation = "C"
}

resource "azurerm_management_lock" "warehouse" {
  count      = var.ENVIRONMENT == "prod" ? 1 : 0
  name       = "the-only-copy"
  scope      = local.has_server ? azurerm_postgresql_flexible_server.warehouse[0].id : azurerm_storage_account.tables[0].id
  lock_level = "CanNotDelete"
  notes      = "The regions keep telemetry for days; what is loaded is here alone."
}

resource "azurerm_postgresql_flexible_server_configuration" "secure_transport" {
  count     = local.has_server ? 1 : 0
  name      = "require_secure_transport"
  server_id = azurerm_postgresql_flexible_server.warehouse[0].id
  value     = "on"
}

resource "azurerm_postgresql_flexible_server_active_directory_administrator" "administrators" {
  for_each            = local.has_server ? var.ADMINISTRATORS : {}
  server_name         = azurerm_postgresql_flexible_server.warehouse[0].name
  resource_group_name = data.azurerm_resource_group.rg.name
  tenant_id           = data.azurerm_client_config.current.tenant_id
  object_id           = each.value
  principal_name      = each.key
  principal_type      = "Group"
}

resource "azurerm_key_vault_secret" "password" {
  count            = local.has_server ? 1 : 0
  name             = local.password_secret
  key_vault_id     = data.azurerm_key_vault.infra_shared[0].id
  value_wo         = var.ADMINISTRATOR_PASSWORD
  value_wo_version = var.ADMINISTRATOR_PASSWORD_VERSION
}

# Delta: an account without a hierarchical namespace would do; Databricks likes it with one.

resource "azurerm_storage_account" "tables" {
  count                    = local.has_server ? 0 : 1
  name                     = "${var.PROJECT}tables${var.REGION}${var.ENVIRONMENT}"
  resource_group_name      = data.azurerm_resource_group.rg.name
  location                 = var.LOCATION
  account_tier             = "Standard"
  account_replication_type = "ZRS"
  is_hns_enabled           = true

  min_tls_version                  = "TLS1_2"
  https_traffic_only_enabled       = true
  shared_access_key_enabled        = false
  default_to_oauth_authentication  = true
  allow_nested_items_to_be_public  = false
  cross_tenant_replication_enabled = false
  local_user_enabled               = false
  public_network_access_enabled    = false

  blob_properties {
    delete_retention_policy {
      days = 7
    }
    container_delete_retention_policy {
      days = 7
    }
  }

  tags = merge(local.tags, { PURPOSE = "Delta tables" })
}

resource "azurerm_storage_container" "tables" {
  count                 = local.has_server ? 0 : 1
  name                  = "tables"
  storage_account_id    = azurerm_storage_account.tables[0].id
  container_access_type = "private"
}

resource "azurerm_databricks_access_connector" "tables" {
  count               = local.has_server ? 0 : 1
  name                = "${local.server_name}-databricks"
  resource_group_name = data.azurerm_resource_group.rg.name
  location            = var.LOCATION
  tags                = local.tags

  identity {
    type = "SystemAssigned"
  }
}

resource "azurerm_role_assignment" "databricks_reads" {
  count                = local.has_server ? 0 : 1
  scope                = azurerm_storage_container.tables[0].id
  role_definition_name = "Storage Blob Data Reader"
  principal_id         = azurerm_databricks_access_connector.tables[0].identity[0].principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_role_assignment" "load" {
  count                = !local.has_server && var.WRITER_PRINCIPAL_ID != null ? 1 : 0
  scope                = azurerm_storage_container.tables[0].id
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = var.WRITER_PRINCIPAL_ID
  principal_type       = "ServicePrincipal"
}
