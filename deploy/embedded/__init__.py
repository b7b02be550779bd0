"""Embedded servers that come with dustwatch: Kafka on a Java from PyPI, an MQTT broker."""
