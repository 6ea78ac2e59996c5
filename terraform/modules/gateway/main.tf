# The guard in front of a region's collector: an allow list, a web application firewall, and TLS.

locals {
  has_tls  = var.COLLECTOR_HOST_NAME != null
  frontend = var.PUBLIC ? "public" : "private"
}

resource "azurerm_user_assigned_identity" "gateway" {
  name                = "${local.name}-gateway"
  resource_group_name = data.azurerm_resource_group.rg.name
  location            = var.LOCATION
  tags                = local.tags
}

resource "azurerm_role_assignment" "read_certificate" {
  for_each             = toset(compact([var.CERTIFICATE_SECRET_ID, var.COLLECTOR_CA_SECRET_ID]))
  scope                = "${var.KEY_VAULT_ID}/secrets/${split("/", each.key)[4]}"
  role_definition_name = "Key Vault Secrets User"
  principal_id         = azurerm_user_assigned_identity.gateway.principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_public_ip" "gateway" {
  name                = "${local.name}-gateway"
  resource_group_name = data.azurerm_resource_group.rg.name
  location            = var.LOCATION
  allocation_method   = "Static"
  sku                 = "Standard"
  domain_name_label   = var.PUBLIC ? local.name : null
  zones               = ["1", "2", "3"]
  tags                = local.tags
}

resource "azurerm_web_application_firewall_policy" "otlp" {
  name                = "${local.name}-firewall"
  resource_group_name = data.azurerm_resource_group.rg.name
  location            = var.LOCATION
  tags                = local.tags

  custom_rules {
    name      = "KnownSourcesOnly"
    priority  = 1
    rule_type = "MatchRule"
    action    = "Block"
    match_conditions {
      match_variables {
        variable_name = "RemoteAddr"
      }
      operator           = "IPMatch"
      negation_condition = true
      match_values       = var.ALLOWED_SOURCES
    }
  }

  custom_rules {
    name      = "OtlpOnly"
    priority  = 2
    rule_type = "MatchRule"
    action    = "Block"
    match_conditions {
      match_variables {
        variable_name = "RequestUri"
      }
      operator           = "Regex"
      negation_condition = true
      match_values       = ["^/v1/(traces|logs|metrics)$"]
    }
  }

  # OTLP's bodies are protobuf, often compressed: rules for web forms find nothing in them but false
  # alarms, and a body is larger than what the firewall inspects.
  policy_settings {
    enabled            = true
    mode               = "Prevention"
    request_body_check = false
  }

  managed_rules {
    managed_rule_set {
      type    = "OWASP"
      version = "3.2"
    }
  }
}

