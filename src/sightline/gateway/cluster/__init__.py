"""Several gateways on one database: what each lets the others know."""
