# Data Factory: a trigger a day, a pipeline that starts the job and waits, and who is told.

resource "azurerm_data_factory" "factory" {
  name                            = "${local.name}-adf"
  resource_group_name             = data.azurerm_resource_group.rg.name
  location                        = var.LOCATION
  public_network_enabled          = false
  managed_virtual_network_enabled = true
  tags                            = local.tags

  identity {
    type = "SystemAssigned"
  }
}

# Least rights: start this one job, and look how it goes.
resource "azurerm_role_definition" "start_job" {
  name        = "${local.name}-start-job"
  scope       = data.azurerm_resource_group.rg.id
  description = "Start the loading job and read its executions"

  permissions {
    actions = [
      "Microsoft.App/jobs/read",
      "Microsoft.App/jobs/start/action",
      "Microsoft.App/jobs/executions/read",
      "Microsoft.App/jobs/execution/read",
    ]
  }
  assignable_scopes = [data.azurerm_resource_group.rg.id]
}

resource "azurerm_role_assignment" "start_job" {
  scope              = azurerm_container_app_job.run.id
  role_definition_id = azurerm_role_definition.start_job.role_definition_resource_id
  principal_id       = azurerm_data_factory.factory.identity[0].principal_id
  principal_type     = "ServicePrincipal"
}

# A start with a body of its own also needs the right to give the job its identity.
resource "azurerm_role_assignment" "assign_identity" {
  scope                = azurerm_user_assigned_identity.job.id
  role_definition_name = "Managed Identity Operator"
  principal_id         = azurerm_data_factory.factory.identity[0].principal_id
  principal_type       = "ServicePrincipal"
}

locals {
  activities  = file("${path.module}/activities.json")
  description = "Starts the loading job, waits until it has ended, and fails where it failed. `day` (2026-11-24) takes that day again, `region` one region alone."
  # All of them texts, as the provider makes them: the pipeline reads JSON out of three.
  parameters = {
    day       = ""
    region    = ""
    job       = azurerm_container_app_job.run.id
    image     = var.IMAGE
    variables = jsonencode(local.variables)
    resources = jsonencode(local.resources)
    mounts    = jsonencode(local.mounts)
  }
}

resource "azurerm_data_factory_pipeline" "daily" {
  name            = "daily-load"
  data_factory_id = azurerm_data_factory.factory.id
  description     = local.description
  activities_json = local.activities
  parameters      = local.parameters
  variables       = { status = "" }
  # One at a time: the warehouse has one writer.
  concurrency = 1
}

resource "azurerm_data_factory_trigger_schedule" "daily" {
  name            = "daily-load"
  data_factory_id = azurerm_data_factory.factory.id
  pipeline_name   = azurerm_data_factory_pipeline.daily.name
  frequency       = "Day"
  interval        = 1
  activated       = true
  time_zone       = var.TIME_ZONE

  schedule {
    hours   = [var.HOUR]
    minutes = [0]
  }
}

resource "azurerm_monitor_diagnostic_setting" "factory" {
  name                       = "factory"
  target_resource_id         = azurerm_data_factory.factory.id
  log_analytics_workspace_id = var.LOG_WORKSPACE_ID

  enabled_log {
    category = "PipelineRuns"
  }
  enabled_log {
    category = "ActivityRuns"
  }
}

resource "azurerm_monitor_metric_alert" "failed" {
  name                = "${local.name}-load-failed"
  resource_group_name = data.azurerm_resource_group.rg.name
  scopes              = [azurerm_data_factory.factory.id]
  description         = "A run of the daily load failed. Read the log of the execution that its error names."
  severity            = 1
  frequency           = "PT5M"
  window_size         = "PT15M"
  tags                = local.tags

  criteria {
    metric_namespace = "Microsoft.DataFactory/factories"
    metric_name      = "PipelineFailedRuns"
    aggregation      = "Total"
    operator         = "GreaterThan"
    threshold        = 0
  }

  action {
    action_group_id = var.ACTION_GROUP_ID
  }
}

resource "azurerm_monitor_metric_alert" "stale" {
  name                = "${local.name}-load-stale"
  resource_group_name = data.azurerm_resource_group.rg.name
  scopes              = [azurerm_data_factory.factory.id]
  description         = "No run of the daily load succeeded for a day: what waits is deleted after its days. Look whether the trigger is on."
  severity            = 1
  frequency           = "PT1H"
  window_size         = "P1D"
  tags                = local.tags

  criteria {
    metric_namespace = "Microsoft.DataFactory/factories"
    metric_name      = "PipelineSucceededRuns"
    aggregation      = "Total"
    operator         = "LessThan"
    threshold        = 1
  }

  action {
    action_group_id = var.ACTION_GROUP_ID
  }
}

# Replication age: each pass of the job prints when the oldest was written that has not travelled.
resource "azurerm_monitor_scheduled_query_rules_alert_v2" "behind" {
  name                 = "${local.name}-replication-behind"
  resource_group_name  = data.azurerm_resource_group.rg.name
  location             = var.LOCATION
  scopes               = [var.LOG_WORKSPACE_ID]
  description          = "What travels has waited for longer than ${var.REPLICATION_HOURS} hours."
  severity             = 2
  evaluation_frequency = "PT1H"
  window_duration      = "P2D"
  tags                 = local.tags

  criteria {
    query                   = <<-KQL
      ContainerAppConsoleLogs
      | where ContainerGroupName startswith "${azurerm_container_app_job.run.name}"
      | extend oldest = todatetime(extract("\\"oldest\\": \\"([^\\"]+)\\"", 1, Log))
      | where isnotnull(oldest)
      | project hours = datetime_diff("minute", TimeGenerated, oldest) / 60.0
    KQL
    time_aggregation_method = "Maximum"
    metric_measure_column   = "hours"
    operator                = "GreaterThan"
    threshold               = var.REPLICATION_HOURS
    failing_periods {
      minimum_failing_periods_to_trigger_alert = 1
      number_of_evaluation_periods             = 1
    }
  }

  action {
    action_groups = [var.ACTION_GROUP_ID]
  }
}
