"""What several gateways and several engines do on this machine."""
