# Resource Block -> Weekly counts, which are all that leaves a region of residency `aggregates`

# An account of its own: the centre gets no right, and no way, to the one with telemetry in it.
resource "azurerm_storage_account" "aggregates" {
  count                    = var.RESIDENCY == "aggregates" ? 1 : 0
  name                     = "${var.PROJECT}weeks${var.REGION}${var.ENVIRONMENT}"
  resource_group_name      = data.azurerm_resource_group.rg.name
  location                 = var.LOCATION
  account_tier             = "Standard"
  account_replication_type = "LRS"

  min_tls_version                  = "TLS1_2"
  https_traffic_only_enabled       = true
  shared_access_key_enabled        = false
  default_to_oauth_authentication  = true
  allow_nested_items_to_be_public  = false
  cross_tenant_replication_enabled = false
  local_user_enabled               = false
  public_network_access_enabled    = true

  tags = merge(local.tags, { PURPOSE = "Weekly counts for the centre" })
}

resource "azurerm_storage_container" "aggregates" {
  count                 = var.RESIDENCY == "aggregates" ? 1 : 0
  name                  = "aggregates"
  storage_account_id    = azurerm_storage_account.aggregates[0].id
  container_access_type = "private"
}

resource "azurerm_role_assignment" "read_aggregates" {
  for_each             = var.RESIDENCY == "aggregates" ? var.AGGREGATES_READERS : {}
  scope                = azurerm_storage_container.aggregates[0].id
  role_definition_name = "Storage Blob Data Reader"
  principal_id         = each.value
  principal_type       = "ServicePrincipal"
}
