"""`dustwatch decode`: decode payloads of one format to JSON lines."""

from __future__ import annotations

import contextlib
import gzip
import re
import zlib
from typing import BinaryIO

import click

from ingest.decoders import FORMATS

_GZIP = b"\x1f\x8b"
_OFFSET = re.compile(r"([+-])(\d{2}):([0-5]\d)\Z")


def parse_units(texts: tuple[str, ...]) -> dict[str, str]:
    """Units by code or quantity from `CODE=UNIT` texts. Raises click.BadParameter."""
    units: dict[str, str] = {}
    for text in texts:
        code, equals, unit = text.partition("=")
        if not equals or not code.strip() or not unit.strip():
            raise click.BadParameter(f"{text!r}: expected CODE=UNIT, for example a34001=mg/m3")
        units[code.strip()] = unit.strip()
    return units


def parse_offset(text: str) -> int:
    """Seconds in an offset such as +08:00. Raises click.BadParameter."""
    match = _OFFSET.match(text)
    if match is None or int(match[2]) > 14:
        raise click.BadParameter(f"{text!r}: expected an offset such as +08:00")
    seconds = int(match[2]) * 3600 + int(match[3]) * 60
    return -seconds if match[1] == "-" else seconds


def check_names(format_: str, units: dict[str, str]) -> None:
    """Refuse units under names unknown to the format: they would do nothing. Raises click.BadParameter."""
    from ingest.strict_yaml import did_you_mean

    known = FORMATS[format_].unit_names
    for name in units:
        if name not in known:
            near = did_you_mean(name, known, cutoff=0.8) or f"; known are {', '.join(known)}"
            raise click.BadParameter(f"--unit {name}=...: {format_} names no value so{near}")


@click.command("decode")
@click.option("--format", "format_", type=click.Choice(list(FORMATS)), required=True, help="How to read it.")
@click.option("--topic", default="", help="MQTT topic of a single payload; a recording brings its own.")
@click.option("--unit", "units", multiple=True, metavar="CODE=UNIT", help="Unit that a value is sent in.")
@click.option("--utc-offset", default="+08:00", show_default=True, help="Offset of times without a zone.")
@click.option("--modbus-crc", is_flag=True, help="HJ 212: take frames with the Modbus checksum.")
@click.argument("file", type=click.File("rb"), default="-")
@click.pass_context
def command(
    ctx: click.Context,
    format_: str,
    topic: str,
    units: tuple[str, ...],
    utc_offset: str,
    modbus_crc: bool,
    file: BinaryIO,
) -> None:
    """Print one JSON object a line for each reading, or {"rejected": ...}; exit 1 if any was rejected.

    FILE (gzipped or not) is a recording where its lines have a topic, else one payload (HJ 212: a
    stream of frames).

    \b
    Example: dustwatch decode --format hj212 --unit a34001=mg/m3 frames.txt
    """
    import orjson

    from ingest.decoded_lines import decode_lines
    from ingest.records import DevicePolicy

    unit_of = parse_units(units)
    check_names(format_, unit_of)
    policy = DevicePolicy(parse_offset(utc_offset), unit_of, modbus_crc)
    data = file.read()
    if data.startswith(_GZIP):
        with contextlib.suppress(OSError, EOFError, zlib.error):  # else it is what it is: a bad payload
            data = gzip.decompress(data)
    readable = topic.encode(errors="replace").decode()  # an argument may hold bytes that are no text
    rejections = 0
    out = click.get_binary_stream("stdout")
    for listed in decode_lines(format_, data, readable, policy):
        rejections += "rejected" in listed
        out.write(orjson.dumps(listed) + b"\n")
    out.flush()
    ctx.exit(1 if rejections else 0)
