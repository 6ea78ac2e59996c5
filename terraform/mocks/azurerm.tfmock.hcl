# What azurerm answers in the modules' tests, where a made-up text would not be taken.

mock_data "azurerm_client_config" {
  defaults = { subscription_id = "00000000-0000-0000-0000-000000000001", tenant_id = "00000000-0000-0000-0000-000000000002" }
}
mock_data "azurerm_resource_group" {
  defaults = { id = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/shared" }
}
mock_data "azurerm_key_vault" {
  defaults = { id = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/shared/providers/Microsoft.KeyVault/vaults/kv" }
}
mock_resource "azurerm_storage_account" {
  defaults = { primary_blob_endpoint = "https://contosooteleucprod.blob.core.windows.net/" }
}
mock_resource "azurerm_container_group" {
  defaults = { fqdn = "contoso-otel-euc-prod.westeurope.azurecontainer.io", ip_address = "10.48.1.4" }
}
