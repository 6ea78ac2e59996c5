# The same pipeline as an ARM template, for whoever deploys Data Factory by its own publishing.

locals {
  arm_template = {
    "$schema"      = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
    contentVersion = "1.0.0.0"
    parameters = merge(
      { factoryName = { type = "string" } },
      { for name in ["job", "image", "variables", "resources", "mounts"] : name => { type = "string" } },
    )
    resources = [{
      type       = "Microsoft.DataFactory/factories/pipelines"
      apiVersion = "2018-06-01"
      name       = "[concat(parameters('factoryName'), '/daily-load')]"
      properties = {
        description = local.description
        activities  = jsondecode(local.activities)
        parameters = {
          for name in keys(local.parameters) : name => {
            type         = "string"
            defaultValue = contains(["day", "region"], name) ? "" : "[parameters('${name}')]"
          }
        }
        variables   = { status = { type = "String", defaultValue = "" } }
        concurrency = 1
      }
    }]
  }
}
