"""The installation's public keys and certificates, for whoever checks what it signed."""

from __future__ import annotations

from urllib.parse import urlsplit

from talchum.adapters.call_server_client import CallLink, published_keys
from talchum.adapters.recording_credentials import CertificateChain
from talchum.adapters.signing import KEY_FILE, Signer, Verifier
from talchum.apps.settings import Settings


def installation_verifier(settings: Settings) -> Verifier:
    """By the key that is here, or, on another machine than the call servers, by what they publish; blocks.

    Raises SettingsError, AdmissionError (`server_unreachable`), StatementError.
    """
    if settings.signing_key or (settings.data / KEY_FILE).exists():
        return Signer.of(settings.signing_key, settings.data).verifier()
    parts = urlsplit(settings.worker_url())
    scheme = "https" if parts.scheme == "wss" else "http"
    prefix = parts.path.rstrip("/").removesuffix("/ws")
    return Verifier(published_keys(CallLink(f"{scheme}://{parts.netloc}{prefix}", "")))


def recording_anchors(settings: Settings) -> str:
    """What makes a recording of this installation *trusted*: its root (PEM), empty where none was made.

    Raises SettingsError.
    """
    chain = CertificateChain.existing(settings.recording_chain, settings.data)
    return "" if chain is None else chain.root
