"""Certificates for tests: an authority of one's own, and what it signs."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ingest.listener import TlsFiles


def authority(folder: Path) -> TlsFiles:
    """A certificate that signs others, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"authority {folder.name}")
    made = _builder(name, name, key).add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
    return _written(folder, made.sign(key, hashes.SHA256()), key)


def certificate(signer: TlsFiles, folder: Path, name: str) -> TlsFiles:
    """A certificate of that name (an address of IP or a host), and its key."""
    signers_key = serialization.load_pem_private_key(signer.key.read_bytes(), None)
    assert isinstance(signers_key, ec.EllipticCurvePrivateKey)
    issuer = x509.load_pem_x509_certificate(signer.cert.read_bytes()).subject
    key = ec.generate_private_key(ec.SECP256R1())
    try:
        other: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        other = x509.DNSName(name)
    made = _builder(_name(name), issuer, key).add_extension(x509.SubjectAlternativeName([other]), False)
    return _written(folder, made.sign(signers_key, hashes.SHA256()), key)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
    )


def _written(folder: Path, cert: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> TlsFiles:
    folder.mkdir(parents=True, exist_ok=True)
    files = TlsFiles(folder / "cert.pem", folder / "key.pem")
    files.cert.write_bytes(cert.public_bytes(serialization.Encoding.PEM))
    files.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return files
