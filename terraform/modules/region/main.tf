# One region as a whole: its network and guard, its collector, its alarms.

data "azurerm_client_config" "current" {}

locals {
  shared       = "${var.PROJECT}${var.REGION}${var.ENVIRONMENT}"
  shared_id    = "/subscriptions/${data.azurerm_client_config.current.subscription_id}/resourceGroups/${local.shared}"
  workspace_id = "${local.shared_id}/providers/Microsoft.OperationalInsights/workspaces/${local.shared}-law"
  vault_id     = "${local.shared_id}/providers/Microsoft.KeyVault/vaults/${local.shared}kv"
}

module "gateway" {
  source = "../gateway"

  PROJECT     = var.PROJECT
  LOCATION    = var.LOCATION
  REGION      = var.REGION
  ENVIRONMENT = var.ENVIRONMENT
  OWNER       = var.OWNER

  RESIDENCY              = var.RESIDENCY
  ADDRESS_SPACE          = var.SETTINGS.address_space
  ALLOWED_SOURCES        = var.SETTINGS.allowed_sources
  PUBLIC                 = var.SETTINGS.public
  GRPC                   = var.SETTINGS.grpc
  PEERINGS               = var.SETTINGS.peerings
  COLLECTOR_IP           = module.collector.private_ip_address
  COLLECTOR_HOST_NAME    = var.SETTINGS.host_name
  COLLECTOR_CA_SECRET_ID = var.SETTINGS.ca_secret_id
  CERTIFICATE_SECRET_ID  = "https://${local.shared}kv.vault.azure.net/secrets/otel-gateway-tls"
  KEY_VAULT_ID           = local.vault_id
  LOG_WORKSPACE_ID       = local.workspace_id
  BLOB_ACCOUNT_IDS       = merge({ regional = module.collector.regional_storage_account_id }, var.BLOB_ACCOUNT_IDS)
}

module "collector" {
  source = "../az-container-otel-collector"

  PROJECT             = var.PROJECT
  NAME                = var.NAME
  LOCATION            = var.LOCATION
  REGION              = var.REGION
  ENVIRONMENT         = var.ENVIRONMENT
  OWNER               = var.OWNER
  OTEL_CONTAINER_NAME = var.IMAGE_NAME
  OTEL_CONTAINER_TAG  = var.IMAGE_TAG

  RESIDENCY          = var.RESIDENCY
  REGISTRY_NAME      = var.REGISTRY_NAME
  CENTRAL_REGION     = var.CENTRAL_REGION
  CENTRAL_SHARDS     = var.CENTRAL_SHARDS
  CENTRAL_ACCOUNT_ID = var.CENTRAL_ACCOUNT_ID
  HEADS_ACCOUNT_NAME = try(var.HEADS.account_name, null)
  HEADS_CONTAINER_ID = try(var.HEADS.container_id, null)
  REPLICATED_BY      = var.REPLICATED_BY
  SIGNALS_REPLICATED = var.SETTINGS.signals_replicated
  RETENTION_DAYS     = var.RETENTION_DAYS
  RETAIN_GRACE_DAYS  = var.RETAIN_GRACE_DAYS
  OVERLAY            = jsondecode(var.SETTINGS.overlay)
  CPU                = var.SETTINGS.cpu
  MEMORY             = var.SETTINGS.memory
  READERS            = var.SETTINGS.readers
  AGGREGATES_READERS = var.AGGREGATES_READERS

  SUBNET_ID        = module.gateway.collector_subnet_id
  CLIENT_CA        = var.SETTINGS.client_ca
  ALLOWED_NETWORKS = [module.gateway.gateway_network]
  TRUSTED_PROXIES  = [module.gateway.gateway_network]
}

module "monitoring" {
  source = "../monitoring"

  PROJECT     = var.PROJECT
  LOCATION    = var.LOCATION
  REGION      = var.REGION
  ENVIRONMENT = var.ENVIRONMENT
  OWNER       = var.OWNER

  COLLECTOR_ID        = module.collector.container_instance_id
  REGIONAL_ACCOUNT_ID = module.collector.regional_storage_account_id
  LOG_WORKSPACE_ID    = local.workspace_id
  EMAILS              = var.EMAILS
  BUDGET              = var.SETTINGS.budget
  BUDGET_START        = var.BUDGET_START
}
