mock_provider "azurerm" {
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
}

# The article's own call, as its euc-prod/main.tf prints it.
variables {
  PROJECT             = "contoso"
  NAME                = "OTel-Collector"
  LOCATION            = "westeurope"
  REGION              = "euc"
  ENVIRONMENT         = "prod"
  OWNER               = "devops"
  OTEL_CONTAINER_NAME = "otel-contrib"
  OTEL_CONTAINER_TAG  = "0.92.0"
}

run "the_articles_own_call" {
  command = plan
  assert {
    condition     = azurerm_container_group.otel_collector.container[0].image == "contosoacr.azurecr.io/otel-contrib:0.92.0"
    error_message = "the image comes from the project's registry, by its tag"
  }
  assert {
    condition     = azurerm_container_group.otel_collector.ip_address_type == "Public"
    error_message = "without a subnet it is public, and its preconditions hold"
  }
}