resource "azurerm_application_gateway" "gateway" {
  name                = "${local.name}-gateway"
  resource_group_name = data.azurerm_resource_group.rg.name
  location            = var.LOCATION
  zones               = ["1", "2", "3"]
  firewall_policy_id  = azurerm_web_application_firewall_policy.otlp.id
  tags                = local.tags

  sku {
    name = "WAF_v2"
    tier = "WAF_v2"
  }

  autoscale_configuration {
    min_capacity = 0
    max_capacity = var.CAPACITY
  }

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.gateway.id]
  }

  gateway_ip_configuration {
    name      = "gateway"
    subnet_id = azurerm_subnet.subnet["gateway"].id
  }

  # A gateway of this kind has a public address even where no listener uses it.
  frontend_ip_configuration {
    name                 = "public"
    public_ip_address_id = azurerm_public_ip.gateway.id
  }

  frontend_ip_configuration {
    name                          = "private"
    subnet_id                     = azurerm_subnet.subnet["gateway"].id
    private_ip_address            = cidrhost(local.subnets["gateway"], 10)
    private_ip_address_allocation = "Static"
  }

  frontend_port {
    name = "http"
    port = 4318
  }

  ssl_certificate {
    name                = "otlp"
    key_vault_secret_id = var.CERTIFICATE_SECRET_ID
  }

  ssl_policy {
    policy_type = "Predefined"
    policy_name = "AppGwSslPolicy20220101"
  }

  dynamic "trusted_root_certificate" {
    for_each = compact([var.COLLECTOR_CA_SECRET_ID])
    content {
      name                = "collector"
      key_vault_secret_id = trusted_root_certificate.value
    }
  }

  backend_address_pool {
    name         = "collector"
    ip_addresses = [var.COLLECTOR_IP]
  }

  # 4318: HTTP, which the firewall looks into.

  http_listener {
    name                           = "http"
    frontend_ip_configuration_name = local.frontend
    frontend_port_name             = "http"
    protocol                       = "Https"
    ssl_certificate_name           = "otlp"
  }

  backend_http_settings {
    name                           = "http"
    port                           = 4318
    protocol                       = local.has_tls ? "Https" : "Http"
    host_name                      = var.COLLECTOR_HOST_NAME
    cookie_based_affinity          = "Disabled"
    request_timeout                = 60
    probe_name                     = "health"
    trusted_root_certificate_names = var.COLLECTOR_CA_SECRET_ID == null ? null : ["collector"]
  }

  # A probe speaks as the backend does. Without TLS it asks for health; with TLS, whose certificate the
  # health endpoint has not, it looks whether the receiver answers at all (it refuses a GET).
  probe {
    name                = "health"
    protocol            = local.has_tls ? "Https" : "Http"
    host                = local.has_tls ? var.COLLECTOR_HOST_NAME : var.COLLECTOR_IP
    port                = local.has_tls ? 4318 : 13133
    path                = local.has_tls ? "/v1/logs" : "/health/status"
    interval            = 15
    timeout             = 5
    unhealthy_threshold = 3
    match {
      status_code = local.has_tls ? ["401", "405"] : ["200"]
    }
  }

  request_routing_rule {
    name                       = "http"
    priority                   = 100
    rule_type                  = "Basic"
    http_listener_name         = "http"
    backend_address_pool_name  = "collector"
    backend_http_settings_name = "http"
  }

  # 4317: the gateway speaks HTTP/1.1 to its backends, so that gRPC passes as TCP, uninspected.

  dynamic "frontend_port" {
    for_each = var.GRPC ? [4317] : []
    content {
      name = "grpc"
      port = frontend_port.value
    }
  }

  dynamic "listener" {
    for_each = var.GRPC ? ["grpc"] : []
    content {
      name                           = listener.value
      frontend_ip_configuration_name = local.frontend
      frontend_port_name             = "grpc"
      protocol                       = "Tcp"
    }
  }

  dynamic "backend" {
    for_each = var.GRPC ? ["grpc"] : []
    content {
      name               = backend.value
      port               = 4317
      protocol           = "Tcp"
      timeout_in_seconds = 60
    }
  }

  dynamic "routing_rule" {
    for_each = var.GRPC ? ["grpc"] : []
    content {
      name                      = routing_rule.value
      priority                  = 200
      listener_name             = "grpc"
      backend_address_pool_name = "collector"
      backend_name              = "grpc"
    }
  }

  lifecycle {
    precondition {
      condition     = !var.GRPC || local.has_tls
      error_message = "GRPC passes as TCP: its TLS ends at the collector, which needs a certificate (COLLECTOR_HOST_NAME)."
    }
  }

  depends_on = [
    azurerm_role_assignment.read_certificate,
    azurerm_subnet_network_security_group_association.guarded,
  ]
}

resource "azurerm_monitor_diagnostic_setting" "gateway" {
  name                       = "gateway"
  target_resource_id         = azurerm_application_gateway.gateway.id
  log_analytics_workspace_id = var.LOG_WORKSPACE_ID

  # Not the access log, which holds each sender's address for each request.
  enabled_log {
    category = "ApplicationGatewayFirewallLog"
  }
  enabled_metric {
    category = "AllMetrics"
  }
}
