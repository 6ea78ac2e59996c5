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

run "two_regions_an_account" {
  assert {
    condition     = output.account_names == ({ euc = "contosodwheucprod1", use = "contosodwheucprod1", cac = "contosodwheucprod2" })
    error_message = "Azure copies two accounts into one at most"
  }
  assert {
    condition     = alltrue([for account in azurerm_storage_account.central : account.blob_properties[0].versioning_enabled && !account.shared_access_key_enabled])
    error_message = "copies have versions, and nobody signs in with a key"
  }
}

run "one_policy_an_account_with_all_its_regions" {
  assert {
    condition     = toset([for rule in azurerm_storage_management_policy.central["1"].rule : rule.name]) == toset(["telemetry-euc", "telemetry-use", "ledger-euc", "ledger-use"])
    error_message = "a second policy would replace the first"
  }
  assert {
    condition     = alltrue([for rule in azurerm_storage_management_policy.central["2"].rule : rule.actions[0].version[0].delete_after_days_since_creation == (startswith(rule.name, "ledger") ? 400 : 13)])
    error_message = "versions go with their blobs"
  }
}

run "heads_cannot_be_taken_back" {
  assert {
    condition     = azurerm_storage_container_immutability_policy.heads.immutability_period_in_days == 400 && azurerm_storage_account.heads.name == "contosoheadseucprod"
    error_message = "what is written there stays as it is"
  }
}

run "readers_read" {
  variables {
    READERS = { analysts = "00000000-0000-0000-0000-00000000000a" }
  }
  assert {
    condition     = length(azurerm_role_assignment.read) == 2 && alltrue([for each in azurerm_role_assignment.read : each.role_definition_name == "Storage Blob Data Reader"])
    error_message = "a right on each account, to read"
  }
}

run "a_third_region_in_an_account_is_refused" {
  command = plan
  variables {
    SHARDS = { euc = 1, use = 1, cac = 1 }
  }
  expect_failures = [var.SHARDS]
}

run "wrong_values_are_refused" {
  command = plan
  variables {
    SHARDS            = { euc = 0.5 }
    ENVIRONMENT       = "staging"
    RETENTION_DAYS    = 1
    RETAIN_GRACE_DAYS = -1
    SOFT_DELETE_DAYS  = 8
    LEDGER_DAYS       = 30
  }
  expect_failures = [var.SHARDS, var.ENVIRONMENT, var.RETENTION_DAYS, var.RETAIN_GRACE_DAYS, var.SOFT_DELETE_DAYS, var.LEDGER_DAYS]
}
