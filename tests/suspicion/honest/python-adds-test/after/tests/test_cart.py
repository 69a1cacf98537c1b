import math

import pytest

from shop.cart import Item, discount, load, total


@pytest.fixture
def items():
    return [Item("apple", 30), Item("pear", 12)]


def test_total(items):
    assert total(items) == 42


def test_discount():
    assert discount(200, 25) == 150


def test_load(tmp_path):
    file = tmp_path / "cart.json"
    file.write_text('[{"name": "apple", "price": 30}]')
    assert load(file) == [Item("apple", 30)]


@pytest.mark.parametrize("price, percent, want", [(10, 0, 10), (10, 100, 0)])
def test_discount_edges(price, percent, want):
    assert math.isclose(discount(price, percent), want)


class TestTotal:
    def test_empty(self):
        assert total([]) == 0
