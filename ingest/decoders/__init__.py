"""What a payload says, one format a module: bytes in, readings or reasons out, nothing else touched.

A decoder never raises, whatever the bytes. One payload may give several results, in its order. `FORMATS`
is the table of all formats; `notices` reads what stations, offices and brokers send on the native topics.
"""

from ingest.decoders.formats import FORMATS, NATIVE, Decoder, Format, PolicyOf
