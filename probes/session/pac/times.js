// The functions of PAC that ask what time it is. Called once, with the time in milliseconds since 1970; the zone is the computer's.
(function (now) {
  "use strict";
  const DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
  const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
  const date = new Date(now);

  // The clock by which a call asks, and its arguments without the word for it.
  function asked(given) {
    const words = Array.prototype.slice.call(given);
    while (words.length > 0 && words[words.length - 1] === undefined) words.pop();
    const universal = words[words.length - 1] === "GMT";
    if (universal) words.pop();
    const part = (name) => (universal ? date["getUTC" + name]() : date["get" + name]());
    return { words, part };
  }

  // From one value to the other, round the end where the first is the greater.
  function within(value, from, to) {
    return from <= to ? from <= value && value <= to : value >= from || value <= to;
  }

  globalThis.weekdayRange = function () {
    const { words, part } = asked(arguments);
    const days = words.map((word) => DAYS.indexOf(String(word).toUpperCase()));
    if (days.length < 1 || days.length > 2 || days.includes(-1)) return false;
    return within(part("Day"), days[0], days[days.length - 1]);
  };

  globalThis.dateRange = function () {
    const { words, part } = asked(arguments);
    const kinds = words.map((word) => (typeof word === "string" ? "month" : word > 31 ? "year" : "day"));
    const values = words.map((word, at) => (kinds[at] === "month" ? MONTHS.indexOf(word.toUpperCase()) : Number(word)));
    if (values.length < 1 || values.some((value) => !(value >= 0))) return false;
    const today = { year: part("FullYear"), month: part("Month"), day: part("Date") };
    const all = new Set(kinds);
    if (all.size === kinds.length) return kinds.every((kind, at) => today[kind] === values[at]);
    const half = kinds.length / 2;
    if (all.size !== half || kinds.some((kind, at) => kind !== kinds[(at + half) % kinds.length])) return false;
    const number = (of) => (all.has("year") ? of.year * 10000 : 0) + (all.has("month") ? of.month * 100 : 0) + (all.has("day") ? of.day : 0);
    const end = (first) => number(Object.fromEntries(kinds.slice(first, first + half).map((kind, at) => [kind, values[first + at]])));
    return within(number(today), end(0), end(half));
  };

  globalThis.timeRange = function () {
    const { words, part } = asked(arguments);
    const values = words.map(Number);
    if (values.some((value) => !(value >= 0))) return false;
    const hour = part("Hours");
    const second = (hour * 60 + part("Minutes")) * 60 + part("Seconds");
    switch (values.length) {
      case 1:
        return hour === values[0];
      case 2:
        return within(hour, values[0], values[1]);
      case 4:
        return within(second, (values[0] * 60 + values[1]) * 60, (values[2] * 60 + values[3]) * 60 + 59);
      case 6:
        return within(second, (values[0] * 60 + values[1]) * 60 + values[2], (values[3] * 60 + values[4]) * 60 + values[5]);
      default:
        return false;
    }
  };
})
