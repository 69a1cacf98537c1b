import pytest


@pytest.mark.skipif(True, reason="later")
def test_more():
    assert False
