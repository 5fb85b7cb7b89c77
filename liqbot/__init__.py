"""Watch where leveraged crypto positions will be force-closed, draw it, and say when it matters."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("liqbot")
except PackageNotFoundError:  # run from a folder of sources that nobody installed
    __version__ = "0+unknown"
