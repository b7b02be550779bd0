"""The MQTT brokers that dustwatch can be run with: who may publish what, written down for each of them.

`ingest.access` says it once for all; a module here makes one broker's files of it.
"""

from deploy.brokers.kinds import BROKERS, BrokerProgram
