# A share for what a build publishes and for the business files. By NFS, whose guard is the network:
# SMB would need the account's key.

resource "azurerm_storage_account" "data" {
  name                     = "${var.PROJECT}files${var.REGION}${var.ENVIRONMENT}"
  resource_group_name      = data.azurerm_resource_group.rg.name
  location                 = var.LOCATION
  account_kind             = "FileStorage"
  account_tier             = "Premium"
  account_replication_type = "ZRS"

  min_tls_version = "TLS1_2"
  # NFS has no TLS of its own on this kind of share; it is reached by a private endpoint alone.
  https_traffic_only_enabled       = false
  shared_access_key_enabled        = false
  default_to_oauth_authentication  = true
  allow_nested_items_to_be_public  = false
  cross_tenant_replication_enabled = false
  local_user_enabled               = false
  public_network_access_enabled    = false

  tags = merge(local.tags, { PURPOSE = "What a build publishes" })
}

resource "azurerm_storage_share" "data" {
  name               = "data"
  storage_account_id = azurerm_storage_account.data.id
  enabled_protocol   = "NFS"
  quota              = var.SHARE_GB
}

resource "azurerm_private_endpoint" "data" {
  name                = "${local.name}-files"
  resource_group_name = data.azurerm_resource_group.rg.name
  location            = var.LOCATION
  subnet_id           = var.DATA_SUBNET_ID
  tags                = local.tags

  private_service_connection {
    name                           = "files"
    private_connection_resource_id = azurerm_storage_account.data.id
    subresource_names              = ["file"]
    is_manual_connection           = false
  }

  dynamic "private_dns_zone_group" {
    for_each = length(var.FILE_DNS_ZONE_IDS) > 0 ? [var.FILE_DNS_ZONE_IDS] : []
    content {
      name                 = "files"
      private_dns_zone_ids = private_dns_zone_group.value
    }
  }
}
