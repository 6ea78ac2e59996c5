output "otlp_http_endpoint" {
  description = "Where the product sends by HTTP"
  value       = module.gateway.otlp_http_endpoint
}

output "otlp_grpc_endpoint" {
  description = "Where the product sends by gRPC; null where it does not pass"
  value       = module.gateway.otlp_grpc_endpoint
}

output "regional_storage_account_name" {
  value = module.collector.regional_storage_account_name
}

output "regional_storage_account_id" {
  value = module.collector.regional_storage_account_id
}

output "aggregates_account_name" {
  value = module.collector.aggregates_account_name
}

output "jobs_subnet_id" {
  value = module.gateway.jobs_subnet_id
}

output "endpoints_subnet_id" {
  value = module.gateway.endpoints_subnet_id
}

output "warehouse_subnet_id" {
  value = module.gateway.warehouse_subnet_id
}

output "dns_zone_ids" {
  value = module.gateway.dns_zone_ids
}

output "action_group_id" {
  value = module.monitoring.action_group_id
}

output "log_workspace_id" {
  value = local.workspace_id
}

output "key_vault_id" {
  value = local.vault_id
}

output "configuration" {
  value = module.collector.configuration
}

output "platform" {
  value = module.collector.platform
}
