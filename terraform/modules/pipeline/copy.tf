# A foreign warehouse (SQL Server): what a build published is copied into its tables.

locals {
  copies = var.SQL_SERVER == null ? 0 : 1
}

resource "azurerm_data_factory_linked_service_azure_blob_storage" "published" {
  count                = local.copies
  name                 = "published"
  data_factory_id      = azurerm_data_factory.factory.id
  service_endpoint     = "https://${var.PUBLISHED_ACCOUNT_NAME}.blob.core.windows.net"
  use_managed_identity = true

  lifecycle {
    precondition {
      condition     = var.PUBLISHED_ACCOUNT_NAME != null
      error_message = "SQL_SERVER is set: name the account that holds the published Parquet in PUBLISHED_ACCOUNT_NAME."
    }
  }
}

resource "azurerm_data_factory_linked_service_azure_sql_database" "warehouse" {
  count                = local.copies
  name                 = "warehouse"
  data_factory_id      = azurerm_data_factory.factory.id
  connection_string    = "Data Source=${var.SQL_SERVER};Initial Catalog=${var.SQL_DATABASE};Encrypt=True;Connection Timeout=30"
  use_managed_identity = true
}

resource "azurerm_data_factory_dataset_parquet" "published" {
  count               = local.copies
  name                = "published"
  data_factory_id     = azurerm_data_factory.factory.id
  linked_service_name = azurerm_data_factory_linked_service_azure_blob_storage.published[0].name
  parameters          = { build = "", table = "" }
  compression_codec   = "zstd"

  azure_blob_storage_location {
    container                = "published"
    dynamic_path_enabled     = true
    path                     = "@dataset().build"
    dynamic_filename_enabled = true
    filename                 = "@concat(dataset().table, '.parquet')"
  }
}

resource "azurerm_data_factory_dataset_azure_sql_table" "table" {
  count             = local.copies
  name              = "table"
  data_factory_id   = azurerm_data_factory.factory.id
  linked_service_id = azurerm_data_factory_linked_service_azure_sql_database.warehouse[0].id
  parameters        = { table = "" }
  schema            = "mainstem_stage"
  table             = "@dataset().table"
}

resource "azurerm_data_factory_pipeline" "copy" {
  count           = local.copies
  name            = "copy-to-sql-server"
  data_factory_id = azurerm_data_factory.factory.id
  description     = "Copies the published tables of a build into mainstem_stage and takes them over table by table. The tables come from `mainstem tsql`."
  activities_json = file("${path.module}/copy.json")
  parameters      = { build = "", tables = jsonencode(sort(tolist(var.SQL_TABLES))) }
  concurrency     = 1

  depends_on = [
    azurerm_data_factory_dataset_parquet.published,
    azurerm_data_factory_dataset_azure_sql_table.table,
  ]
}

resource "azurerm_role_assignment" "read_published" {
  count                = local.copies
  scope                = var.PUBLISHED_ACCOUNT_ID
  role_definition_name = "Storage Blob Data Reader"
  principal_id         = azurerm_data_factory.factory.identity[0].principal_id
  principal_type       = "ServicePrincipal"
}
