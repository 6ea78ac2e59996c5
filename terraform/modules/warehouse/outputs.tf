output "address" {
  description = "`warehouse.address` of mainstem.yaml; of Delta tables it is `spark:` and your master"
  value       = local.has_server ? "postgresql://mainstem@${local.server_name}.postgres.database.azure.com:5432/telemetry?sslmode=verify-full" : null
}

output "password" {
  description = "`warehouse.password` of mainstem.yaml: a place, and not a password"
  value       = local.has_server ? "keyvault:${local.key_vault_name}/${local.password_secret}" : null
}

output "password_secret_id" {
  description = "What a reader of the password gets the right to read"
  value       = local.has_server ? "${data.azurerm_key_vault.infra_shared[0].id}/secrets/${local.password_secret}" : null
}

output "tables" {
  description = "`warehouse.tables` of mainstem.yaml"
  value       = local.has_server ? null : "az://${azurerm_storage_account.tables[0].name}"
}

output "resource_id" {
  value = local.has_server ? azurerm_postgresql_flexible_server.warehouse[0].id : azurerm_storage_account.tables[0].id
}

output "roles_sql" {
  description = "Run by the administrator after the first load: each region's operators and support read their own rows"
  value       = local.has_server ? templatefile("${path.module}/roles.sql.tmpl", { regions = sort(tolist(var.REGION_READERS)) }) : null
}
