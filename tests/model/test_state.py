from corral.model.state import MOVES, TERMINAL, JobState, is_legal


def test_every_state_can_be_reached_and_left() -> None:
    reached: set[JobState | None] = {None}
    frontier: list[JobState | None] = [None]
    while frontier:
        source = frontier.pop()
        for move in MOVES:
            if move.source == source and move.target not in reached:
                reached.add(move.target)
                frontier.append(move.target)
    assert reached == {None, *JobState}
    assert {move.source for move in MOVES} >= set(JobState)


def test_only_a_claim_makes_a_job_active() -> None:
    assert {move.verb for move in MOVES if move.target is JobState.ACTIVE} == {"claim"}


def test_a_finished_job_moves_only_by_hand() -> None:
    assert {move.verb for move in MOVES if move.source in TERMINAL} == {"retry", "remove"}


def test_no_move_is_listed_twice() -> None:
    assert len({(move.verb, move.source, move.target) for move in MOVES}) == len(MOVES)


def test_an_active_job_cannot_be_removed() -> None:
    assert not is_legal(JobState.ACTIVE, None)
    assert is_legal(JobState.WAITING, None)
