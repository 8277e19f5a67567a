"""REST: one router a resource."""
