output "collector_subnet_id" {
  description = "SUBNET_ID of the collector's module: known before the subnet is made, so that a plan says that the collector is private"
  value       = "${data.azurerm_resource_group.rg.id}/providers/Microsoft.Network/virtualNetworks/${local.name}-network/subnets/collector"
  depends_on = [
    azurerm_subnet_network_security_group_association.guarded,
    azurerm_subnet_nat_gateway_association.out,
  ]
}

output "gateway_network" {
  description = "TRUSTED_PROXIES and ALLOWED_NETWORKS of the collector's module"
  value       = local.subnets["gateway"]
}

output "jobs_subnet_id" {
  value = azurerm_subnet.subnet["jobs"].id
}

output "endpoints_subnet_id" {
  value = azurerm_subnet.subnet["endpoints"].id
}

output "warehouse_subnet_id" {
  value = azurerm_subnet.subnet["warehouse"].id
}

output "network_id" {
  value = azurerm_virtual_network.network.id
}

output "dns_zone_ids" {
  description = "The private zones' ids, by blob, file and postgres"
  value       = { for name, zone in azurerm_private_dns_zone.zone : name => zone.id }
}

output "otlp_http_endpoint" {
  value = "https://${var.PUBLIC ? azurerm_public_ip.gateway.fqdn : cidrhost(local.subnets["gateway"], 10)}:4318"
}

output "otlp_grpc_endpoint" {
  value = var.GRPC ? "https://${var.PUBLIC ? azurerm_public_ip.gateway.fqdn : cidrhost(local.subnets["gateway"], 10)}:4317" : null
}

output "gateway_id" {
  value = azurerm_application_gateway.gateway.id
}
