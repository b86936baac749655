"""Moments and lengths of time in words: until when somebody may not speak, how long a pause lasts.

Owns the words, in the person's language; the times of day are this machine's. Must not know what
they are said of.
"""

from __future__ import annotations

import datetime

from common.i18n import _, day, local, n_, number, time_of_day


def until(ts_ms: int, today: datetime.date | None = None) -> str:
    """`until 14:05`, or `until 21 November, 14:05` where that is not today; the year where it is
    another one. Of milliseconds since 1970."""
    return _filled(ts_ms, today, _("until {time}"), _("until {day}, {time}"))


def since(ts_ms: int, today: datetime.date | None = None) -> str:
    """`since 14:05`, or `since 21 November, 14:05`, as `until`."""
    return _filled(ts_ms, today, _("since {time}"), _("since {day}, {time}"))


def _filled(ts_ms: int, today: datetime.date | None, alone: str, dated: str) -> str:
    """The words for a time of today, or for one of another day."""
    date, time = local(ts_ms).date(), time_of_day(ts_ms)
    now = today or datetime.datetime.now().astimezone().date()
    if date == now:
        return alone.format(time=time)
    return dated.format(day=day(date, weekday=False, year=date.year != now.year), time=time)


def moment(ts_ms: int, today: datetime.date | None = None) -> str:
    """`14:05`, or `21 November, 14:05` where that is not today."""
    date, time = local(ts_ms).date(), time_of_day(ts_ms)
    now = today or datetime.datetime.now().astimezone().date()
    if date == now:
        return time
    shown = day(date, weekday=False, year=date.year != now.year)
    return _("{day}, {time}").format(day=shown, time=time)


def span(seconds: int) -> str:
    """`2 hours`, `90 seconds`: in the largest unit that says it exactly."""
    if seconds and seconds % 86_400 == 0:
        count, text = seconds // 86_400, n_("{n} day", "{n} days", seconds // 86_400)
    elif seconds and seconds % 3_600 == 0:
        count, text = seconds // 3_600, n_("{n} hour", "{n} hours", seconds // 3_600)
    elif seconds and seconds % 60 == 0:
        count, text = seconds // 60, n_("{n} minute", "{n} minutes", seconds // 60)
    else:
        count, text = seconds, n_("{n} second", "{n} seconds", seconds)
    return text.format(n=number(count))
