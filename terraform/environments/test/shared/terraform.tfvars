PROJECT = "contoso"
