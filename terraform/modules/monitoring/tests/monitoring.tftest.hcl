mock_provider "azurerm" {
  source = "../../mocks"
}

variables {
  PROJECT             = "contoso"
  LOCATION            = "westeurope"
  REGION              = "euc"
  ENVIRONMENT         = "prod"
  OWNER               = "devops"
  EMAILS              = { operators = "operators@contoso.example" }
  LOG_WORKSPACE_ID    = "/subscriptions/x/resourceGroups/y/providers/Microsoft.OperationalInsights/workspaces/w"
  COLLECTOR_ID        = "/subscriptions/x/resourceGroups/y/providers/Microsoft.ContainerInstance/containerGroups/c"
  REGIONAL_ACCOUNT_ID = "/subscriptions/x/resourceGroups/y/providers/Microsoft.Storage/storageAccounts/a"
}

run "a_regions_alarms" {
  variables {
    SPOOL_MINUTES = 60
    BUDGET        = 500
    BUDGET_START  = "2026-12-01"
  }
  assert {
    condition     = azurerm_monitor_metric_alert.silent.window_size == "PT1H" && one(azurerm_monitor_metric_alert.silent.criteria).metric_name == "Transactions"
    error_message = "health: a collector that lives writes a heartbeat"
  }
  assert {
    condition     = strcontains(one(azurerm_monitor_scheduled_query_rules_alert_v2.waiting.criteria).query, var.COLLECTOR_ID) && strcontains(one(azurerm_monitor_scheduled_query_rules_alert_v2.restarts.criteria).query, var.COLLECTOR_ID)
    error_message = "spool and restarts are the collector's"
  }
  assert {
    condition     = length(azurerm_consumption_budget_resource_group.month[0].notification) == 2
    error_message = "told at 80 % spent, and when more than all is foreseen"
  }
}

run "alarms_that_nobody_hears_are_refused" {
  command = plan
  variables {
    EMAILS = {}
  }
  expect_failures = [azurerm_monitor_action_group.operators]
}

run "a_budget_without_a_beginning_is_refused" {
  command = plan
  variables {
    BUDGET = 500
  }
  expect_failures = [azurerm_consumption_budget_resource_group.month]
}

run "wrong_values_are_refused" {
  command = plan
  variables {
    SPOOL_MINUTES = 7
    BUDGET_START  = "today"
  }
  expect_failures = [var.SPOOL_MINUTES, var.BUDGET_START]
}
