"""`dustwatch publish`: publish a recording to an MQTT broker."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("publish")
@click.argument("recording", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--to", "url", required=True, metavar="URL", help="mqtt://host:1883 or mqtts://host:8883")
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    help="Times as fast as it was received; without it, as fast as the broker takes it.",
)
@click.option("--mqtt-version", type=click.Choice(["5", "3.1.1"]), help="Default: DUSTWATCH_MQTT_VERSION.")
def command(recording: Path, url: str, speed: float | None, mqtt_version: str | None) -> None:
    """Publish the messages of RECORDING in their order, at QoS 1.

    \b
    Example: dustwatch publish storm.jsonl.gz --to mqtt://127.0.0.1:1883 --speed 60
    """
    from deploy.settings import load_settings
    from ingest.mqtt import MqttOptions
    from ingest.publish import publish
    from ingest.recording import RecordingError, read_recording

    settings = load_settings()
    password = settings.mqtt_password.get_secret_value() if settings.mqtt_password else None
    to = MqttOptions(
        url,
        username=settings.mqtt_username,
        password=password,
        ca=settings.mqtt_ca,
        version=mqtt_version or settings.mqtt_version,
    )
    try:
        to.address  # noqa: B018 - says at once what is wrong with the URL
        count = publish(read_recording(recording), to, speed, played=settings.clock == "recording")
    except (RecordingError, ValueError) as error:
        raise click.UsageError(str(error)) from None
    click.echo(f"{count} messages published and confirmed by {url}")
