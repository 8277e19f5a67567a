"""Gateways inside a test, as the integration tests have them."""

from tests.integration.conftest import gateway, gateway_run

__all__ = ["gateway", "gateway_run"]
