"""Many calls at once: in order, by few threads where they compute, by all where they wait."""

import threading
import time

import pytest

from qsession_core.client.spreading import spread


@pytest.mark.parametrize("most", [1, 2, 16, 100])
@pytest.mark.parametrize("number", [0, 1, 2, 50])
def test_each_item_is_done_once_and_results_are_in_order(most, number):
    done = []

    def work(item):
        done.append(item)
        return item * item

    assert spread(work, range(number), most, "t") == [item * item for item in range(number)]
    assert sorted(done) == list(range(number))


@pytest.mark.parametrize("first_wait", [0, 5])
def test_calls_that_wait_are_made_by_all_threads(first_wait):
    together = threading.Barrier(8)  # passes when eight calls wait at the same time, and not before

    def work(item):
        if first_wait <= item < first_wait + 8:
            together.wait(30)
        elif item < first_wait:
            time.sleep(0.01)
        return item

    assert spread(work, range(40), 8, "t") == list(range(40))


def test_there_are_never_more_threads_than_allowed():
    running, most, lock = 0, 0, threading.Lock()

    def work(_):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.005)
        with lock:
            running -= 1

    spread(work, range(60), 5, "t")
    assert most <= 5


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_ends_it_and_items_that_were_not_begun_are_left(error):
    begun = []

    def work(item):
        begun.append(item)
        if item == 3:
            raise error("three")
        time.sleep(0.001)

    with pytest.raises(error, match="three"):
        spread(work, range(10_000), 4, "t")
    assert len(begun) < 10_000
