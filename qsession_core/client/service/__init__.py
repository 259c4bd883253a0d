"""The service's REST API: one call a method, its models and its errors."""
