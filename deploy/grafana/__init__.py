"""Grafana provisioning: a data source, and one dashboard as code."""
