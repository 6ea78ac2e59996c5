# What the partner's region shares and looks up, test: in the partner's own subscription, with a registry
# and a log workspace of its own. Applied once, before ../aus.

module "shared" {
  source = "../../../modules/shared"

  PROJECT       = var.PROJECT
  LOCATION      = "australiaeast"
  REGION        = "aus"
  ENVIRONMENT   = "test"
  OWNER         = var.OWNER
  REGISTRY      = true
  REGISTRY_NAME = "${var.PROJECT}acraustest"
}
