"""What Grafana is given: a data source, and one dashboard as code."""
