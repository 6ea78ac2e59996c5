variable "SUBSCRIPTION_ID" {
  description = "The subscription"
  type        = string
}
