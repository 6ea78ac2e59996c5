variable "SUBSCRIPTION_ID" {
  description = "The subscription"
  type        = string
}

variable "PROJECT" {
  description = "Project name"
  type        = string
}

variable "OWNER" {
  description = "Team/person responsible for these resources"
  type        = string
  default     = "devops"
}
