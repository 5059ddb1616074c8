"""Prometheus, Alertmanager and Grafana for one installation, made from the samples in deploy/monitoring."""
