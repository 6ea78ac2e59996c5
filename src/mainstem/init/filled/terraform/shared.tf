# What the regions share and look up, ${environment}. Applied before the platform.

locals {
  regions = {
${locations}
  }
}

module "shared" {
  source   = "${module_shared}"
  for_each = local.regions

  PROJECT     = "${company}"
  LOCATION    = each.value
  REGION      = each.key
  ENVIRONMENT = "${environment}"
  OWNER       = "${owner}"
  # One registry, at home.
  REGISTRY      = each.key == "${home}"
  REGISTRY_NAME = "${registry}"
}
