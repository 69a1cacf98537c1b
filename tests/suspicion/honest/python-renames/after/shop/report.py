from shop.basket import total


def report(items):
    return f"total: {total(items)}"
