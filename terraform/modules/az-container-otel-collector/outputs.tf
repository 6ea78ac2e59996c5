output "container_instance_id" {
  value = azurerm_container_group.otel_collector.id
}

output "container_instance_fqdn" {
  description = "Null in a subnet, where a container group has no name"
  value       = local.is_public ? azurerm_container_group.otel_collector.fqdn : null
}

output "regional_storage_account_name" {
  value = azurerm_storage_account.storage_otel_regional.name
}

output "otlp_grpc_endpoint" {
  value = "${local.scheme}://${local.host}:4317"
}

output "otlp_http_endpoint" {
  value = "${local.scheme}://${local.host}:4318"
}

output "health_check_endpoint" {
  description = "Null where the collector is public: its health is asked for inside the group alone"
  value       = local.is_public ? null : "http://${local.host}:13133/health/status"
}

output "regional_storage_account_id" {
  value = azurerm_storage_account.storage_otel_regional.id
}

output "private_ip_address" {
  description = "What the gateway sends to; null where the collector is public"
  value       = local.is_public ? null : azurerm_container_group.otel_collector.ip_address
}

output "identity_principal_id" {
  value = azurerm_user_assigned_identity.otel_collector.principal_id
}

output "central_account_name" {
  description = "Where this region's copies go; empty where nothing travels"
  value       = local.central_account_name
}

output "configuration" {
  description = "config.yaml as the collector reads it: nothing in it is secret"
  value       = local.configuration
}

output "platform" {
  description = "mainstem.yaml as the collector reads it"
  value       = local.platform
}

output "replication_policy_id" {
  description = "Azure's own replication, whose metrics tell what is pending; null where there is none"
  value       = one(azurerm_storage_object_replication.replication_policy[*].id)
}

output "aggregates_account_name" {
  description = "`aggregates.store` of mainstem.yaml, as az://<name>; null unless the region publishes weekly counts"
  value       = one(azurerm_storage_account.aggregates[*].name)
}
