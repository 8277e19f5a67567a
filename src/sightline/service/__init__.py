"""Puts the program together: the one package that imports everything.

`serve` is a gateway that supervises one engine as a child process; `engine` is that child; `offline_api` is the same
gateway inside a command that runs while no server does, with the models of that very process; `demo` is `serve` on a
home of its own, with somebody enrolled and a camera that draws them.
"""

from sightline.service.banner import Started
from sightline.service.demo import demo
from sightline.service.lock import RunningServer, running_server
from sightline.service.offline import offline_api
from sightline.service.server import serve

__all__ = ["RunningServer", "Started", "demo", "offline_api", "running_server", "serve"]
