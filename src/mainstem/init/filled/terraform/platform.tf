# The platform, ${environment}: loaded in ${home}.

locals {
  locations = {
${locations}
  }
  networks = {
${networks}
  }
  # The policy has one place: mainstem.yaml, whose rules of all regions each region gets too.
  mainstem = yamldecode(file("$${path.root}/${platform_file}"))
  policies = {
    for region in keys(local.locations) : region => merge(
      try(local.mainstem.redaction, {}),
      try(local.mainstem.regions[region].redaction, {}),
      {
        blocked_values = concat(
          try(local.mainstem.redaction.blocked_values, []),
          try(local.mainstem.regions[region].redaction.blocked_values, []),
        )
      },
    )
  }
}

module "platform" {
  source = "${module_platform}"

  PROJECT     = "${company}"
  REGION      = "${home}"
  ENVIRONMENT = "${environment}"
  OWNER       = "${owner}"
  RESIDENCY   = "${residency}"

  REGIONS = {
    for region, location in local.locations : region => {
      location        = location
      address_space   = local.networks[region]
      allowed_sources = var.ALLOWED_SOURCES[region]
      host_name       = "$${region}.otel.${environment}.${domain}"
      overlay         = jsonencode(local.policies[region])
    }
  }
  CLOSED_REGIONS = {
${closed}
  }
  SHARDS = {
${shards}
  }

  COLLECTOR_TAG      = var.OTEL_VERSION
  JOBS_TAG           = var.JOBS_VERSION
  REGISTRY_NAME      = "${registry}"
  WAREHOUSE_PASSWORD = var.WAREHOUSE_PASSWORD
  EMAILS             = var.EMAILS
}

output "endpoints" {
  value = module.platform.endpoints
}

output "mainstem_yaml" {
  value = module.platform.mainstem_yaml
}
