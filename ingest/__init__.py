"""Ingest: receives what monitors, stations and offices send, and puts it on Kafka as readings and notices."""
