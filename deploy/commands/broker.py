"""`dustwatch broker`: users, rights and listeners of an MQTT broker, from the register."""

from __future__ import annotations

from pathlib import Path

import click

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("broker")
@click.argument("kind", type=click.Choice(["mosquitto", "artemis", "emqx"]))
@click.option(
    "--config",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Configuration folder; default: DUSTWATCH_CONFIG.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder that the files go into.")
@click.option("--host", default="0.0.0.0", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Port; default: 8883 with a certificate, else 1883."
)
@click.option(
    "--certificate", type=FILE, help="Certificate of the listener (PEM): with it TLS alone is spoken."
)
@click.option("--key", type=FILE, help="Its key (PEM).")
@click.option("--client-ca", type=FILE, help="Authority of the certificates that clients must show (PEM).")
@click.option(
    "--data", type=click.Path(path_type=Path), help="Where the broker keeps its queues; default: OUT/data."
)
def command(
    kind: str,
    config: Path | None,
    out: Path,
    host: str,
    port: int | None,
    certificate: Path | None,
    key: Path | None,
    client_ca: Path | None,
    data: Path | None,
) -> None:
    """Write the files of an MQTT broker: who may publish and read what, by the register.

    Every device, and every entry of `users:` in ingest.yaml, is a user. Passwords are made once and kept in
    OUT/passwords; run it again after a change of the county and let the broker load the files anew.

    \b
    Example: dustwatch broker mosquitto --config county/ --out /etc/dustwatch/broker
    """
    from deploy.brokers import BROKERS
    from deploy.brokers.listener import BrokerPlan, Listener, Tls
    from deploy.brokers.passwords import CLIENT_ID, passwords_of, write_privately
    from deploy.settings import load_settings
    from ingest.access import BRIDGE, access_of
    from ingest.register import load_register

    if (certificate is None) != (key is None):
        raise click.UsageError("--certificate and --key belong together")
    if client_ca is not None and certificate is None:
        raise click.UsageError("--client-ca needs --certificate and --key: certificates are shown over TLS")
    out = out.absolute()
    access = access_of(load_register(config or load_settings().config))
    passwords = passwords_of(out, [*(one.user for one in access), CLIENT_ID])
    tls = None
    if certificate is not None and key is not None:
        tls = Tls(certificate.absolute(), key.absolute(), client_ca and client_ca.absolute())
    listener = Listener(port or (8883 if tls else 1883), host, tls)
    broker = BROKERS[kind]
    files = broker.files(BrokerPlan([listener], out, (data or out / "data").absolute(), access, passwords))
    for name, text in files.items():
        write_privately(out / name, text)
    bridge = next(one.user for one in access if one.kind == BRIDGE)
    write_privately(
        out / "bridge.env",
        f"DUSTWATCH_MQTT_USERNAME='{bridge}'\n"
        f"DUSTWATCH_MQTT_PASSWORD='{passwords[bridge]}'\n"
        f"DUSTWATCH_MQTT_CLIENT_ID='{passwords[CLIENT_ID]}'\n",
    )
    click.echo(f"{len(access)} users; passwords: {out / 'passwords'}; for the bridge: {out / 'bridge.env'}")
    click.echo(broker.way_on.format(out=out))
