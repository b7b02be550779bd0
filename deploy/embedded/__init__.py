"""The servers that dustwatch can bring along: Kafka on a Java from PyPI, an MQTT broker."""
