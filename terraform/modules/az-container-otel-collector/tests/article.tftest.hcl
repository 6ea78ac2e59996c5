mock_provider "azurerm" {
  source = "../../mocks"
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
