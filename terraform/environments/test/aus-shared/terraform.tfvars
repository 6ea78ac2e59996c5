PROJECT = "contoso"
OWNER   = "partner"
