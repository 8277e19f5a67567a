"""The engines of this gateway: connected, given cameras, asked, started and supervised."""
