# Resource Block -> Who the collector is, and what it may

resource "azurerm_user_assigned_identity" "otel_collector" {
  name                = "${local.otel_container_name}-${var.REGION}-${var.ENVIRONMENT}"
  resource_group_name = data.azurerm_resource_group.rg.name
  location            = var.LOCATION
  tags                = local.tags
}

resource "azurerm_role_assignment" "pull_image" {
  scope                = local.registry_id
  role_definition_name = "AcrPull"
  principal_id         = azurerm_user_assigned_identity.otel_collector.principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_role_assignment" "write_telemetry" {
  scope                = azurerm_storage_account.storage_otel_regional.id
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = azurerm_user_assigned_identity.otel_collector.principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_role_assignment" "read_secret" {
  for_each             = local.secrets_read
  scope                = "${data.azurerm_key_vault.infra_shared.id}/secrets/${each.key}"
  role_definition_name = "Key Vault Secrets User"
  principal_id         = azurerm_user_assigned_identity.otel_collector.principal_id
  principal_type       = "ServicePrincipal"
}

# What it writes there it can neither change nor remove.
resource "azurerm_role_assignment" "write_heads" {
  count                = var.HEADS_ACCOUNT_NAME == null ? 0 : 1
  scope                = var.HEADS_CONTAINER_ID
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = azurerm_user_assigned_identity.otel_collector.principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_role_assignment" "read_telemetry" {
  for_each             = var.READERS
  scope                = azurerm_storage_account.storage_otel_regional.id
  role_definition_name = "Storage Blob Data Reader"
  principal_id         = each.value
  principal_type       = "Group"
}

resource "azurerm_key_vault_secret" "connection_string" {
  count            = var.AUTH == "connection_string" ? 1 : 0
  name             = local.connection_secret
  key_vault_id     = data.azurerm_key_vault.infra_shared.id
  value_wo         = var.CONNECTION_STRING
  value_wo_version = var.CONNECTION_STRING_VERSION
}

# Resource Block -> OTel collector container instance

# Container Instance for running OpenTelemetry Collector
resource "azurerm_container_group" "otel_collector" {
  name                = local.otel_container_name
  location            = var.LOCATION
  resource_group_name = data.azurerm_resource_group.rg.name
  os_type             = "Linux"
  ip_address_type     = local.is_public ? "Public" : "Private"
  dns_name_label      = local.is_public ? "${var.PROJECT}-otel-${var.REGION}-${var.ENVIRONMENT}" : null
  subnet_ids          = local.is_public ? null : [var.SUBNET_ID]
  restart_policy      = "Always"

  container {
    name     = "otel-collector"
    image    = "${local.registry_server}/${var.OTEL_CONTAINER_NAME}:${var.OTEL_CONTAINER_TAG}"
    cpu      = var.CPU
    memory   = var.MEMORY
    commands = ["mainstem", "collect", "--platform", "/etc/mainstem/mainstem.yaml", "--region", var.REGION, "--json"]

    environment_variables = {
      AZURE_CLIENT_ID = azurerm_user_assigned_identity.otel_collector.client_id
    }

    # Expose ports for OTLP receivers
    ports {
      port     = 4317
      protocol = "TCP"
    }

    ports {
      port     = 4318
      protocol = "TCP"
    }

    # Health check endpoint: probes reach it inside the group; only a private network may from outside
    dynamic "ports" {
      for_each = local.is_public ? [] : [13133]
      content {
        port     = ports.value
        protocol = "TCP"
      }
    }

    # A store that is away is no reason to restart, so that liveness does not ask for it.
    liveness_probe {
      http_get {
        path   = "/live"
        port   = 13133
        scheme = "http"
      }
      initial_delay_seconds = 10
      period_seconds        = 30
      failure_threshold     = 3
      timeout_seconds       = 5
    }

    readiness_probe {
      http_get {
        path   = "/health/status"
        port   = 13133
        scheme = "http"
      }
      initial_delay_seconds = 5
      period_seconds        = 15
      failure_threshold     = 3
      timeout_seconds       = 5
    }

    # The rendered configuration: a volume in memory, where a file share would need the account's key
    volume {
      name       = "otel-config"
      mount_path = "/etc/mainstem"
      read_only  = true
      secret     = { for name, text in local.files : name => base64encode(text) }
    }
  }

  image_registry_credential {
    server                    = local.registry_server
    user_assigned_identity_id = azurerm_user_assigned_identity.otel_collector.id
  }

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.otel_collector.id]
  }

  tags = merge(local.tags, { PURPOSE = "OpenTelemetry Collector for ${var.REGION} region" })

  lifecycle {
    precondition {
      condition     = !local.is_public || local.has_tls
      error_message = "Without SUBNET_ID the collector is public: it needs a certificate (TLS_SECRET)."
    }
    precondition {
      condition     = !local.is_public || var.TOKEN_SECRET != "" || var.CLIENT_CA != ""
      error_message = "Without SUBNET_ID the collector is public: its senders need a token (TOKEN_SECRET) or client certificates (CLIENT_CA)."
    }
    precondition {
      condition     = var.TOKEN_SECRET != "" || var.CLIENT_CA != "" || length(var.ALLOWED_NETWORKS) > 0
      error_message = "Without TOKEN_SECRET and CLIENT_CA the collector takes requests from ALLOWED_NETWORKS alone: name them, or it does not start."
    }
    precondition {
      condition     = var.CLIENT_CA == "" || local.has_tls
      error_message = "CLIENT_CA asks for client certificates, which need TLS: set TLS_SECRET."
    }
    precondition {
      condition     = var.TOKEN_SECRET == "" || local.has_tls
      error_message = "TOKEN_SECRET without TLS_SECRET would send the token in clear: set TLS_SECRET, or neither in a private subnet."
    }
  }

  # Without these rights the first start fails, and nothing in the group refers to them.
  depends_on = [
    azurerm_role_assignment.pull_image,
    azurerm_role_assignment.write_telemetry,
    azurerm_role_assignment.read_secret,
    azurerm_key_vault_secret.connection_string,
  ]
}

# In place of the group's own `diagnostics`, which takes the workspace's key.
resource "azurerm_monitor_diagnostic_setting" "otel_collector" {
  name                       = "otel-collector"
  target_resource_id         = azurerm_container_group.otel_collector.id
  log_analytics_workspace_id = local.log_workspace_id

  enabled_log {
    category = "ContainerInstanceLog"
  }
  enabled_log {
    category = "ContainerEvent"
  }
  enabled_metric {
    category = "AllMetrics"
  }
}

resource "azurerm_monitor_diagnostic_setting" "storage" {
  name                       = "who-reads-and-writes"
  target_resource_id         = "${azurerm_storage_account.storage_otel_regional.id}/blobServices/default"
  log_analytics_workspace_id = local.log_workspace_id

  enabled_log {
    category = "StorageRead"
  }
  enabled_log {
    category = "StorageDelete"
  }
}

locals {
  log_workspace_id = coalesce(var.LOG_WORKSPACE_ID, "${data.azurerm_resource_group.rg_infra_shared.id}/providers/Microsoft.OperationalInsights/workspaces/${local.infra_shared_log_analytics_ws_name}")
}
