"""Video and pictures that pass through, or past, the gateway: live, published by devices, kept."""
