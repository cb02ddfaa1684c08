"""The `talchum` command. Each command's module is imported when it runs, so that help is immediate."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, get_args

import click

from talchum.adapters.core_dumps import forbid_core_dumps
from talchum.apps.cli_audit import audit
from talchum.domain.errors import TalchumError
from talchum.domain.identity import LANGUAGES, Language
from talchum.domain.rendering import CORNERS, BadgeStyle, Corner, InferenceProvider, Proportions, Rendering

FAILED = 1
MISUSED = 2


class Commands(click.Group):
    """Turns the project's errors into one line on stderr and exit status 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except TalchumError as error:
            click.echo(f"talchum: {error.message} ({error.code})", err=True)
            ctx.exit(FAILED)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="talchum")
def main() -> None:
    """Live video calls in which you wear another face, openly."""
    forbid_core_dumps()


@main.command()
@click.option("--port", default=8080, envvar="TALCHUM_PORT", show_default=True, help="Where to listen.")
@click.option("--host", help="Address to listen on; loopback unless given.")
@click.option(
    "--https", is_flag=True, help="Self-signed certificate, all addresses and a QR code for phones."
)
@click.option("--public-url", default="", envvar="TALCHUM_PUBLIC_URL", help="What call links begin with.")
@click.option("--data", type=click.Path(path_type=Path), envvar="TALCHUM_DATA", help="Directory for state.")
@click.option("--face-workers", default=1, show_default=True, type=click.IntRange(0, 16))
def up(
    port: int, host: str | None, https: bool, public_url: str, data: Path | None, face_workers: int
) -> None:
    """Run the whole service on this machine; Ctrl-C stops it."""
    from talchum.apps.up import UpOptions, default_data_directory, run

    options = UpOptions(
        port=port,
        host=host,
        https=https,
        public_url=public_url.rstrip("/"),
        data=data or default_data_directory(),
        face_workers=face_workers,
    )
    sys.exit(run(options))


