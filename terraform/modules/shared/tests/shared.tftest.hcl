mock_provider "azurerm" {
  source = "../../mocks"
}

variables {
  PROJECT     = "contoso"
  LOCATION    = "westeurope"
  REGION      = "euc"
  ENVIRONMENT = "prod"
  OWNER       = "devops"
}

run "what_the_articles_module_looks_up" {
  variables {
    REGISTRY = true
  }
  assert {
    condition     = azurerm_resource_group.shared.name == "contosoeucprod" && azurerm_resource_group.collector.name == "OTel-Collectoreucprod" && azurerm_log_analytics_workspace.log.name == "contosoeucprod-law" && azurerm_container_registry.registry[0].name == "contosoacr"
    error_message = "names as the article has them"
  }
  assert {
    condition     = !azurerm_log_analytics_workspace.log.local_authentication_enabled && !azurerm_container_registry.registry[0].admin_enabled && azurerm_key_vault.vault.rbac_authorization_enabled
    error_message = "rights are Entra's"
  }
}

run "a_name_that_is_too_long_is_refused" {
  command = plan
  variables {
    PROJECT = "contosoltd"
    REGION  = "eucen"
    NAME    = "OTel"
  }
  assert {
    condition     = length(azurerm_key_vault.vault.name) <= 24
    error_message = "10, 5, 4 and 2 letters fit"
  }
}

run "wrong_values_are_refused" {
  command = plan
  variables {
    LOG_DAYS = 7
  }
  expect_failures = [var.LOG_DAYS]
}
