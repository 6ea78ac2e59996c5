# What a region's parts share and look up: resource groups, a key vault, a log workspace, a registry.

locals {
  name = "${var.PROJECT}${var.REGION}${var.ENVIRONMENT}"
  tags = { OWNER = var.OWNER, REGION = var.REGION, ENVIRONMENT = var.ENVIRONMENT }
}

data "azurerm_client_config" "current" {}

resource "azurerm_resource_group" "shared" {
  name     = local.name
  location = var.LOCATION
  tags     = local.tags
}

resource "azurerm_resource_group" "collector" {
  name     = "${var.NAME}${var.REGION}${var.ENVIRONMENT}"
  location = var.LOCATION
  tags     = local.tags
}

resource "azurerm_log_analytics_workspace" "log" {
  name                = "${local.name}-law"
  resource_group_name = azurerm_resource_group.shared.name
  location            = var.LOCATION
  sku                 = "PerGB2018"
  retention_in_days   = var.LOG_DAYS
  # Entra's rights alone: nothing here uses the workspace's key.
  local_authentication_enabled = false
  tags                         = local.tags
}

resource "azurerm_key_vault" "vault" {
  name                          = "${local.name}kv"
  resource_group_name           = azurerm_resource_group.shared.name
  location                      = var.LOCATION
  tenant_id                     = data.azurerm_client_config.current.tenant_id
  sku_name                      = "standard"
  rbac_authorization_enabled    = true
  purge_protection_enabled      = true
  soft_delete_retention_days    = 90
  public_network_access_enabled = var.PUBLIC_VAULT
  tags                          = local.tags

  network_acls {
    bypass         = "AzureServices"
    default_action = var.PUBLIC_VAULT ? "Allow" : "Deny"
  }

  lifecycle {
    precondition {
      condition     = length("${local.name}kv") <= 24
      error_message = "${local.name}kv is longer than the 24 letters that a key vault's name may have: shorten PROJECT."
    }
  }
}

resource "azurerm_role_assignment" "put_secrets" {
  for_each             = var.SECRET_OFFICERS
  scope                = azurerm_key_vault.vault.id
  role_definition_name = "Key Vault Secrets Officer"
  principal_id         = each.value
  principal_type       = "Group"
}

resource "azurerm_monitor_diagnostic_setting" "vault" {
  name                       = "who-reads-secrets"
  target_resource_id         = azurerm_key_vault.vault.id
  log_analytics_workspace_id = azurerm_log_analytics_workspace.log.id

  enabled_log {
    category = "AuditEvent"
  }
}

resource "azurerm_container_registry" "registry" {
  count                         = var.REGISTRY ? 1 : 0
  name                          = coalesce(var.REGISTRY_NAME, "${var.PROJECT}acr")
  resource_group_name           = azurerm_resource_group.shared.name
  location                      = var.LOCATION
  sku                           = "Premium"
  admin_enabled                 = false
  anonymous_pull_enabled        = false
  public_network_access_enabled = true
  tags                          = local.tags
}
