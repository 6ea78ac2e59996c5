# What the partner's region shares and looks up, play: in the partner's own subscription, with a registry
# and a log workspace of its own. Applied once, before ../aus.

module "shared" {
  source = "../../../modules/shared"

  PROJECT       = var.PROJECT
  LOCATION      = "australiaeast"
  REGION        = "aus"
  ENVIRONMENT   = "play"
  OWNER         = var.OWNER
  REGISTRY      = true
  REGISTRY_NAME = "${var.PROJECT}acrausplay"
}
