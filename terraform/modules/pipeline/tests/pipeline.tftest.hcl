mock_provider "azurerm" {
  source = "../../mocks"
}

variables {
  PROJECT          = "contoso"
  LOCATION         = "westeurope"
  REGION           = "euc"
  ENVIRONMENT      = "prod"
  OWNER            = "devops"
  IMAGE            = "contosoacr.azurecr.io/mainstem-jobs:0.1.0"
  REGISTRY_ID      = "/subscriptions/x/resourceGroups/y/providers/Microsoft.ContainerRegistry/registries/contosoacr"
  PLATFORM         = "environment: prod\nwarehouse: {password: keyvault:contosoeucprodkv/warehouse-password}\n"
  SUBNET_ID        = "/subscriptions/x/resourceGroups/y/providers/Microsoft.Network/virtualNetworks/n/subnets/jobs"
  DATA_SUBNET_ID   = "/subscriptions/x/resourceGroups/y/providers/Microsoft.Network/virtualNetworks/n/subnets/endpoints"
  LOG_WORKSPACE_ID = "/subscriptions/x/resourceGroups/y/providers/Microsoft.OperationalInsights/workspaces/w"
  ACTION_GROUP_ID  = "/subscriptions/x/resourceGroups/y/providers/Microsoft.Insights/actionGroups/a"
}

run "a_start_states_the_whole_template" {
  assert {
    condition = alltrue([
      jsondecode(azurerm_data_factory_pipeline.daily.parameters["variables"]) == [for each in azurerm_container_app_job.run.template[0].container[0].env : { name = each.name, value = each.value }],
      jsondecode(azurerm_data_factory_pipeline.daily.parameters["mounts"]) == [for each in azurerm_container_app_job.run.template[0].container[0].volume_mounts : { volumeName = each.name, mountPath = each.path }],
      jsondecode(azurerm_data_factory_pipeline.daily.parameters["resources"]) == { cpu = azurerm_container_app_job.run.template[0].container[0].cpu, memory = azurerm_container_app_job.run.template[0].container[0].memory },
      azurerm_data_factory_pipeline.daily.parameters["image"] == azurerm_container_app_job.run.template[0].container[0].image,
    ])
    error_message = "image, variables, mounts and size of a start are the job's own"
  }
  assert {
    condition     = azurerm_data_factory_pipeline.daily.parameters["day"] == "" && azurerm_data_factory_pipeline.daily.parameters["region"] == ""
    error_message = "day and region are for reruns"
  }
}

run "the_arm_template_is_the_same_pipeline" {
  assert {
    condition     = jsonencode(jsondecode(output.arm_template).resources[0].properties.activities) == jsonencode(jsondecode(azurerm_data_factory_pipeline.daily.activities_json))
    error_message = "one file makes both"
  }
  assert {
    condition     = toset(keys(jsondecode(output.arm_template).resources[0].properties.parameters)) == toset(keys(azurerm_data_factory_pipeline.daily.parameters))
    error_message = "with the same parameters"
  }
}

run "one_run_at_a_time_each_day" {
  assert {
    condition     = azurerm_data_factory_pipeline.daily.concurrency == 1 && azurerm_data_factory_trigger_schedule.daily.frequency == "Day" && azurerm_data_factory_trigger_schedule.daily.activated
    error_message = "the warehouse has one writer"
  }
  assert {
    condition     = one(azurerm_monitor_metric_alert.failed.criteria).metric_name == "PipelineFailedRuns" && one(azurerm_monitor_metric_alert.stale.criteria).operator == "LessThan"
    error_message = "a failed run is told, and a day without one that succeeded"
  }
  assert {
    condition     = azurerm_monitor_scheduled_query_rules_alert_v2.behind.criteria[0].threshold == 26
    error_message = "what travels has travelled within a day"
  }
}

run "least_rights" {
  variables {
    READ_ACCOUNT_IDS = { central = "/subscriptions/x/resourceGroups/y/providers/Microsoft.Storage/storageAccounts/a" }
    SECRET_IDS       = { warehouse = "/subscriptions/x/resourceGroups/y/providers/Microsoft.KeyVault/vaults/v/secrets/warehouse-password" }
  }
  assert {
    condition     = azurerm_role_assignment.read["central"].role_definition_name == "Storage Blob Data Reader" && length(azurerm_role_assignment.write) == 0
    error_message = "the job reads what it loads"
  }
  assert {
    condition     = azurerm_role_assignment.start_job.scope == azurerm_container_app_job.run.id && !anytrue([for action in azurerm_role_definition.start_job.permissions[0].actions : endswith(action, "/write") || action == "*"])
    error_message = "the factory starts one job, and changes none"
  }
}

run "a_foreign_warehouse" {
  variables {
    SQL_SERVER             = "contoso.database.windows.net"
    SQL_TABLES             = ["mart_license_headroom", "dim_account"]
    PUBLISHED_ACCOUNT_NAME = "contosodwheucprod1"
    PUBLISHED_ACCOUNT_ID   = "/subscriptions/x/resourceGroups/y/providers/Microsoft.Storage/storageAccounts/contosodwheucprod1"
  }
  assert {
    condition     = jsondecode(azurerm_data_factory_pipeline.copy[0].parameters["tables"]) == ["dim_account", "mart_license_headroom"]
    error_message = "the tables that are named"
  }
  assert {
    condition     = azurerm_data_factory_linked_service_azure_sql_database.warehouse[0].use_managed_identity && !strcontains(azurerm_data_factory_linked_service_azure_sql_database.warehouse[0].connection_string, "Password")
    error_message = "the factory signs in with its identity"
  }
}

run "a_foreign_warehouse_without_its_parquet_is_refused" {
  command = plan
  variables {
    SQL_SERVER           = "contoso.database.windows.net"
    PUBLISHED_ACCOUNT_ID = "/subscriptions/x/resourceGroups/y/providers/Microsoft.Storage/storageAccounts/a"
  }
  expect_failures = [azurerm_data_factory_linked_service_azure_blob_storage.published]
}

run "outside_play_it_runs_in_a_subnet" {
  command = plan
  variables {
    SUBNET_ID = null
  }
  expect_failures = [azurerm_container_app_environment.jobs]
}

run "a_secret_in_the_platform_file_is_refused" {
  command = plan
  variables {
    PLATFORM = "central: {store: 'AccountName=a;AccountKey=planted'}"
  }
  expect_failures = [var.PLATFORM]
}

run "wrong_values_are_refused" {
  command = plan
  variables {
    IMAGE             = "contosoacr.azurecr.io/mainstem-jobs:latest"
    TIMEOUT_SECONDS   = 60
    HOUR              = 24
    REPLICATION_HOURS = 48
  }
  expect_failures = [var.IMAGE, var.TIMEOUT_SECONDS, var.HOUR, var.REPLICATION_HOURS]
}
