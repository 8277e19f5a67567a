"""Facts on their way to a gateway: on disk until they are accepted."""
