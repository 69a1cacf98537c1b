from shop.report import report


def test_report():
    assert report([]) == "total: 0"
