"""An invented organisation to try the product with: `make demo`."""

from app.demo.command import Refused, fill, fill_in

__all__ = ["Refused", "fill", "fill_in"]
