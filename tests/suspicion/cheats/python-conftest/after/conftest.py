collect_ignore = ["tests/test_cart.py"]
