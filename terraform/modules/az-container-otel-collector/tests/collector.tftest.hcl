mock_provider "azurerm" {
  source = "../../mocks"
}

# The article's own call (article.tftest.hcl) as it comes out of an apply, and what else can be said.
variables {
  # Terraform 1.11 takes an ephemeral variable in a test only where it is set; AUTH says that it is not used.
  CONNECTION_STRING   = "AccountName=a;AccountKey=planted"
  PROJECT             = "contoso"
  NAME                = "OTel-Collector"
  LOCATION            = "westeurope"
  REGION              = "euc"
  ENVIRONMENT         = "prod"
  OWNER               = "devops"
  OTEL_CONTAINER_NAME = "otel-contrib"
  OTEL_CONTAINER_TAG  = "0.92.0"
}

run "applied" {
  assert {
    condition     = azurerm_storage_account.storage_otel_regional.name == "contosooteleucprod"
    error_message = "the account's name has project, region and environment"
  }
  assert {
    condition     = azurerm_storage_account.storage_otel_regional.blob_properties[0].versioning_enabled && azurerm_storage_account.storage_otel_regional.blob_properties[0].change_feed_enabled
    error_message = "object replication needs versions and the change feed"
  }
  assert {
    condition     = azurerm_storage_account.storage_otel_regional.shared_access_key_enabled == false
    error_message = "nobody signs in with a key"
  }
  assert {
    condition     = azurerm_container_group.otel_collector.container[0].image == "contosoacr.azurecr.io/otel-contrib:0.92.0"
    error_message = "the image comes from the project's registry, by its tag"
  }
  assert {
    condition     = azurerm_container_group.otel_collector.ip_address_type == "Public" && azurerm_container_group.otel_collector.dns_name_label == "contoso-otel-euc-prod"
    error_message = "without a subnet it is public, under a name"
  }
  assert {
    condition     = !contains([for each in azurerm_container_group.otel_collector.container[0].ports : each.port], 13133)
    error_message = "health is not shown to the world"
  }
  assert {
    condition     = output.otlp_grpc_endpoint == "https://contoso-otel-euc-prod.westeurope.azurecontainer.io:4317" && output.health_check_endpoint == null
    error_message = "endpoints are OTLP's URLs, and those of TLS"
  }
  assert {
    condition     = length(azurerm_container_group.otel_collector.image_registry_credential[0].user_assigned_identity_id) > 0 && azurerm_container_group.otel_collector.image_registry_credential[0].password == null
    error_message = "the image is pulled by the identity"
  }
}

run "probes_ask_the_collectors_own_paths" {
  assert {
    condition     = azurerm_container_group.otel_collector.container[0].liveness_probe[0].http_get[0].path == "/live"
    error_message = "liveness does not ask for exports"
  }
  assert {
    condition     = azurerm_container_group.otel_collector.container[0].readiness_probe[0].http_get[0].path == yamldecode(output.configuration).extensions.health_check.path
    error_message = "readiness asks the path that the configuration names"
  }
}

run "what_travels" {
  assert {
    condition     = toset([for each in azurerm_storage_object_replication.replication_policy[0].rules : each.destination_container_name]) == toset(["euc-logs", "euc-ledger"])
    error_message = "logs and the ledger travel, each into the region's own container"
  }
  assert {
    condition     = endswith(azurerm_storage_object_replication.replication_policy[0].destination_storage_account_id, "/resourceGroups/contosoeucprod/providers/Microsoft.Storage/storageAccounts/contosodwheucprod1")
    error_message = "to the account of its shard, at the centre"
  }
}

run "a_region_far_away_finds_the_centre_and_not_itself" {
  variables {
    REGION   = "cac"
    LOCATION = "canadacentral"
  }
  assert {
    condition     = endswith(azurerm_storage_object_replication.replication_policy[0].destination_storage_account_id, "/contosodwheucprod2")
    error_message = "Canada's copies go to the second account in Europe"
  }
  assert {
    condition     = azurerm_storage_account.storage_otel_regional.location == "canadacentral"
    error_message = "its own account stays in Canada"
  }
}

run "environments_do_not_collide" {
  variables {
    ENVIRONMENT = "test"
  }
  assert {
    condition     = azurerm_storage_account.storage_otel_regional.name == "contosooteleuctest"
    error_message = "test has an account of its own"
  }
}

