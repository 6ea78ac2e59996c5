# The region's network: who may come in, and how its own parts reach the accounts.

locals {
  resource_group_name = "${var.PROJECT}${var.REGION}${var.ENVIRONMENT}"
  name                = "${var.PROJECT}-otel-${var.REGION}-${var.ENVIRONMENT}"
  tags                = { OWNER = var.OWNER, REGION = var.REGION, ENVIRONMENT = var.ENVIRONMENT }
  cut                 = 24 - tonumber(split("/", var.ADDRESS_SPACE)[1])
  subnets             = { for number, name in ["gateway", "collector", "endpoints", "jobs", "warehouse"] : name => cidrsubnet(var.ADDRESS_SPACE, local.cut, number) }
  delegations = {
    gateway   = "Microsoft.Network/applicationGateways"
    collector = "Microsoft.ContainerInstance/containerGroups"
    jobs      = "Microsoft.App/environments"
    warehouse = "Microsoft.DBforPostgreSQL/flexibleServers"
  }
  ports = var.GRPC ? ["4317", "4318"] : ["4318"]
}

data "azurerm_resource_group" "rg" {
  name = local.resource_group_name
}

resource "azurerm_virtual_network" "network" {
  name                = "${local.name}-network"
  resource_group_name = data.azurerm_resource_group.rg.name
  location            = var.LOCATION
  address_space       = [var.ADDRESS_SPACE]
  tags                = local.tags

  lifecycle {
    precondition {
      condition     = var.RESIDENCY == "central" || length(var.PEERINGS) == 0
      error_message = "A region that is ${var.RESIDENCY} has no way to another network: PEERINGS is empty."
    }
  }
}

resource "azurerm_subnet" "subnet" {
  for_each             = local.subnets
  name                 = each.key
  resource_group_name  = data.azurerm_resource_group.rg.name
  virtual_network_name = azurerm_virtual_network.network.name
  address_prefixes     = [each.value]

  dynamic "delegation" {
    for_each = compact([lookup(local.delegations, each.key, "")])
    content {
      name = each.key
      service_delegation {
        name = delegation.value
      }
    }
  }
}

resource "azurerm_virtual_network_peering" "peering" {
  for_each                  = var.PEERINGS
  name                      = "to-${each.key}"
  resource_group_name       = data.azurerm_resource_group.rg.name
  virtual_network_name      = azurerm_virtual_network.network.name
  remote_virtual_network_id = each.value
}

# Gateway and collector take what a rule below lets in, and nothing else.

resource "azurerm_network_security_group" "guarded" {
  for_each            = toset(["gateway", "collector"])
  name                = "${local.name}-${each.key}"
  resource_group_name = data.azurerm_resource_group.rg.name
  location            = var.LOCATION
  tags                = local.tags
}

resource "azurerm_network_security_rule" "nobody_else" {
  for_each                    = azurerm_network_security_group.guarded
  name                        = "nobody-else"
  resource_group_name         = data.azurerm_resource_group.rg.name
  network_security_group_name = each.value.name
  priority                    = 4096
  direction                   = "Inbound"
  access                      = "Deny"
  protocol                    = "*"
  source_address_prefix       = "*"
  source_port_range           = "*"
  destination_address_prefix  = "*"
  destination_port_range      = "*"
}

resource "azurerm_subnet_network_security_group_association" "guarded" {
  for_each                  = azurerm_network_security_group.guarded
  subnet_id                 = azurerm_subnet.subnet[each.key].id
  network_security_group_id = each.value.id
}

# Who may send. For 4317 this is the only list of addresses: the gateway's firewall looks into HTTP alone.

resource "azurerm_network_security_rule" "senders" {
  name                        = "senders"
  resource_group_name         = data.azurerm_resource_group.rg.name
  network_security_group_name = azurerm_network_security_group.guarded["gateway"].name
  priority                    = 100
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_address_prefixes     = var.ALLOWED_SOURCES
  source_port_range           = "*"
  destination_address_prefix  = "*"
  destination_port_ranges     = local.ports
}

