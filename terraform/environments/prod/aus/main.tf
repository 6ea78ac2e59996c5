# The partner's platform, prod: one region, closed. It has its own subscription, identities, keys,
# warehouse and log workspace; the company's parts have no right, address or way here.

module "platform" {
  source = "../../../modules/platform"

  PROJECT     = var.PROJECT
  REGION      = "aus"
  ENVIRONMENT = "prod"
  OWNER       = var.OWNER
  RESIDENCY   = var.RESIDENCY

  REGIONS = {
    aus = {
      location        = "australiaeast"
      address_space   = "10.49.0.0/20"
      allowed_sources = var.ALLOWED_SOURCES["aus"]
      host_name       = "aus.${var.DOMAIN}"
      budget          = lookup(var.BUDGETS, "aus", null)
    }
  }

  COLLECTOR_TAG      = var.OTEL_VERSION
  JOBS_TAG           = var.JOBS_VERSION
  REGISTRY_NAME      = "${var.PROJECT}acraus"
  WAREHOUSE_PASSWORD = var.WAREHOUSE_PASSWORD
  WAREHOUSE_SKU      = "GP_Standard_D2ds_v5"
  AGGREGATES_READERS = var.AGGREGATES_READERS
  EMAILS             = var.EMAILS
  BUDGET_START       = var.BUDGET_START
}

output "endpoints" {
  value = module.platform.endpoints
}

output "mainstem_yaml" {
  value = module.platform.mainstem_yaml
}

output "aggregates_account_name" {
  value = module.platform.aggregates_account_name
}
