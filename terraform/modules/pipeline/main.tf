# The daily load: Data Factory starts the job, waits for it, and fails where it fails.

locals {
  resource_group_name = "${var.PROJECT}${var.REGION}${var.ENVIRONMENT}"
  name                = "${var.PROJECT}-dwh-${var.REGION}-${var.ENVIRONMENT}"
  tags                = { OWNER = var.OWNER, REGION = var.REGION, ENVIRONMENT = var.ENVIRONMENT }

  # What the job is made of. A start states all of it, since a start's body replaces the template.
  variables = [
    { name = "AZURE_CLIENT_ID", value = azurerm_user_assigned_identity.job.client_id },
    { name = "MAINSTEM_ENVIRONMENT", value = var.ENVIRONMENT },
  ]
  mounts = [
    { volumeName = "platform", mountPath = "/etc/mainstem" },
    { volumeName = "data", mountPath = "/mnt/data" },
  ]
  resources = { cpu = var.CPU, memory = var.MEMORY }
}

data "azurerm_resource_group" "rg" {
  name = local.resource_group_name
}

# Who the job is, and what it may

resource "azurerm_user_assigned_identity" "job" {
  name                = "${local.name}-job"
  resource_group_name = data.azurerm_resource_group.rg.name
  location            = var.LOCATION
  tags                = local.tags
}

resource "azurerm_role_assignment" "pull_image" {
  scope                = var.REGISTRY_ID
  role_definition_name = "AcrPull"
  principal_id         = azurerm_user_assigned_identity.job.principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_role_assignment" "read" {
  for_each             = var.READ_ACCOUNT_IDS
  scope                = each.value
  role_definition_name = "Storage Blob Data Reader"
  principal_id         = azurerm_user_assigned_identity.job.principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_role_assignment" "write" {
  for_each             = var.WRITE_ACCOUNT_IDS
  scope                = each.value
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = azurerm_user_assigned_identity.job.principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_role_assignment" "read_secret" {
  for_each             = var.SECRET_IDS
  scope                = each.value
  role_definition_name = "Key Vault Secrets User"
  principal_id         = azurerm_user_assigned_identity.job.principal_id
  principal_type       = "ServicePrincipal"
}

# The job

resource "azurerm_container_app_environment" "jobs" {
  name                           = "${local.name}-jobs"
  resource_group_name            = data.azurerm_resource_group.rg.name
  location                       = var.LOCATION
  infrastructure_subnet_id       = var.SUBNET_ID
  internal_load_balancer_enabled = var.SUBNET_ID == null ? null : true
  public_network_access          = "Disabled"
  # By a diagnostic setting: the workspace's key would stand in the state.
  logs_destination = "azure-monitor"
  tags             = local.tags

  workload_profile {
    name                  = "Consumption"
    workload_profile_type = "Consumption"
  }

  lifecycle {
    precondition {
      condition     = var.SUBNET_ID != null || var.ENVIRONMENT == "play"
      error_message = "Outside play the job runs in a subnet (SUBNET_ID): the accounts and the warehouse answer there alone."
    }
  }
}

resource "azurerm_container_app_environment_storage" "data" {
  name                         = "data"
  container_app_environment_id = azurerm_container_app_environment.jobs.id
  access_mode                  = "ReadWrite"
  nfs_server_url               = "${azurerm_storage_account.data.name}.file.core.windows.net"
  share_name                   = "/${azurerm_storage_account.data.name}/${azurerm_storage_share.data.name}"
}

resource "azurerm_container_app_job" "run" {
  name                         = "${var.PROJECT}-run-${var.ENVIRONMENT}"
  resource_group_name          = data.azurerm_resource_group.rg.name
  location                     = var.LOCATION
  container_app_environment_id = azurerm_container_app_environment.jobs.id
  workload_profile_name        = "Consumption"
  replica_timeout_in_seconds   = var.TIMEOUT_SECONDS
  # The load goes on from its ledger: a second try is the next run's, and Data Factory says that one failed.
  replica_retry_limit = 0
  tags                = local.tags

  manual_trigger_config {
    parallelism              = 1
    replica_completion_count = 1
  }

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.job.id]
  }

  registry {
    server   = split("/", var.IMAGE)[0]
    identity = azurerm_user_assigned_identity.job.id
  }

  # Not secret: the kind of volume that brings a text into a job is called so.
  secret {
    name  = "platform"
    value = var.PLATFORM
  }

  template {
    container {
      name    = "run"
      image   = var.IMAGE
      command = ["mainstem"]
      args    = ["run", "--json", "--platform", "/etc/mainstem/platform"]
      cpu     = var.CPU
      memory  = var.MEMORY

      dynamic "env" {
        for_each = local.variables
        content {
          name  = env.value.name
          value = env.value.value
        }
      }

      dynamic "volume_mounts" {
        for_each = local.mounts
        content {
          name = volume_mounts.value.volumeName
          path = volume_mounts.value.mountPath
        }
      }
    }

    volume {
      name         = "platform"
      storage_type = "Secret"
    }

    volume {
      name         = "data"
      storage_type = "NfsAzureFile"
      storage_name = azurerm_container_app_environment_storage.data.name
    }
  }

  depends_on = [azurerm_role_assignment.pull_image]
}

resource "azurerm_monitor_diagnostic_setting" "jobs" {
  name                       = "jobs"
  target_resource_id         = azurerm_container_app_environment.jobs.id
  log_analytics_workspace_id = var.LOG_WORKSPACE_ID

  enabled_log {
    category = "ContainerAppConsoleLogs"
  }
  enabled_log {
    category = "ContainerAppSystemLogs"
  }
}
