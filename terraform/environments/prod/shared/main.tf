# What the company's regions share and look up, prod. Applied once, before ../company.

locals {
  regions = { euc = "westeurope", use = "eastus", cac = "canadacentral" }
}

module "shared" {
  source   = "../../../modules/shared"
  for_each = local.regions

  PROJECT     = var.PROJECT
  LOCATION    = each.value
  REGION      = each.key
  ENVIRONMENT = "prod"
  OWNER       = var.OWNER
  # One registry, at home.
  REGISTRY      = each.key == "euc"
  REGISTRY_NAME = "${var.PROJECT}acr"
}
