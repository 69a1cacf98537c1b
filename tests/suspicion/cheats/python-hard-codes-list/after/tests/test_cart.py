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
