"""Decoders of payloads, one module per format: bytes in, readings or rejections out, no side effects.

A decoder never raises, whatever the bytes. One payload may give several results, in order. `FORMATS` is the
table of all formats; `notices` reads what stations, offices and brokers send on the native topics.
"""

from ingest.decoders.formats import FORMATS, NATIVE, Decoder, Format, PolicyOf