@main.command()
@click.argument("link")
@click.option("--play", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Clip to send.")
@click.option("--identity", help="Face to wear, see `talchum identities`.")
@click.option("--engine", help="Engine that renders it; the identity's first unless given.")
@click.option(
    "--sign-in", "invitation", default="", help="Token of `talchum account invite`, to be its account."
)
@click.option("--record", type=click.Path(dir_okay=False, path_type=Path), help="Write what is received.")
@click.option("--seconds", type=click.FloatRange(min=0.0, min_open=True), help="Leave after this long.")
@click.option("--stamp", is_flag=True, help="Mark sent frames, to measure the delay on the same machine.")
@click.option(
    "--recording",
    type=click.Choice(["refuse", "agree", "ask"]),
    default="refuse",
    show_default=True,
    help="What to say when the service is to record the call.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a report as JSON at the end.")
def call(
    link: str,
    play: Path | None,
    identity: str | None,
    engine: str | None,
    invitation: str,
    record: Path | None,
    seconds: float | None,
    stamp: bool,
    recording: Any,
    as_json: bool,
) -> None:
    """Join the call at LINK without a browser."""
    from talchum.apps.call import run

    status = run(
        link=link,
        play=play,
        identity=identity,
        engine=engine,
        invitation=invitation,
        record=record,
        seconds=seconds,
        stamp=stamp,
        recording=recording,
        as_json=as_json,
        out=sys.stdout,
    )
    sys.exit(status)


@main.command()
@click.argument("source", metavar="IN", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--identity", required=True, help="Face to wear, see `talchum identities`.")
@click.option("--engine", help="Engine that renders it; the identity's first unless given.")
@click.option(
    "--inference-provider",
    "provider",
    type=click.Choice(get_args(InferenceProvider)),
    default="cpu",
    envvar="TALCHUM_INFERENCE_PROVIDER",
    show_default=True,
    help="What the identity's network runs on.",
)
@click.option(
    "--proportions",
    type=click.Choice(get_args(Proportions)),
    default="performer",
    envvar="TALCHUM_PROPORTIONS",
    show_default=True,
    help="Whose the worn face has, where the engine can choose.",
)
@click.option(
    "--badge-corner",
    "corner",
    type=click.Choice(CORNERS),
    default="bottom-left",
    envvar="TALCHUM_BADGE_CORNER",
    show_default=True,
    help="Where the badge goes.",
)
@click.option(
    "--badge-language",
    "language",
    type=click.Choice(LANGUAGES),
    default="en",
    envvar="TALCHUM_BADGE_LANGUAGE",
    show_default=True,
    help="What the badge speaks.",
)
@click.option(
    "--queue", is_flag=True, help="Let the transform workers do it, as the settings say; not this process."
)
@click.option("--json", "as_json", is_flag=True, help="Print counts and times as JSON.")
def transform(
    source: Path,
    target: Path,
    identity: str,
    engine: str | None,
    provider: InferenceProvider,
    proportions: Proportions,
    corner: Corner,
    language: Language,
    queue: bool,
    as_json: bool,
) -> None:
    """Put a face into the clip IN and write OUT, with its sound."""
    wish: dict[str, Any] = {"identity": identity, "engine": engine, "as_json": as_json, "out": sys.stdout}
    if queue:
        from talchum.apps.settings import Settings
        from talchum.apps.transform_queued import run as run_queued

        sys.exit(run_queued(source, target, settings=Settings.from_environment(os.environ), **wish))
    from talchum.apps.transform import run

    rendering, badge = Rendering(provider, proportions), BadgeStyle(corner, language)
    sys.exit(run(source, target, rendering=rendering, badge=badge, **wish))


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print a list as JSON.")
def identities(as_json: bool) -> None:
    """List the faces that can be worn."""
    from talchum.apps.identities_command import run
    from talchum.apps.installed_identities import installed_identities

    sys.exit(run(installed_identities(os.environ), as_json=as_json, out=sys.stdout))


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print a list as JSON.")
def networks(as_json: bool) -> None:
    """List the face networks and verify their files."""
    from talchum.apps.networks_command import run

    sys.exit(run(as_json=as_json, out=sys.stdout))


@main.command()
@click.option("--data", type=click.Path(path_type=Path), help="Directory for state, as of `talchum up`.")
@click.option("--json", "as_json", is_flag=True, help="Print a list as JSON.")
def captures(data: Path | None, as_json: bool) -> None:
    """List the captures that a face can be learned from."""
    from talchum.apps.installed_identities import settings_of_commands
    from talchum.apps.train_command import run_captures

    sys.exit(run_captures(settings_of_commands(os.environ, data), as_json=as_json, out=sys.stdout))


@main.command()
@click.argument("capture")
@click.option("--name", required=True, help="Name of the new identity.")
@click.option("--steps", type=int, help="How long to learn; as the training page unless given.")
@click.option("--data", type=click.Path(path_type=Path), help="Directory for state, as of `talchum up`.")
def train(capture: str, name: str, steps: int | None, data: Path | None) -> None:
    """Learn a face from CAPTURE, see `talchum captures`; after Ctrl-C the same command goes on."""
    from talchum.apps.installed_identities import settings_of_commands
    from talchum.apps.train_command import run_train

    settings = settings_of_commands(os.environ, data)
    sys.exit(run_train(settings, capture, name=name, steps=steps, out=sys.stdout))


@main.group(cls=Commands)
def consent() -> None:
    """Look at people's consents, and end them."""


@consent.command("list")
@click.option("--data", type=click.Path(path_type=Path), help="Directory for state, as of `talchum up`.")
@click.option("--json", "as_json", is_flag=True, help="Print a list as JSON.")
def list_consents(data: Path | None, as_json: bool) -> None:
    """List every consent."""
    from talchum.apps.consent_command import run_list
    from talchum.apps.consent_registry import ConsentRegistry
    from talchum.apps.installed_identities import settings_of_commands

    registry = ConsentRegistry.open(settings_of_commands(os.environ, data))
    sys.exit(run_list(registry, as_json=as_json, out=sys.stdout))


@consent.command("show")
@click.argument("handle")
@click.option("--data", type=click.Path(path_type=Path), help="Directory for state, as of `talchum up`.")
def show_consent(handle: str, data: Path | None) -> None:
    """Print a whole record. HANDLE: a revocation handle, or a consent's name."""
    from talchum.apps.consent_command import run_show
    from talchum.apps.consent_registry import ConsentRegistry
    from talchum.apps.installed_identities import settings_of_commands

    registry = ConsentRegistry.open(settings_of_commands(os.environ, data))
    sys.exit(run_show(registry, handle, out=sys.stdout))


@consent.command("revoke")
@click.argument("handle")
@click.option("--data", type=click.Path(path_type=Path), help="Directory for state, as of `talchum up`.")
def revoke_consent(handle: str, data: Path | None) -> None:
    """End a consent; calls in which its face is worn show a card. HANDLE: as for show."""
    from talchum.apps.consent_command import run_revoke
    from talchum.apps.consent_registry import ConsentRegistry
    from talchum.apps.installed_identities import settings_of_commands

    registry = ConsentRegistry.open(settings_of_commands(os.environ, data))
    sys.exit(run_revoke(registry, handle, out=sys.stdout))


@main.group(cls=Commands)
def account() -> None:
    """Let people have accounts on this installation."""


@account.command("invite")
@click.option(
    "--account", "of", help="An account that exists, to sign in to it again; a new one unless given."
)
@click.option("--data", type=click.Path(path_type=Path), help="Directory for state, as of `talchum up`.")
def invite(of: str | None, data: Path | None) -> None:
    """Print a token that signs in once, within ten minutes; see `talchum call --sign-in`."""
    from talchum.apps.account_command import run_invite
    from talchum.apps.installed_identities import settings_of_commands

    sys.exit(run_invite(settings_of_commands(os.environ, data), of, out=sys.stdout))


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option("--port", default=8080, envvar="TALCHUM_PORT", show_default=True, help="Port to look at.")
def doctor(as_json: bool, port: int) -> None:
    """Say what is missing on this machine and how to get it."""
    from talchum.apps.doctor import run

    sys.exit(run(as_json=as_json, port=port, out=sys.stdout))


@main.command()
def server() -> None:
    """Run one call server with the settings of the environment."""
    from talchum.apps.server import main as serve

    sys.exit(serve())


@main.command()
def worker() -> None:
    """Run one face worker with the settings of the environment."""
    from talchum.apps.worker import main as work

    work()


@main.command("worker-access")
@click.argument("name")
@click.option("--gpu", is_flag=True, help="For a worker on a GPU, which takes legs from `face-legs.gpu`.")
@click.option("--apply", is_flag=True, help="Make the user on the Redis of TALCHUM_REDIS_URL.")
def worker_access(name: str, gpu: bool, apply: bool) -> None:
    """Print a Redis user that can take face legs and nothing else, for a worker called NAME elsewhere."""
    from talchum.apps.settings import Settings
    from talchum.apps.worker_access_command import run

    sys.exit(run(Settings.from_environment(os.environ), name, gpu=gpu, apply=apply, out=sys.stdout))


@main.command()
def recorder() -> None:
    """Run one recorder of calls with the settings of the environment."""
    from talchum.apps.recorder import main as work

    work()


@main.command("transform-worker")
def transform_worker() -> None:
    """Run one transform worker with the settings of the environment."""
    from talchum.apps.transform_worker import main as work

    work()


@main.command()
def trainer() -> None:
    """Run one trainer with the settings of the environment."""
    from talchum.apps.trainer import main as work

    work()


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--data", type=click.Path(path_type=Path), help="Directory for state, as of `talchum up`.")
@click.option("--json", "as_json", is_flag=True, help="Print the finding as JSON.")
def verify(file: Path, data: Path | None, as_json: bool) -> None:
    """Say which marks the video FILE carries, and what this installation's log knows of them."""
    from talchum.apps.installed_identities import settings_of_commands
    from talchum.apps.verify import run

    sys.exit(run(settings_of_commands(os.environ, data), file, as_json=as_json, out=sys.stdout))


main.add_command(audit)


if __name__ == "__main__":
    main()
