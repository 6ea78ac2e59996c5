mock_provider "azurerm" {
  source = "../../mocks"
}

variables {
  PROJECT               = "contoso"
  LOCATION              = "westeurope"
  REGION                = "euc"
  ENVIRONMENT           = "prod"
  OWNER                 = "devops"
  ADDRESS_SPACE         = "10.48.0.0/20"
  ALLOWED_SOURCES       = ["192.0.2.0/25", "198.51.100.7/32"]
  COLLECTOR_IP          = "10.48.1.4"
  COLLECTOR_HOST_NAME   = "euc.otel.contoso.example"
  CERTIFICATE_SECRET_ID = "https://contosoeucprodkv.vault.azure.net/secrets/otel-gateway-tls"
  KEY_VAULT_ID          = "/subscriptions/x/resourceGroups/y/providers/Microsoft.KeyVault/vaults/contosoeucprodkv"
  LOG_WORKSPACE_ID      = "/subscriptions/x/resourceGroups/y/providers/Microsoft.OperationalInsights/workspaces/w"
}

run "known_sources_alone" {
  assert {
    condition = alltrue([
      azurerm_web_application_firewall_policy.otlp.custom_rules[0].action == "Block",
      azurerm_web_application_firewall_policy.otlp.custom_rules[0].match_conditions[0].operator == "IPMatch",
      azurerm_web_application_firewall_policy.otlp.custom_rules[0].match_conditions[0].negation_condition,
      azurerm_web_application_firewall_policy.otlp.custom_rules[0].match_conditions[0].match_values == tolist(var.ALLOWED_SOURCES),
      azurerm_web_application_firewall_policy.otlp.policy_settings[0].mode == "Prevention",
    ])
    error_message = "4318: the firewall blocks who is not on the list"
  }
  assert {
    condition     = azurerm_network_security_rule.senders.source_address_prefixes == toset(var.ALLOWED_SOURCES) && azurerm_network_security_rule.nobody_else["gateway"].access == "Deny"
    error_message = "4317: the network lets in who is on the list"
  }
  assert {
    condition     = azurerm_application_gateway.gateway.firewall_policy_id == azurerm_web_application_firewall_policy.otlp.id
    error_message = "the firewall stands in front"
  }
}

run "grpc_passes_uninspected_and_http_does_not" {
  assert {
    condition     = one(azurerm_application_gateway.gateway.listener).protocol == "Tcp" && one(azurerm_application_gateway.gateway.http_listener).protocol == "Https"
    error_message = "the gateway speaks HTTP/1.1 to its backends, so that gRPC passes as TCP"
  }
  assert {
    condition     = azurerm_network_security_rule.from_gateway.source_address_prefix == "10.48.0.0/24"
    error_message = "the collector takes from the gateway alone"
  }
}

run "accounts_are_reached_privately" {
  variables {
    BLOB_ACCOUNT_IDS = { regional = "/subscriptions/x/resourceGroups/y/providers/Microsoft.Storage/storageAccounts/a" }
  }
  assert {
    condition     = azurerm_private_endpoint.blob["regional"].private_service_connection[0].subresource_names == tolist(["blob"])
    error_message = "a private endpoint an account"
  }
}

run "without_grpc_and_without_tls" {
  variables {
    GRPC                = false
    COLLECTOR_HOST_NAME = null
    PUBLIC              = false
  }
  assert {
    condition     = length(azurerm_application_gateway.gateway.listener) == 0 && output.otlp_grpc_endpoint == null && output.otlp_http_endpoint == "https://10.48.0.10:4318"
    error_message = "4318 alone, within the networks"
  }
}

run "grpc_without_tls_is_refused" {
  command = plan
  variables {
    COLLECTOR_HOST_NAME = null
  }
  expect_failures = [azurerm_application_gateway.gateway]
}

run "a_closed_region_has_no_peering" {
  command = plan
  variables {
    RESIDENCY = "isolated"
    PEERINGS  = { centre = "/subscriptions/x/resourceGroups/y/providers/Microsoft.Network/virtualNetworks/n" }
  }
  expect_failures = [azurerm_virtual_network.network]
}

run "an_empty_list_is_refused" {
  command = plan
  variables {
    ALLOWED_SOURCES = []
  }
  expect_failures = [var.ALLOWED_SOURCES]
}

run "everyone_is_no_list" {
  command = plan
  variables {
    ALLOWED_SOURCES = ["0.0.0.0/0"]
    ADDRESS_SPACE   = "10.48.0.0/24"
    CAPACITY        = 0
    RESIDENCY       = "half"
  }
  expect_failures = [var.ALLOWED_SOURCES, var.ADDRESS_SPACE, var.CAPACITY, var.RESIDENCY]
}
