"""A cart."""
from shop.prices import Item, discount, load, total

__all__ = ["Item", "discount", "load", "total"]
