# The company's platform, test: Europe, the United States and Canada, loaded in Europe.

locals {
  regions = {
    euc = { location = "westeurope", address_space = "10.44.0.0/20", overlay = jsonencode({ blocked_values = ["PL[0-9]{10}"] }) }
    use = { location = "eastus", address_space = "10.44.16.0/20", overlay = "{}" }
    cac = { location = "canadacentral", address_space = "10.44.32.0/20", overlay = "{}" }
  }
  partner = var.AUS == "central" ? {
    aus = { location = "australiaeast", address_space = "10.44.48.0/20", overlay = "{}" }
  } : {}
}

module "platform" {
  source = "../../../modules/platform"

  PROJECT     = var.PROJECT
  REGION      = "euc"
  ENVIRONMENT = "test"
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
      aggregates_account = var.AUS == "aggregates" ? "${var.PROJECT}weeksaustest" : null
    }
  }

  COLLECTOR_TAG            = var.OTEL_VERSION
  JOBS_TAG                 = var.JOBS_VERSION
  REGISTRY_NAME            = "${var.PROJECT}acrtest"
  WAREHOUSE_PASSWORD       = var.WAREHOUSE_PASSWORD
  WAREHOUSE_SKU            = "B_Standard_B2s"
  WAREHOUSE_ZONE_REDUNDANT = false
  # Locked for good in production alone: nobody could take the account down for 400 days.
  HEADS_LOCKED = false
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
