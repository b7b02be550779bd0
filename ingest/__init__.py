"""What the world sent, made trustworthy and put on Kafka."""
