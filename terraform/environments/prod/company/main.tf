# The company's platform, prod: Europe, the United States and Canada, loaded in Europe.

locals {
  regions = {
    euc = { location = "westeurope", address_space = "10.48.0.0/20", overlay = jsonencode({ blocked_values = ["PL[0-9]{10}"] }) }
    use = { location = "eastus", address_space = "10.48.16.0/20", overlay = "{}" }
    cac = { location = "canadacentral", address_space = "10.48.32.0/20", overlay = "{}" }
  }
  partner = var.AUS == "central" ? {
    aus = { location = "australiaeast", address_space = "10.48.48.0/20", overlay = "{}" }
  } : {}
}

module "platform" {
  source = "../../../modules/platform"

  PROJECT     = var.PROJECT
  REGION      = "euc"
  ENVIRONMENT = "prod"
  OWNER       = var.OWNER

  REGIONS = {
    for region, each in merge(local.regions, local.partner) : region => {
      location        = each.location
      address_space   = each.address_space
      overlay         = each.overlay
      allowed_sources = var.ALLOWED_SOURCES[region]
      host_name       = "${region}.${var.DOMAIN}"
      budget          = lookup(var.BUDGETS, region, null)
    }
  }
  CLOSED_REGIONS = var.AUS == "central" ? {} : {
    aus = {
      location           = "australiaeast"
      residency          = var.AUS
      aggregates_account = var.AUS == "aggregates" ? "${var.PROJECT}weeksausprod" : null
    }
  }

  COLLECTOR_TAG            = var.OTEL_VERSION
  JOBS_TAG                 = var.JOBS_VERSION
  REGISTRY_NAME            = "${var.PROJECT}acr"
  WAREHOUSE_PASSWORD       = var.WAREHOUSE_PASSWORD
  WAREHOUSE_SKU            = "GP_Standard_D4ds_v5"
  WAREHOUSE_ZONE_REDUNDANT = true
  # Locked for good in production alone: nobody could take the account down for 400 days.
  HEADS_LOCKED = true
  EMAILS       = var.EMAILS
  BUDGET_START = var.BUDGET_START
}

output "endpoints" {
  value = module.platform.endpoints
}

output "mainstem_yaml" {
  value = module.platform.mainstem_yaml
}

output "roles_sql" {
  value = module.platform.roles_sql
}
