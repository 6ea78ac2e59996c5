locals {
  each_region = merge({ (var.REGION) = module.home }, module.region)
}

output "mainstem_yaml" {
  description = "The platform file as the loading job has it; nothing in it is secret"
  value       = local.mainstem
}

output "endpoints" {
  description = "Where each region's product sends"
  value       = { for region, each in local.each_region : region => { http = each.otlp_http_endpoint, grpc = each.otlp_grpc_endpoint } }
}

output "collector_configurations" {
  description = "config.yaml of each region's collector"
  value       = { for region, each in local.each_region : region => each.configuration }
}

output "collector_platforms" {
  description = "mainstem.yaml of each region's collector"
  value       = { for region, each in local.each_region : region => each.platform }
}

output "aggregates_account_name" {
  description = "Of residency aggregates: what the centre's file names"
  value       = module.home.aggregates_account_name
}

output "roles_sql" {
  description = "Read roles per region, for the warehouse's administrator"
  value       = module.warehouse.roles_sql
}

output "arm_template" {
  description = "The pipeline as an ARM template"
  value       = module.pipeline.arm_template
}