run "retention_counts_soft_delete_and_versions" {
  variables {
    RETENTION_DAYS    = 21
    RETAIN_GRACE_DAYS = 7
    SOFT_DELETE_DAYS  = 2
  }
  assert {
    condition     = azurerm_storage_management_policy.lifecycle_otel.rule[0].actions[0].base_blob[0].delete_after_days_since_creation_greater_than == 26 && azurerm_storage_management_policy.lifecycle_otel.rule[0].actions[0].version[0].delete_after_days_since_creation == 26
    error_message = "21 days, 7 of grace, less the 2 that a deleted blob stays"
  }
  assert {
    condition     = azurerm_storage_management_policy.lifecycle_otel.rule[1].actions[0].base_blob[0].delete_after_days_since_creation_greater_than == 400
    error_message = "the ledger stays"
  }
}

run "no_secret_is_delivered" {
  assert {
    condition     = !strcontains(output.configuration, "AccountKey") && yamldecode(output.configuration).exporters.azureblob.auth.type == "user_managed_identity"
    error_message = "the collector signs in with its identity"
  }
  assert {
    condition     = yamldecode(output.platform).regions.euc.durability == "store"
    error_message = "an OK waits for the store: the group's disk does not last"
  }
  assert {
    condition     = base64decode(azurerm_container_group.otel_collector.container[0].volume[0].secret["config.yaml"]) == output.configuration
    error_message = "what is rendered is what is mounted"
  }
  assert {
    condition     = toset(keys(azurerm_role_assignment.read_secret)) == toset(["otel-collector-tls", "otel-sender-token", "otel-pseudonym-key", "otel-signing-key"])
    error_message = "it may read its own secrets and no other"
  }
}

run "a_connection_string_goes_to_the_vault_alone" {
  variables {
    AUTH = "connection_string"
  }
  assert {
    condition     = yamldecode(output.configuration).exporters.azureblob.auth.connection_string == "$${keyvault:contosoeucprodkv/otel-connection-string}"
    error_message = "the configuration names its place"
  }
  assert {
    condition     = azurerm_key_vault_secret.connection_string[0].value == null && azurerm_key_vault_secret.connection_string[0].value_wo == null
    error_message = "what is write-only is in no state"
  }
}

run "in_a_subnet_it_is_private" {
  variables {
    SUBNET_ID        = "/subscriptions/x/resourceGroups/y/providers/Microsoft.Network/virtualNetworks/n/subnets/collector"
    TOKEN_SECRET     = ""
    TLS_SECRET       = ""
    ALLOWED_NETWORKS = ["10.48.0.0/24"]
    TRUSTED_PROXIES  = ["10.48.0.0/24"]
  }
  assert {
    condition     = azurerm_container_group.otel_collector.ip_address_type == "Private" && azurerm_container_group.otel_collector.dns_name_label == null
    error_message = "no public address, and no name, which Azure refuses in a subnet"
  }
  assert {
    condition     = azurerm_storage_account.storage_otel_regional.public_network_access_enabled == false
    error_message = "its account answers within the network"
  }
  assert {
    condition     = output.health_check_endpoint == "http://10.48.1.4:13133/health/status"
    error_message = "its health may be asked there"
  }
}

run "an_isolated_region_knows_no_centre" {
  variables {
    REGION    = "aus"
    LOCATION  = "australiaeast"
    RESIDENCY = "isolated"
  }
  assert {
    condition     = length(azurerm_storage_object_replication.replication_policy) == 0 && length(azurerm_storage_container.replicated) == 0
    error_message = "nothing is replicated"
  }
  assert {
    condition     = !strcontains(output.platform, "central:") && yamldecode(output.platform).home == "aus"
    error_message = "its file has no address of the centre"
  }
  assert {
    condition     = strcontains(azurerm_role_assignment.pull_image.scope, "/resourceGroups/contosoausprod/")
    error_message = "it pulls from its own registry"
  }
}

