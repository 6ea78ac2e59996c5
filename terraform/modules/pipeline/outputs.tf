output "factory_id" {
  value = azurerm_data_factory.factory.id
}

output "job_id" {
  value = azurerm_container_app_job.run.id
}

output "job_principal_id" {
  value = azurerm_user_assigned_identity.job.principal_id
}

output "arm_template" {
  description = "The pipeline as an ARM template, made from what the module deploys"
  value       = jsonencode(local.arm_template)
}

output "start_body" {
  description = "What the parameters make of a start without day and region: the job's whole template"
  value = jsonencode({
    containers = [{
      name         = "run"
      image        = var.IMAGE
      command      = ["mainstem"]
      args         = ["run", "--json", "--platform", "/etc/mainstem/platform"]
      env          = local.variables
      resources    = local.resources
      volumeMounts = local.mounts
    }]
  })
}
