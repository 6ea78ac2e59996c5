# One region's collector: its storage account, what travels from it, and the container that fills it.

locals {
  # Infra Shared Variables
  infra_shared_resource_group_name   = "${var.PROJECT}${var.REGION}${var.ENVIRONMENT}"
  infra_shared_log_analytics_ws_name = "${local.infra_shared_resource_group_name}-law${var.TYPE}"
  key_vault_name                     = coalesce(var.KEY_VAULT_NAME, "${local.infra_shared_resource_group_name}kv")

  # Registry, workspace and central account by their names alone: their data sources would bring a
  # password and keys into the state.
  subscription            = "/subscriptions/${data.azurerm_client_config.current.subscription_id}"
  registry_name           = coalesce(var.REGISTRY_NAME, "${var.PROJECT}acr")
  registry_server         = "${local.registry_name}.azurecr.io"
  registry_resource_group = coalesce(var.REGISTRY_RESOURCE_GROUP, local.travels ? local.central_resource_group_name : local.infra_shared_resource_group_name)
  registry_id             = "${local.subscription}/resourceGroups/${local.registry_resource_group}/providers/Microsoft.ContainerRegistry/registries/${local.registry_name}"

  travels                     = var.RESIDENCY == "central"
  central_resource_group_name = "${var.PROJECT}${var.CENTRAL_REGION}${var.ENVIRONMENT}"
  central_account_name        = local.travels ? "${var.PROJECT}dwh${var.CENTRAL_REGION}${var.ENVIRONMENT}${lookup(var.CENTRAL_SHARDS, var.REGION, 0)}" : ""
  central_account_id          = "${local.subscription}/resourceGroups/${local.central_resource_group_name}/providers/Microsoft.Storage/storageAccounts/${local.central_account_name}"
  replicated                  = local.travels && var.REPLICATED_BY == "azure" ? setunion(var.SIGNALS_REPLICATED, ["ledger"]) : []

  # Local Resource Variables
  resource_group_name = "${var.NAME}${var.REGION}${var.ENVIRONMENT}"
  otel_container_name = "${lower(var.NAME)}-otel-collector"
  account_name        = "${var.PROJECT}otel${var.REGION}${var.ENVIRONMENT}"
  is_public           = var.SUBNET_ID == null
  has_tls             = var.TLS_SECRET != ""
  scheme              = local.has_tls ? "https" : "http"
  host                = local.is_public ? azurerm_container_group.otel_collector.fqdn : azurerm_container_group.otel_collector.ip_address
  tags                = { OWNER = var.OWNER, REGION = var.REGION, ENVIRONMENT = var.ENVIRONMENT }

  connection_secret = var.AUTH == "connection_string" ? "otel-connection-string" : ""
  # What the collector reads from the key vault, each by a right of its own.
  secrets_read = toset(compact([
    var.TLS_SECRET, var.TOKEN_SECRET, local.connection_secret, "otel-pseudonym-key", "otel-signing-key",
  ]))

  # A blob that is deleted stays for the days of soft delete, so that its deletion comes earlier.
  delete_after_days = var.RETENTION_DAYS + var.RETAIN_GRACE_DAYS - var.SOFT_DELETE_DAYS

  configuration = templatefile("${path.module}/config.tmpl", {
    url               = trimsuffix(azurerm_storage_account.storage_otel_regional.primary_blob_endpoint, "/")
    client_id         = azurerm_user_assigned_identity.otel_collector.client_id
    connection_string = local.connection_secret == "" ? "" : "${local.key_vault_name}/${local.connection_secret}"
    tls               = local.has_tls ? "${local.key_vault_name}/${var.TLS_SECRET}" : ""
    token             = var.TOKEN_SECRET == "" ? "" : "${local.key_vault_name}/${var.TOKEN_SECRET}"
    client_ca         = var.CLIENT_CA != ""
    folder            = "/etc/mainstem"
    allowed_networks  = var.ALLOWED_NETWORKS
    trusted_proxies   = var.TRUSTED_PROXIES
    blocked_values    = var.BLOCKED_VALUES
  })
  platform = templatefile("${path.module}/platform.tmpl", {
    environment = var.ENVIRONMENT
    region      = var.REGION
    location    = var.LOCATION
    residency   = var.RESIDENCY
    account     = local.account_name
    central     = local.central_account_name
    durability  = var.DURABILITY
    days        = var.RETENTION_DAYS
    vault       = local.key_vault_name
    by          = var.REPLICATED_BY
    signals     = var.SIGNALS_REPLICATED
    overlay     = var.OVERLAY
    heads       = var.HEADS_ACCOUNT_NAME == null ? "" : var.HEADS_ACCOUNT_NAME
  })
  files = merge(
    { "config.yaml" = local.configuration, "mainstem.yaml" = local.platform },
    var.CLIENT_CA == "" ? {} : { "senders-ca.pem" = var.CLIENT_CA },
  )
}

data "azurerm_client_config" "current" {}

# Data Block -> Local resource group

data "azurerm_resource_group" "rg" {
  name = local.resource_group_name
}

# Data Block -> Infra Shared Resources

data "azurerm_resource_group" "rg_infra_shared" {
  name = local.infra_shared_resource_group_name
}

data "azurerm_key_vault" "infra_shared" {
  name                = local.key_vault_name
  resource_group_name = data.azurerm_resource_group.rg_infra_shared.name
}

