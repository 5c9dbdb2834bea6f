"use strict";
// What the page knows without a page: who is asked what, and what a saved file holds.
// Routing comes as nested data and is interpreted; no text is ever run.

const NUMBER = /^\d+(\.\d+)?$/;

function person(survey, audience, answers) {
  const columns = new Map(survey.columns.map((column) => [column.name, column]));
  const known = new Map();

  function asked(id) {
    if (!known.has(id)) {
      const item = survey.items[id];
      known.set(id, item.audiences.includes(audience) && (item.ask_if === null || holds(item.ask_if)));
    }
    return known.get(id);
  }

  // the answer in one column: a code, "1" or "0" for an option, a number's or a text's own words; null for none
  function value(name) {
    const column = columns.get(name);
    if (!column.audiences.includes(audience) || !asked(column.item)) return null;
    const given = own(answers, column.item);
    if (column.write_in) return [given].flat().includes(column.part) ? own(answers, name) || null : null;
    if (given === null || given === "") return null;
    if (column.kind === "option") return given.length ? (given.includes(column.part) ? "1" : "0") : null;
    return column.part === null ? given : own(given, column.part);
  }

  function holds(node) {
    if (node.op === "and") return node.parts.every(holds);
    if (node.op === "or") return node.parts.some(holds);
    if (node.op === "not") return !holds(node.part);
    if (node.op === "answered") return node.of.some((name) => value(name) !== null);
    if (node.op === "selected") return value(node.of) === "1";
    return compares(node, value(node.of));
  }

  return { asked, value, holds };
}

// what an object holds under a name that may be any word, "constructor" too
function own(held, name) {
  return Object.hasOwn(held, name) ? held[name] : null;
}

function compares(node, answer) {
  if (node.op === "!=" || node.op === "not in") return !isOneOf(node, answer);
  if (node.op === "==" || node.op === "in") return isOneOf(node, answer);
  if (answer === null || !NUMBER.test(answer)) return false;
  const [found, limit] = [Number(answer), Number(node.codes[0])];
  if (node.op === "<") return found < limit;
  if (node.op === "<=") return found <= limit;
  if (node.op === ">") return found > limit;
  return found >= limit;
}

function isOneOf(node, answer) {
  if (answer === null) return false;
  return node.number
    ? node.codes.some((code) => Number(code) === Number(answer))
    : node.codes.includes(answer);
}

// one row of the saved file: heading → cell
function row(survey, respondent) {
  const { audience, language, answers, id, finished } = respondent;
  const one = person(survey, audience, answers);
  const cells = {
    respondent: id,
    preview: "preview",
    submitted: finished ? "1" : "0",
    instrument: survey.id,
    version: survey.version,
    language,
    audience: survey.audiences.find((found) => found.name === audience).code,
  };
  for (const column of survey.columns) cells[column.name] = one.value(column.name) ?? "";
  return cells;
}

function table(survey, respondents) {
  const rows = respondents.map((respondent) => row(survey, respondent));
  const headings = survey.headings;
  const lines = [headings, ...rows.map((cells) => headings.map((heading) => cells[heading]))];
  return "\ufeff" + lines.map((line) => line.map(cell).join(",") + "\r\n").join("");
}

function cell(text) {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// a random order that is the same each time one respondent sees it; what is fixed stays last, as written
function shuffled(entries, seed, isFixed) {
  let state = 2166136261;
  for (const letter of seed) state = Math.imul(state ^ letter.codePointAt(0), 16777619) >>> 0;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 4294967296;
  const free = entries.filter((entry) => !isFixed(entry));
  for (let place = free.length - 1; place > 0; place -= 1) {
    const other = Math.floor(random() * (place + 1));
    [free[place], free[other]] = [free[other], free[place]];
  }
  return [...free, ...entries.filter(isFixed)];
}
