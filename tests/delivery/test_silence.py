from corral.delivery.silence import Silences


def test_a_receiver_that_is_silent_holds_one_call() -> None:
    silences = Silences()
    for _ in range(3):
        assert silences.begin("http://dead") is None
    for _ in range(3):
        silences.ended("http://dead", answered=False)
    assert silences.begin("http://dead") is None
    assert silences.begin("http://dead") == 5000
    assert silences.begin("http://alive") is None
    silences.ended("http://dead", answered=True)
    assert silences.begin("http://dead") is None
    assert silences.begin("http://dead") is None
