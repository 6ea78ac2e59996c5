# One platform as a whole: the regions that are loaded together, where they come together, and the load.
# The company runs one with residency `central`; a partner whose region is closed runs another.

data "azurerm_client_config" "current" {}

locals {
  is_central    = var.RESIDENCY == "central"
  home          = var.REGIONS[var.REGION]
  shared        = "${var.PROJECT}${var.REGION}${var.ENVIRONMENT}"
  shared_id     = "/subscriptions/${data.azurerm_client_config.current.subscription_id}/resourceGroups/${local.shared}"
  registry_name = coalesce(var.REGISTRY_NAME, "${var.PROJECT}acr")
  shards        = { for region, shard in var.SHARDS : region => shard if contains(keys(var.REGIONS), region) }
  central       = one(module.central[*])
  # Two regions a central account; a name for each account in mainstem.yaml.
  store_of = { for region in keys(var.REGIONS) : region => "dwh${lookup(local.shards, region, 0)}" }
  mainstem = templatefile("${path.module}/mainstem.tmpl", {
    environment = var.ENVIRONMENT
    home        = local.is_central ? "" : var.REGION
    residency   = var.RESIDENCY
    regions = {
      for region, settings in var.REGIONS : region => {
        location = settings.location
        account  = "${var.PROJECT}otel${region}${var.ENVIRONMENT}"
        central  = local.store_of[region]
        signals  = settings.signals_replicated
        weeks    = "${var.PROJECT}weeks${region}${var.ENVIRONMENT}"
      }
    }
    closed    = var.CLOSED_REGIONS
    by        = var.REPLICATED_BY
    days      = var.RETENTION_DAYS
    stores    = local.is_central ? { for shard in distinct(values(local.shards)) : "dwh${shard}" => "${var.PROJECT}dwh${var.REGION}${var.ENVIRONMENT}${shard}" } : {}
    heads     = local.is_central ? "${var.PROJECT}heads${var.REGION}${var.ENVIRONMENT}" : ""
    warehouse = { address = module.warehouse.address, password = module.warehouse.password }
    sources   = var.SOURCES
  })
}

module "central" {
  source = "../central"
  count  = local.is_central ? 1 : 0

  PROJECT     = var.PROJECT
  LOCATION    = local.home.location
  REGION      = var.REGION
  ENVIRONMENT = var.ENVIRONMENT
  OWNER       = var.OWNER

  SHARDS               = local.shards
  RETENTION_DAYS       = var.RETENTION_DAYS
  RETAIN_GRACE_DAYS    = 7
  HEADS_RESOURCE_GROUP = var.HEADS_RESOURCE_GROUP
  HEADS_LOCKED         = var.HEADS_LOCKED
}

# The home region apart from the others, whose accounts it reaches by its network.
module "home" {
  source = "../region"

  PROJECT     = var.PROJECT
  LOCATION    = local.home.location
  REGION      = var.REGION
  ENVIRONMENT = var.ENVIRONMENT
  OWNER       = var.OWNER

  RESIDENCY          = var.RESIDENCY
  IMAGE_TAG          = var.COLLECTOR_TAG
  SETTINGS           = local.home
  REGISTRY_NAME      = local.registry_name
  CENTRAL_REGION     = var.REGION
  CENTRAL_SHARDS     = local.is_central ? local.shards : {}
  CENTRAL_ACCOUNT_ID = local.is_central ? local.central.account_id_of[var.REGION] : null
  HEADS              = local.is_central ? { account_name = local.central.heads_account_name, container_id = local.central.heads_container_id } : null
  REPLICATED_BY      = var.REPLICATED_BY
  RETENTION_DAYS     = var.RETENTION_DAYS
  AGGREGATES_READERS = var.AGGREGATES_READERS
  BLOB_ACCOUNT_IDS = merge(
    local.is_central ? { for shard, id in local.central.account_ids : "central-${shard}" => id } : {},
    { for region, each in module.region : "region-${region}" => each.regional_storage_account_id },
  )
  EMAILS       = var.EMAILS
  BUDGET_START = var.BUDGET_START
}

module "region" {
  source   = "../region"
  for_each = { for region, settings in var.REGIONS : region => settings if region != var.REGION }

  PROJECT     = var.PROJECT
  LOCATION    = each.value.location
  REGION      = each.key
  ENVIRONMENT = var.ENVIRONMENT
  OWNER       = var.OWNER

  RESIDENCY          = var.RESIDENCY
  IMAGE_TAG          = var.COLLECTOR_TAG
  SETTINGS           = each.value
  REGISTRY_NAME      = local.registry_name
  CENTRAL_REGION     = var.REGION
  CENTRAL_SHARDS     = local.shards
  CENTRAL_ACCOUNT_ID = local.central.account_id_of[each.key]
  HEADS              = { account_name = local.central.heads_account_name, container_id = local.central.heads_container_id }
  REPLICATED_BY      = var.REPLICATED_BY
  RETENTION_DAYS     = var.RETENTION_DAYS
  EMAILS             = var.EMAILS
  BUDGET_START       = var.BUDGET_START
}

module "warehouse" {
  source = "../warehouse"

  PROJECT     = var.PROJECT
  LOCATION    = local.home.location
  REGION      = var.REGION
  ENVIRONMENT = var.ENVIRONMENT
  OWNER       = var.OWNER

  SUBNET_ID              = module.home.warehouse_subnet_id
  PRIVATE_DNS_ZONE_ID    = module.home.dns_zone_ids["postgres"]
  SKU                    = var.WAREHOUSE_SKU
  ZONE_REDUNDANT         = var.WAREHOUSE_ZONE_REDUNDANT
  ADMINISTRATORS         = var.WAREHOUSE_ADMINISTRATORS
  ADMINISTRATOR_PASSWORD = var.WAREHOUSE_PASSWORD
  REGION_READERS         = keys(var.REGIONS)
}

module "pipeline" {
  source = "../pipeline"

  PROJECT     = var.PROJECT
  LOCATION    = local.home.location
  REGION      = var.REGION
  ENVIRONMENT = var.ENVIRONMENT
  OWNER       = var.OWNER

  IMAGE             = "${local.registry_name}.azurecr.io/mainstem-jobs:${var.JOBS_TAG}"
  REGISTRY_ID       = "${local.shared_id}/providers/Microsoft.ContainerRegistry/registries/${local.registry_name}"
  PLATFORM          = local.mainstem
  SUBNET_ID         = module.home.jobs_subnet_id
  DATA_SUBNET_ID    = module.home.endpoints_subnet_id
  FILE_DNS_ZONE_IDS = [module.home.dns_zone_ids["file"]]
  LOG_WORKSPACE_ID  = module.home.log_workspace_id
  # `retain` empties the regions; at the centre their deletions are replicated.
  WRITE_ACCOUNT_IDS = merge(
    { (var.REGION) = module.home.regional_storage_account_id },
    { for region, each in module.region : region => each.regional_storage_account_id },
    local.is_central && var.REPLICATED_BY == "mainstem" ? { for shard, id in local.central.account_ids : "central-${shard}" => id } : {},
  )
  READ_ACCOUNT_IDS = local.is_central && var.REPLICATED_BY == "azure" ? { for shard, id in local.central.account_ids : "central-${shard}" => id } : {}
  SECRET_IDS       = { warehouse = module.warehouse.password_secret_id }
  ACTION_GROUP_ID  = module.home.action_group_id
  HOUR             = var.HOUR
}