# Resource Block -> Local storage account

# Storage account for local telemetry (logs, traces, metrics)
resource "azurerm_storage_account" "storage_otel_regional" {
  name                     = local.account_name
  resource_group_name      = data.azurerm_resource_group.rg.name
  location                 = var.LOCATION
  account_tier             = "Standard"
  account_replication_type = "LRS" # Local redundancy only; replication happens separately

  min_tls_version                  = "TLS1_2"
  https_traffic_only_enabled       = true
  shared_access_key_enabled        = var.AUTH == "connection_string"
  default_to_oauth_authentication  = true
  allow_nested_items_to_be_public  = false
  cross_tenant_replication_enabled = false
  local_user_enabled               = false
  # A private collector reaches it by a private endpoint, which the module `gateway` makes.
  public_network_access_enabled = local.is_public

  # enabling for blob replication
  blob_properties {
    versioning_enabled            = true
    change_feed_enabled           = true
    change_feed_retention_in_days = 7
    dynamic "delete_retention_policy" {
      for_each = var.SOFT_DELETE_DAYS > 0 ? [var.SOFT_DELETE_DAYS] : []
      content {
        days = delete_retention_policy.value
      }
    }
    container_delete_retention_policy {
      days = 7
    }
  }

  tags = merge(local.tags, { PURPOSE = "OTel local storage" })

  lifecycle {
    precondition {
      condition     = length(local.account_name) <= 24
      error_message = "${local.account_name} is longer than the 24 letters that a storage account's name may have: shorten PROJECT."
    }
    precondition {
      condition     = !local.travels || length(local.central_account_name) <= 24
      error_message = "${local.central_account_name} is longer than the 24 letters that a storage account's name may have: shorten PROJECT."
    }
    precondition {
      condition     = !local.travels || contains(keys(var.CENTRAL_SHARDS), var.REGION)
      error_message = "CENTRAL_SHARDS does not say which central account ${var.REGION} replicates to."
    }
  }
}

# Create blob containers for each telemetry signal
resource "azurerm_storage_container" "container_logs" {
  name                  = "logs"
  storage_account_id    = azurerm_storage_account.storage_otel_regional.id
  container_access_type = "private"
}

resource "azurerm_storage_container" "container_traces" {
  name                  = "traces"
  storage_account_id    = azurerm_storage_account.storage_otel_regional.id
  container_access_type = "private"
}

resource "azurerm_storage_container" "container_metrics" {
  name                  = "metrics"
  storage_account_id    = azurerm_storage_account.storage_otel_regional.id
  container_access_type = "private"
}

resource "azurerm_storage_container" "container_ledger" {
  name                  = "ledger"
  storage_account_id    = azurerm_storage_account.storage_otel_regional.id
  container_access_type = "private"
}

# Lifecycle policy: what is as old as it may be goes, with its versions
resource "azurerm_storage_management_policy" "lifecycle_otel" {
  storage_account_id = azurerm_storage_account.storage_otel_regional.id

  rule {
    name    = "delete-old-telemetry"
    enabled = true

    filters {
      blob_types   = ["blockBlob"]
      prefix_match = ["logs/", "logs-local/", "traces/", "traces-local/", "metrics/", "metrics-local/"]
    }

    actions {
      base_blob {
        delete_after_days_since_creation_greater_than = local.delete_after_days
      }
      snapshot {
        delete_after_days_since_creation_greater_than = local.delete_after_days
      }
      version {
        delete_after_days_since_creation = local.delete_after_days
      }
    }
  }

  rule {
    name    = "delete-old-ledger"
    enabled = true

    filters {
      blob_types   = ["blockBlob"]
      prefix_match = ["ledger/"]
    }

    actions {
      base_blob {
        delete_after_days_since_creation_greater_than = var.LEDGER_DAYS
      }
      version {
        delete_after_days_since_creation = var.LEDGER_DAYS
      }
    }
  }
}

# Resource Block -> Replicated signals in central storage account

# Waits for the central account where the same run makes it; its id is known before.
resource "terraform_data" "central_account" {
  input = var.CENTRAL_ACCOUNT_ID
}

resource "azurerm_storage_container" "replicated" {
  for_each              = local.replicated
  name                  = "${var.REGION}-${each.key}"
  storage_account_id    = local.central_account_id
  container_access_type = "private"
  depends_on            = [terraform_data.central_account]
}

# Replication policy from local storage to central storage. The provider makes it at the destination
# first and then, under the id that it gets there, at the source.
resource "azurerm_storage_object_replication" "replication_policy" {
  count                          = length(local.replicated) > 0 ? 1 : 0
  source_storage_account_id      = azurerm_storage_account.storage_otel_regional.id
  destination_storage_account_id = local.central_account_id
  metrics_enabled                = true

  dynamic "rules" {
    for_each = local.replicated
    content {
      source_container_name      = local.source_containers[rules.value]
      destination_container_name = azurerm_storage_container.replicated[rules.value].name
      copy_blobs_created_after   = "Everything"
    }
  }
}

locals {
  source_containers = {
    logs    = azurerm_storage_container.container_logs.name
    traces  = azurerm_storage_container.container_traces.name
    metrics = azurerm_storage_container.container_metrics.name
    ledger  = azurerm_storage_container.container_ledger.name
  }
}
