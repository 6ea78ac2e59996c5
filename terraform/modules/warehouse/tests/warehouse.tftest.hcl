mock_provider "azurerm" {
  source = "../../mocks"
}

variables {
  PROJECT     = "contoso"
  LOCATION    = "westeurope"
  REGION      = "euc"
  ENVIRONMENT = "prod"
  OWNER       = "devops"
  SUBNET_ID   = "/subscriptions/x/resourceGroups/y/providers/Microsoft.Network/virtualNetworks/n/subnets/warehouse"
  # Terraform 1.11 takes an ephemeral variable in a test only where it is set.
  ADMINISTRATOR_PASSWORD = "planted"
  PRIVATE_DNS_ZONE_ID    = "/subscriptions/x/resourceGroups/y/providers/Microsoft.Network/privateDnsZones/z"
}

run "a_private_server_that_goes_back_in_time" {
  variables {
    REGION_READERS = ["use", "euc"]
  }
  assert {
    condition     = azurerm_postgresql_flexible_server.warehouse[0].public_network_access_enabled == false && azurerm_postgresql_flexible_server.warehouse[0].backup_retention_days == 14
    error_message = "no public address, and 14 days to go back"
  }
  assert {
    condition     = azurerm_postgresql_flexible_server.warehouse[0].administrator_password == null && azurerm_key_vault_secret.password[0].value == null
    error_message = "no password stands in the state"
  }
  assert {
    condition     = output.address == "postgresql://mainstem@contoso-dwh-euc-prod.postgres.database.azure.com:5432/telemetry?sslmode=verify-full" && output.password == "keyvault:contosoeucprodkv/warehouse-password"
    error_message = "mainstem.yaml names the places"
  }
  assert {
    condition     = strcontains(output.roles_sql, "CREATE ROLE region_use NOLOGIN") && length(azurerm_management_lock.warehouse) == 1
    error_message = "a role a region; in production a lock"
  }
}

run "delta_tables" {
  variables {
    KIND                = "delta"
    WRITER_PRINCIPAL_ID = "00000000-0000-0000-0000-00000000000d"
  }
  assert {
    condition     = output.tables == "az://contosotableseucprod" && length(azurerm_postgresql_flexible_server.warehouse) == 0 && !azurerm_storage_account.tables[0].shared_access_key_enabled
    error_message = "an account in the server's place"
  }
  assert {
    condition     = azurerm_role_assignment.databricks_reads[0].role_definition_name == "Storage Blob Data Reader"
    error_message = "the loader writes, and Databricks reads"
  }
}

run "a_server_without_a_subnet_is_refused" {
  command = plan
  variables {
    SUBNET_ID = null
  }
  expect_failures = [azurerm_postgresql_flexible_server.warehouse]
}

run "wrong_values_are_refused" {
  command = plan
  variables {
    KIND        = "mysql"
    BACKUP_DAYS = 90
  }
  expect_failures = [var.KIND, var.BACKUP_DAYS]
}
