"""The version of the package; the build reads it here, and no metadata have to be searched when the package is used."""

__all__ = ["__version__"]

__version__ = "0.1.0"