run "weekly_counts_have_an_account_of_their_own" {
  variables {
    REGION             = "aus"
    LOCATION           = "australiaeast"
    RESIDENCY          = "aggregates"
    AGGREGATES_READERS = { centre = "00000000-0000-0000-0000-00000000000c" }
  }
  assert {
    condition     = azurerm_storage_account.aggregates[0].name == "contosoweeksausprod" && length(azurerm_storage_object_replication.replication_policy) == 0
    error_message = "the counts leave, and no telemetry"
  }
  assert {
    condition     = azurerm_role_assignment.read_aggregates["centre"].role_definition_name == "Storage Blob Data Reader"
    error_message = "the centre reads them and nothing else"
  }
}

run "mainstem_may_replicate_in_azures_place" {
  variables {
    REPLICATED_BY      = "mainstem"
    SIGNALS_REPLICATED = ["logs", "metrics"]
  }
  assert {
    condition     = length(azurerm_storage_object_replication.replication_policy) == 0 && yamldecode(output.platform).regions.euc.routes.metrics.by == "mainstem"
    error_message = "no policy of Azure's stands in the way"
  }
}

run "public_without_tls_is_refused" {
  command = plan
  variables {
    TLS_SECRET   = ""
    TOKEN_SECRET = ""
  }
  expect_failures = [azurerm_container_group.otel_collector]
}

run "public_without_tokens_or_certificates_is_refused" {
  command = plan
  variables {
    TOKEN_SECRET = ""
  }
  expect_failures = [azurerm_container_group.otel_collector]
}

run "private_without_any_guard_is_refused" {
  command = plan
  variables {
    SUBNET_ID    = "/subscriptions/x/resourceGroups/y/providers/Microsoft.Network/virtualNetworks/n/subnets/collector"
    TLS_SECRET   = ""
    TOKEN_SECRET = ""
  }
  expect_failures = [azurerm_container_group.otel_collector]
}

run "a_token_in_clear_is_refused" {
  command = plan
  variables {
    SUBNET_ID  = "/subscriptions/x/resourceGroups/y/providers/Microsoft.Network/virtualNetworks/n/subnets/collector"
    TLS_SECRET = ""
  }
  expect_failures = [azurerm_container_group.otel_collector]
}

run "client_certificates_without_tls_are_refused" {
  command = plan
  variables {
    SUBNET_ID    = "/subscriptions/x/resourceGroups/y/providers/Microsoft.Network/virtualNetworks/n/subnets/collector"
    TLS_SECRET   = ""
    TOKEN_SECRET = ""
    CLIENT_CA    = "-----BEGIN CERTIFICATE-----"
  }
  expect_failures = [azurerm_container_group.otel_collector]
}

run "a_region_without_a_central_account_is_refused" {
  command = plan
  variables {
    REGION = "jpe"
  }
  expect_failures = [azurerm_storage_account.storage_otel_regional]
}

run "names_that_are_too_long_are_refused" {
  command = plan
  variables {
    PROJECT = "contosoltd"
    REGION  = "eucen"
  }
  expect_failures = [azurerm_storage_account.storage_otel_regional]
}

run "wrong_values_are_refused" {
  command = plan
  variables {
    PROJECT            = "Contoso-GmbH"
    REGION             = "EUC"
    ENVIRONMENT        = "production"
    RESIDENCY          = "partly"
    SIGNALS_REPLICATED = ["spans"]
    REPLICATED_BY      = "robocopy"
    RETENTION_DAYS     = 2
    RETAIN_GRACE_DAYS  = 90
    SOFT_DELETE_DAYS   = 30
    LEDGER_DAYS        = 14
    CPU                = 9
    MEMORY             = 99
    DURABILITY         = "disk"
    AUTH               = "sas"
    ALLOWED_NETWORKS   = ["everywhere"]
    CENTRAL_SHARDS     = { euc = 1, use = 1, cac = 1 }
  }
  expect_failures = [
    var.PROJECT, var.REGION, var.ENVIRONMENT, var.RESIDENCY, var.SIGNALS_REPLICATED, var.REPLICATED_BY,
    var.RETENTION_DAYS, var.RETAIN_GRACE_DAYS, var.SOFT_DELETE_DAYS, var.LEDGER_DAYS, var.CPU, var.MEMORY,
    var.DURABILITY, var.AUTH, var.ALLOWED_NETWORKS, var.CENTRAL_SHARDS,
  ]
}
