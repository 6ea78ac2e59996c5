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
