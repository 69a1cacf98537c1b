from shop.cart import total


def report(items):
    return f"Total: {total(items)}"
