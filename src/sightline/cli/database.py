"""`sightline db`: upgrade, back up, restore."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from sightline.cli.options import Config, Home, loaded
from sightline.cli.output import say, time_of

__all__ = ["app"]

app = typer.Typer(name="db", help="Upgrade, back up and restore the database.", no_args_is_help=True)


@app.command()
def upgrade(home: Home = None, config: Config = None) -> None:
    """Bring the tables up to date. The first start of a new version does the same; this does it before.

    With several gateways: stop them all, upgrade once, start the new version. Make a backup first: no version
    writes tables of an older one.

    [bold]Example[/bold]

        sightline db backup before.tar && sightline db upgrade
    """
    # Imported here because it brings SQLAlchemy with it, and `sightline --help` shall not wait for that.
    from sightline.service.database import upgrade_database

    done = upgrade_database(loaded(home, config))
    changed = f"from {done.before or 'nothing'} to {done.after}"
    say(f"up to date ({done.after})" if done.before == done.after else changed)


@app.command()
def backup(
    file: Annotated[
        Path | None, typer.Argument(help="The file to write. Without it: sightline-DATE.tar here.", show_default=False)
    ] = None,
    home: Home = None,
    config: Config = None,
) -> None:
    """Write everything into one file, while servers run or not: database, pictures, clips.

    All of it is of one moment. What is sealed stays sealed, and no key is in the file: it is useless without the folder
    `keys` of the home folder. Copy that once, and keep it apart from the backups. Settings (sightline.yaml) and models
    are not in it.

    [bold]Examples[/bold]

        sightline db backup

        sightline db backup /srv/backups/sightline-monday.tar --config /etc/sightline.yaml
    """
    from sightline.service.database import back_up

    target = file or Path(f"sightline-{datetime.now():%Y-%m-%d-%H%M%S}.tar")
    done = back_up(loaded(home, config), target.absolute())
    say(f"{target}: {done.rows} rows, {done.files} files, {done.size_bytes / 2**20:.1f} MiB")
    say("keep the folder `keys` of the home folder apart from it: without the master key nobody can use this file")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `sightline db backup` wrote.")],
    replace: Annotated[bool, typer.Option("--replace", help="Drop the database that is there.")] = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """Make the database of a backup, of this kind or the other: SQLite's goes into PostgreSQL and back.

    Stop every server first, and put the folder `keys` of the installation that was backed up into the home folder: what
    is sealed can be opened with its master key only. Afterwards clients and engines notice that this is another log and
    another gallery, and begin anew with what is there. People who were erased since the backup are in it again: erase
    them again.

    [bold]Examples[/bold]

        sightline db restore sightline-monday.tar

        SIGHTLINE_DATABASE_URL=postgresql://sightline@db/sightline sightline db restore sightline-monday.tar --replace
    """
    from sightline.service.database import restore as bring_back

    done = bring_back(loaded(home, config), file, replace=replace)
    say(f"restored what was there at {time_of(done.made_at)}: {done.rows} rows, {done.files} files")
    say("erase again whom you erased since then; start the server")
