/** The clock on the wall of a time zone, and back from it to instants. Pure; daylight saving is the zone's own. */

const dayMs = 86_400_000;
const minuteMs = 60_000;

/** `wall` is what the clock shows, in milliseconds since 1970 as if it were UTC. */
export interface LocalClock {
  /** What it shows at an instant. */
  shows(instant: number): number;
  /**
   * The instants at which it shows this whole minute: one; two when it is set back over it; when it is set forward over it,
   * the instant at which that is done.
   */
  instantsOf(wall: number): readonly [number, ...number[]];
}

/** The clock of an IANA zone. */
export function localClock(timeZone: string): LocalClock {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    hourCycle: "h23",
  });
  function shows(instant: number): number {
    const parts = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 1, day = 1, hour, minute } = parts;
    const beyondMinute = ((instant % minuteMs) + minuteMs) % minuteMs;
    return Date.UTC(year, month - 1, day, hour, minute) + beyondMinute;
  }
  function instantsOf(wall: number): readonly [number, ...number[]] {
    // A zone does not change twice within two days.
    const offsets = [wall - dayMs, wall + dayMs].map((instant) => shows(instant) - instant);
    const found = [...new Set(offsets)].map((offset) => wall - offset).filter((instant) => shows(instant) === wall);
    const [first, ...others] = found.sort((a, b) => a - b);
    return first === undefined ? [jump(wall, offsets)] : [first, ...others];
  }
  /** The clock is before `wall` with the one offset and beyond it with the other. */
  function jump(wall: number, offsets: readonly number[]): number {
    let [before, after] = [wall - Math.max(...offsets), wall - Math.min(...offsets)];
    while (after - before > minuteMs) {
      const middle = before + Math.floor((after - before) / 2 / minuteMs) * minuteMs;
      if (shows(middle) < wall) before = middle;
      else after = middle;
    }
    return after;
  }
  return { shows, instantsOf };
}

/** "Tue 2026-01-06 22:00 Europe/Berlin" */
export function timeText(instant: number, timeZone: string): string {
  const shown = new Date(localClock(timeZone).shows(instant));
  const [date, time] = shown.toISOString().split("T");
  const day = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][shown.getUTCDay()];
  return `${day} ${date} ${time?.slice(0, 5)} ${timeZone}`;
}
