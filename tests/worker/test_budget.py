"""Slots that are shared are handed out in turn."""

from corral.worker.budget import Budget


class Member:
    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.woken = 0
        self.waker = self.wake
        budget.join()

    def wake(self) -> None:
        self.woken += 1

    def ask(self) -> int:
        """Take what it may have."""

        room = self.budget.room(self.waker)
        if room:
            self.budget.take(self.waker, room)
        return room


def test_one_member_has_all() -> None:
    budget = Budget(10)
    only = Member(budget)
    assert only.ask() == 10
    assert only.ask() == 0
    budget.used -= 3
    budget.wake()
    assert only.ask() == 3


def test_who_waits_is_served_before_who_has_just_been() -> None:
    budget = Budget(1)
    first, second = Member(budget), Member(budget)
    assert first.ask() == 1
    assert second.ask() == 0
    budget.used -= 1
    budget.wake()
    assert (first.woken, second.woken) == (0, 1)
    assert first.ask() == 0
    assert second.ask() == 1


def test_free_slots_are_shared_among_those_who_wait() -> None:
    budget = Budget(9)
    members = [Member(budget) for _ in range(3)]
    assert members[0].ask() == 9
    assert [one.ask() for one in members] == [0, 0, 0]
    budget.used -= 9
    budget.wake()
    assert sorted(one.woken for one in members) == [1, 1, 1]
    assert [one.ask() for one in members] == [3, 3, 3]


def test_who_leaves_the_line_wakes_the_next() -> None:
    budget = Budget(1)
    first, second, third = (Member(budget) for _ in range(3))
    assert first.ask() == 1
    assert (second.ask(), third.ask()) == (0, 0)
    budget.used -= 1
    budget.leave(second.waker)
    assert third.woken == 1
    assert third.ask() == 1
