"""Grandfather, father, son: which backups stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ops.services.backups.retention import PERIODS, Candidate, Policy, names_to_keep

POLICY = Policy(daily=7, weekly=5, monthly=12)
NIGHT = datetime(2026, 1, 1, 4, 40, tzinfo=UTC)
# So that none is too young to go.
NEVER = datetime(2100, 1, 1, tzinfo=UTC)
VERDICTS = ("passed", "unknown", "failed")

policies = st.builds(Policy, daily=st.integers(0, 10), weekly=st.integers(0, 10), monthly=st.integers(0, 15))
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone comes beside
backups = st.lists(st.tuples(moments, st.sampled_from(VERDICTS)), max_size=60).map(
    lambda made: [Candidate(f"b{number}", at, verdict) for number, (at, verdict) in enumerate(made)]
)


def keep(candidates: list[Candidate], policy: Policy, since: datetime = NEVER) -> set[str]:
    return names_to_keep(candidates, policy, since=since)


def every_night(nights: int, verdict: str = "passed") -> list[Candidate]:
    return [
        Candidate(f"{NIGHT + timedelta(days=each):%F}", NIGHT + timedelta(days=each), verdict) for each in range(nights)
    ]


@given(backups, policies)
def test_the_newest_that_is_proven_always_stays(candidates: list[Candidate], policy: Policy) -> None:
    proven = [each for each in candidates if each.verdict == "passed"]
    if proven:
        newest = max(proven, key=lambda each: (each.at, each.name))
        assert newest.name in keep(candidates, policy)


@given(backups, policies)
def test_the_newest_of_all_always_stays(candidates: list[Candidate], policy: Policy) -> None:
    if candidates:
        assert max(candidates, key=lambda each: (each.at, each.name)).name in keep(candidates, policy)


@given(backups, policies)
def test_where_none_is_proven_all_stay(candidates: list[Candidate], policy: Policy) -> None:
    unproven = [each for each in candidates if each.verdict != "passed"]
    assert keep(unproven, policy) == {each.name for each in unproven}


@given(backups, policies)
def test_deleting_twice_deletes_no_more(candidates: list[Candidate], policy: Policy) -> None:
    kept = keep(candidates, policy)
    assert keep([each for each in candidates if each.name in kept], policy) == kept


@given(backups, policies)
def test_no_more_stay_than_the_policy_says(candidates: list[Candidate], policy: Policy) -> None:
    if any(each.verdict == "passed" for each in candidates):
        most = policy.daily + policy.weekly + policy.monthly + 2
        assert len(keep(candidates, policy)) <= most


@given(backups, policies)
def test_each_of_the_last_periods_has_one(candidates: list[Candidate], policy: Policy) -> None:
    kept = keep(candidates, policy)
    for field, period_of in PERIODS:
        periods = sorted({period_of(each.at) for each in candidates}, reverse=True)[: getattr(policy, field)]
        assert {period_of(each.at) for each in candidates if each.name in kept} >= set(periods)


@given(backups, policies)
def test_the_order_in_which_they_are_told_does_not_matter(candidates: list[Candidate], policy: Policy) -> None:
    assert keep(candidates, policy) == keep(candidates[::-1], policy)


def test_two_years_of_nights_leave_days_weeks_and_months() -> None:
    """Pruned every night, as it is, and not once at the end."""
    there: list[Candidate] = []
    for tonight in every_night(730):
        kept = keep([*there, tonight], POLICY)
        there = [each for each in (*there, tonight) if each.name in kept]
    names = [each.name for each in there]
    assert names[-7:] == [f"2027-12-{day}" for day in (25, 26, 27, 28, 29, 30, 31)]
    assert {"2027-12-05", "2027-12-12", "2027-12-19", "2027-12-26"} <= set(names)
    assert {f"2027-{month:02}" for month in range(1, 13)} == {name[:7] for name in names}
    assert "2027-01-31" in names
    assert len(names) <= 7 + 5 + 12


@given(backups, policies, moments)
def test_the_young_always_stay(candidates: list[Candidate], policy: Policy, since: datetime) -> None:
    assert keep(candidates, policy, since) >= {each.name for each in candidates if each.at >= since}


@given(backups, policies)
def test_a_period_with_a_proven_one_keeps_a_proven_one(candidates: list[Candidate], policy: Policy) -> None:
    kept = keep(candidates, policy)
    for field, period_of in PERIODS:
        proven = {period_of(each.at) for each in candidates if each.verdict == "passed"}
        counted = sorted({period_of(each.at) for each in candidates}, reverse=True)[: getattr(policy, field)]
        kept_proven = {period_of(each.at) for each in candidates if each.name in kept and each.verdict == "passed"}
        assert kept_proven >= proven & set(counted)


def test_backups_by_hand_at_noon_do_not_push_out_those_that_the_night_has_proven() -> None:
    """Pruned every night, for sixty days."""
    there: list[Candidate] = []
    for tonight in every_night(60):
        there = [each for each in (*there, tonight) if each.name in keep([*there, tonight], POLICY)]
        there.append(Candidate(f"{tonight.name} noon", tonight.at + timedelta(hours=7), "unknown"))
    assert [each.name for each in there if each.verdict == "unknown"] == [there[-1].name]
    # Seven days, four Sundays and one end of a month before them, and what came after the last night.
    assert len(there) == 7 + 4 + 1 + 1


def test_a_failed_one_stands_for_its_day_only_if_there_is_no_other() -> None:
    morning, evening = (
        Candidate(name, NIGHT + timedelta(hours=hours), "passed") for name, hours in (("m", 0), ("e", 9))
    )
    broken = Candidate("broken", evening.at, "failed")
    later = Candidate("later", NIGHT + timedelta(days=1), "passed")
    policy = Policy(daily=7, weekly=0, monthly=0)
    assert keep([morning, broken, later], policy) == {"m", "later"}
    assert keep([broken, later], policy) == {"broken", "later"}
    assert keep([morning, evening, later], policy) == {"e", "later"}
    untried = Candidate("untried", evening.at, "unknown")
    assert keep([morning, untried, later], policy) == {"m", "later"}
    assert keep([untried, broken, later], policy) == {"untried", "later"}
