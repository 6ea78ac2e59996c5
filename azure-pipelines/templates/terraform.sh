#!/usr/bin/env bash
# Plan a root, or apply its plan, as the service connection's identity: terraform.sh plan ROOT, or
# terraform.sh apply ROOT PLAN. AzureCLI@2 sets the token and the ids.
set -euo pipefail
export ARM_USE_OIDC=true ARM_OIDC_TOKEN=$idToken ARM_CLIENT_ID=$servicePrincipalId ARM_TENANT_ID=$tenantId
ARM_SUBSCRIPTION_ID=$(az account show --query id --output tsv)
export ARM_SUBSCRIPTION_ID TF_VAR_SUBSCRIPTION_ID=$ARM_SUBSCRIPTION_ID TF_IN_AUTOMATION=1 TF_INPUT=0
terraform -chdir="$2" init \
  -backend-config="storage_account_name=$STATE_ACCOUNT" \
  -backend-config="resource_group_name=$STATE_RESOURCE_GROUP" \
  -backend-config="container_name=tfstate"
case $1 in
  plan)
    terraform -chdir="$2" plan -out="$AGENT_TEMPDIRECTORY/plan"
    # What the platform promises (no public endpoint without a guard, no secret in the plan, ...).
    if [ -f terraform/checks/promises.py ]; then
      terraform -chdir="$2" show -json "$AGENT_TEMPDIRECTORY/plan" > "$AGENT_TEMPDIRECTORY/plan.json"
      python3 terraform/checks/promises.py "$AGENT_TEMPDIRECTORY/plan.json"
    fi
    ;;
  apply)
    # Ephemeral: written to the server and the vault when its version is raised, and kept nowhere.
    TF_VAR_WAREHOUSE_PASSWORD=$(openssl rand -base64 30)
    export TF_VAR_WAREHOUSE_PASSWORD
    terraform -chdir="$2" apply "$3"
    ;;
esac
