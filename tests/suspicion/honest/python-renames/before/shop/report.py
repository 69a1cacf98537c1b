from shop.cart import total


def report(items):
    return f"total: {total(items)}"