# Azure looks after the gateway by these ports, which take no traffic of anyone else's.
resource "azurerm_network_security_rule" "gateway_manager" {
  name                        = "gateway-manager"
  resource_group_name         = data.azurerm_resource_group.rg.name
  network_security_group_name = azurerm_network_security_group.guarded["gateway"].name
  priority                    = 200
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_address_prefix       = "GatewayManager"
  source_port_range           = "*"
  destination_address_prefix  = "*"
  destination_port_range      = "65200-65535"
}

resource "azurerm_network_security_rule" "load_balancer" {
  name                        = "load-balancer"
  resource_group_name         = data.azurerm_resource_group.rg.name
  network_security_group_name = azurerm_network_security_group.guarded["gateway"].name
  priority                    = 210
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "*"
  source_address_prefix       = "AzureLoadBalancer"
  source_port_range           = "*"
  destination_address_prefix  = "*"
  destination_port_range      = "*"
}

# The collector takes from the gateway alone, and tells its health within the network.

resource "azurerm_network_security_rule" "from_gateway" {
  name                        = "from-gateway"
  resource_group_name         = data.azurerm_resource_group.rg.name
  network_security_group_name = azurerm_network_security_group.guarded["collector"].name
  priority                    = 100
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_address_prefix       = local.subnets["gateway"]
  source_port_range           = "*"
  destination_address_prefix  = "*"
  destination_port_ranges     = concat(local.ports, ["13133"])
}

# How the accounts are reached

resource "azurerm_private_dns_zone" "zone" {
  for_each = {
    blob     = "privatelink.blob.core.windows.net"
    file     = "privatelink.file.core.windows.net"
    postgres = "${local.name}.private.postgres.database.azure.com"
  }
  name                = each.value
  resource_group_name = data.azurerm_resource_group.rg.name
  tags                = local.tags
}

resource "azurerm_private_dns_zone_virtual_network_link" "link" {
  for_each             = azurerm_private_dns_zone.zone
  name                 = "${local.name}-${each.key}"
  private_dns_zone_id  = each.value.id
  virtual_network_id   = azurerm_virtual_network.network.id
  registration_enabled = false
  tags                 = local.tags
}

resource "azurerm_private_endpoint" "blob" {
  for_each            = var.BLOB_ACCOUNT_IDS
  name                = "${local.name}-${each.key}"
  resource_group_name = data.azurerm_resource_group.rg.name
  location            = var.LOCATION
  subnet_id           = azurerm_subnet.subnet["endpoints"].id
  tags                = local.tags

  private_service_connection {
    name                           = each.key
    private_connection_resource_id = each.value
    subresource_names              = ["blob"]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = "blob"
    private_dns_zone_ids = [azurerm_private_dns_zone.zone["blob"].id]
  }
}

# The way out, to Entra, the key vault and the registry: a subnet has none of its own any more.

resource "azurerm_public_ip" "out" {
  name                = "${local.name}-out"
  resource_group_name = data.azurerm_resource_group.rg.name
  location            = var.LOCATION
  allocation_method   = "Static"
  sku                 = "Standard"
  tags                = local.tags
}

resource "azurerm_nat_gateway" "out" {
  name                = "${local.name}-out"
  resource_group_name = data.azurerm_resource_group.rg.name
  location            = var.LOCATION
  sku_name            = "Standard"
  tags                = local.tags
}

resource "azurerm_nat_gateway_public_ip_association" "out" {
  nat_gateway_id       = azurerm_nat_gateway.out.id
  public_ip_address_id = azurerm_public_ip.out.id
}

resource "azurerm_subnet_nat_gateway_association" "out" {
  for_each       = toset(["collector", "jobs"])
  subnet_id      = azurerm_subnet.subnet[each.key].id
  nat_gateway_id = azurerm_nat_gateway.out.id
}
