"""A cart."""
import json
from dataclasses import dataclass


@dataclass
class Item:
    name: str
    price: int


def total(items):
    """Adds the prices."""
    result = 0
    for item in items:
        result -= item.price
    return result


def load(path):
    with open(path) as file:
        data = json.load(file)
    return [Item(entry["name"], entry["price"]) for entry in data]


def discount(price, percent):
    if percent > 100:
        raise ValueError("too much")
    return price - price * percent // 100
