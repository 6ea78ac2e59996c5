# Alarms on what Azure itself sees of a region's collector, and a budget.

locals {
  resource_group_name = "${var.PROJECT}${var.REGION}${var.ENVIRONMENT}"
  name                = "${var.PROJECT}-otel-${var.REGION}-${var.ENVIRONMENT}"
  tags                = { OWNER = var.OWNER, REGION = var.REGION, ENVIRONMENT = var.ENVIRONMENT }
  budget_emails       = length(var.BUDGET_EMAILS) > 0 ? var.BUDGET_EMAILS : values(var.EMAILS)
}

data "azurerm_resource_group" "rg" {
  name = local.resource_group_name
}

resource "azurerm_monitor_action_group" "operators" {
  name                = "${local.name}-operators"
  resource_group_name = data.azurerm_resource_group.rg.name
  short_name          = substr("${var.PROJECT}${var.REGION}", 0, 12)
  tags                = local.tags

  dynamic "email_receiver" {
    for_each = var.EMAILS
    content {
      name                    = email_receiver.key
      email_address           = email_receiver.value
      use_common_alert_schema = true
    }
  }

  dynamic "webhook_receiver" {
    for_each = var.WEBHOOKS
    content {
      name                    = webhook_receiver.key
      service_uri             = webhook_receiver.value
      use_common_alert_schema = true
    }
  }

  lifecycle {
    precondition {
      condition     = length(var.EMAILS) + length(var.WEBHOOKS) > 0
      error_message = "Nobody would be told: name somebody in EMAILS or WEBHOOKS."
    }
  }
}

# Health: a collector that lives and reaches its store writes a heartbeat every 5 minutes.
resource "azurerm_monitor_metric_alert" "silent" {
  name                = "${local.name}-collector-silent"
  resource_group_name = data.azurerm_resource_group.rg.name
  scopes              = ["${var.REGIONAL_ACCOUNT_ID}/blobServices/default"]
  description         = "The region's account took no blob for ${var.SPOOL_MINUTES} minutes, where a collector writes a heartbeat every 5. Is it running, and does it reach its store?"
  severity            = 1
  frequency           = "PT5M"
  window_size         = var.SPOOL_MINUTES == 60 ? "PT1H" : "PT${var.SPOOL_MINUTES}M"
  tags                = local.tags

  criteria {
    metric_namespace = "Microsoft.Storage/storageAccounts/blobServices"
    metric_name      = "Transactions"
    aggregation      = "Total"
    operator         = "LessThan"
    threshold        = 1
    dimension {
      name     = "ApiName"
      operator = "Include"
      values   = ["PutBlob"]
    }
    dimension {
      name     = "ResponseType"
      operator = "Include"
      values   = ["Success"]
    }
  }

  action {
    action_group_id = azurerm_monitor_action_group.operators.id
  }
}

resource "azurerm_monitor_metric_alert" "refused" {
  name                = "${local.name}-store-refuses"
  resource_group_name = data.azurerm_resource_group.rg.name
  scopes              = ["${var.REGIONAL_ACCOUNT_ID}/blobServices/default"]
  description         = "The region's account refused a sign-in: the collector's right is gone, or somebody tries."
  severity            = 2
  frequency           = "PT5M"
  window_size         = "PT15M"
  tags                = local.tags

  criteria {
    metric_namespace = "Microsoft.Storage/storageAccounts/blobServices"
    metric_name      = "Transactions"
    aggregation      = "Total"
    operator         = "GreaterThan"
    threshold        = 10
    dimension {
      name     = "ResponseType"
      operator = "Include"
      values   = ["AuthorizationError", "AuthenticationError"]
    }
  }

  action {
    action_group_id = azurerm_monitor_action_group.operators.id
  }
}

# Spool age: what the collector logs when something has waited, or an upload fails.
resource "azurerm_monitor_scheduled_query_rules_alert_v2" "waiting" {
  name                 = "${local.name}-spool-waits"
  resource_group_name  = data.azurerm_resource_group.rg.name
  location             = var.LOCATION
  scopes               = [var.LOG_WORKSPACE_ID]
  description          = "Uploads fail and the spool fills: senders wait, since an OK waits for the store."
  severity             = 2
  evaluation_frequency = "PT5M"
  window_duration      = "PT15M"
  tags                 = local.tags

  criteria {
    query                   = <<-KQL
      ContainerInstanceLog
      | where _ResourceId =~ "${var.COLLECTOR_ID}"
      | where Message has_any ("upload failed", "cannot go up", "spool cannot be read or written")
    KQL
    time_aggregation_method = "Count"
    operator                = "GreaterThan"
    threshold               = 4
    failing_periods {
      minimum_failing_periods_to_trigger_alert = 1
      number_of_evaluation_periods             = 1
    }
  }

  action {
    action_groups = [azurerm_monitor_action_group.operators.id]
  }
}

resource "azurerm_monitor_scheduled_query_rules_alert_v2" "restarts" {
  name                 = "${local.name}-restarts"
  resource_group_name  = data.azurerm_resource_group.rg.name
  location             = var.LOCATION
  scopes               = [var.LOG_WORKSPACE_ID]
  description          = "The collector's container was killed or its probe failed."
  severity             = 2
  evaluation_frequency = "PT5M"
  window_duration      = "PT15M"
  tags                 = local.tags

  criteria {
    query                   = <<-KQL
      ContainerEvent
      | where _ResourceId =~ "${var.COLLECTOR_ID}"
      | where Reason in~ ("Killing", "Unhealthy", "BackOff", "Failed")
    KQL
    time_aggregation_method = "Count"
    operator                = "GreaterThan"
    threshold               = 0
    failing_periods {
      minimum_failing_periods_to_trigger_alert = 1
      number_of_evaluation_periods             = 1
    }
  }

  action {
    action_groups = [azurerm_monitor_action_group.operators.id]
  }
}

resource "azurerm_consumption_budget_resource_group" "month" {
  count             = var.BUDGET == null ? 0 : 1
  name              = "${local.name}-month"
  resource_group_id = data.azurerm_resource_group.rg.id
  amount            = var.BUDGET
  time_grain        = "Monthly"

  time_period {
    start_date = "${var.BUDGET_START}T00:00:00Z"
  }

  dynamic "notification" {
    for_each = { Actual = 80, Forecasted = 100 }
    content {
      threshold_type = notification.key
      threshold      = notification.value
      operator       = "GreaterThan"
      contact_emails = local.budget_emails
      contact_groups = notification.key == "Actual" ? [azurerm_monitor_action_group.operators.id] : []
    }
  }

  lifecycle {
    precondition {
      condition     = var.BUDGET_START != null && length(local.budget_emails) > 0
      error_message = "A budget begins on a day (BUDGET_START) and somebody is told (BUDGET_EMAILS, or EMAILS)."
    }
  }
}
