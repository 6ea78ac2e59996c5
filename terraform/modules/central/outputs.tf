output "account_ids" {
  description = "The central accounts' ids, by shard"
  value       = { for shard, account in azurerm_storage_account.central : shard => account.id }
}

output "account_id_of" {
  description = "The central account's id, by region"
  value       = { for region, shard in var.SHARDS : region => azurerm_storage_account.central[tostring(shard)].id }
}

output "account_names" {
  description = "The central accounts' names, by region: what `central.stores` of mainstem.yaml lists"
  value       = { for region, shard in var.SHARDS : region => azurerm_storage_account.central[tostring(shard)].name }
}

output "heads_account_name" {
  description = "What `witness.store` of mainstem.yaml names, as az://<name>"
  value       = azurerm_storage_account.heads.name
}

output "heads_container_id" {
  description = "The immutable container: collectors get the right to write there, by their own module"
  value       = azurerm_storage_container.heads.id
}
