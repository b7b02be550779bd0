"""Takes in what monitors, stations and offices send, makes readings of it, and puts them on Kafka."""
