terraform {
  required_version = ">= 1.11"
  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 5.10"
    }
  }
  backend "azurerm" {
    key              = "${root}-${environment}.tfstate"
    use_azuread_auth = true
  }
}

provider "azurerm" {
  subscription_id                 = var.SUBSCRIPTION_ID
  storage_use_azuread             = true
  resource_provider_registrations = "none"
  resource_providers_to_register = [
    "Microsoft.App", "Microsoft.ContainerInstance", "Microsoft.ContainerRegistry", "Microsoft.DataFactory",
    "Microsoft.DBforPostgreSQL", "Microsoft.Insights", "Microsoft.KeyVault", "Microsoft.ManagedIdentity",
    "Microsoft.Network", "Microsoft.OperationalInsights", "Microsoft.Storage",
  ]
  features {}
}
