output "resource_group_name" {
  value = azurerm_resource_group.shared.name
}

output "key_vault_id" {
  value = azurerm_key_vault.vault.id
}

output "key_vault_name" {
  value = azurerm_key_vault.vault.name
}

output "log_workspace_id" {
  value = azurerm_log_analytics_workspace.log.id
}

output "registry_id" {
  description = "Null where the registry is another region's"
  value       = one(azurerm_container_registry.registry[*].id)
}
