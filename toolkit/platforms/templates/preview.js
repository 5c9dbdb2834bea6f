(function () {
  const survey = JSON.parse(document.getElementById("survey").textContent);
  const parts = Object.fromEntries(
    ["main", "top", "banner", "said"].map((id) => [id, document.getElementById(id)]),
  );
  const state = { language: survey.languages[0], audience: null, page: -1, done: [], respondent: null };

  function make(tag, given, ...inside) {
    const { text, on, ...rest } = given || {};
    const node = document.createElement(tag);
    for (const [name, held] of Object.entries(rest)) {
      if (held === true) node.setAttribute(name, "");
      else if (held !== false && held !== null && held !== undefined) node.setAttribute(name, held);
    }
    if (text !== undefined) node.textContent = text;
    for (const [event, job] of Object.entries(on || {})) node.addEventListener(event, job);
    node.append(...inside.filter(Boolean));
    return node;
  }
  const word = (key) => survey.words[state.language][key];
  const said = (words) => words[state.language];
  const fill = (text, held) => text.replace(/\{(\w+)\}/g, (_, name) => held[name]);
  const now = () => person(survey, state.respondent.audience, state.respondent.answers);

  // the pages on which this person is asked anything, as things stand
  function pages() {
    const one = now();
    return survey.sections.filter((section) => section.items.some((id) => one.asked(id)));
  }

  function show({ focus = true } = {}) {
    document.documentElement.lang = state.language;
    document.title = fill(word("tab"), { title: said(survey.title) });
    parts.banner.textContent = word("banner");
    const name = state.page < 0 ? "" : said(survey.title); // the first page's heading is the title
    parts.top.replaceChildren(make("p", { class: "name", text: name }), tools());
    const made = state.page < 0 ? start() : state.page === survey.sections.length ? end() : page();
    parts.main.replaceChildren(...made.filter(Boolean));
    if (focus) {
      window.scrollTo(0, 0);
      parts.main.querySelector("h1").focus({ preventScroll: true });
    }
  }

  function tools() {
    const held = make("div", { class: "tools" });
    if (survey.languages.length > 1) {
      const select = make("select", {
        id: "language",
        on: { change: () => ((state.language = select.value), show({ focus: false }), focusOn("language")) },
      });
      for (const language of survey.languages) {
        const chosen = language === state.language;
        select.append(make("option", { value: language, text: survey.names[language], selected: chosen }));
      }
      held.append(make("label", { for: "language", text: word("language") }), select);
    }
    const inner = make("input", {
      type: "checkbox",
      id: "inner",
      checked: document.body.classList.contains("inner"),
      on: { change: () => document.body.classList.toggle("inner", inner.checked) },
    });
    held.append(make("label", {}, inner, make("span", { text: word("inner") })));
    return held;
  }
  const focusOn = (id) => document.getElementById(id)?.focus();
  const heading = (text) => make("h1", { tabindex: "-1", text });

  function start() {
    const answers = survey.audiences.map((audience) =>
      choice({
        type: "radio",
        name: "who",
        value: audience.name,
        label: said(audience.label),
        code: audience.code,
        checked: state.audience === audience.name,
        on: () => (state.audience = audience.name),
      }),
    );
    const problem = make("p", { class: "bad", id: "who-bad", hidden: true, text: word("choose") });
    const group = make("fieldset", { class: "question" }, make("legend", { text: word("who") }), ...answers, problem);
    const begin = make("button", { type: "button", class: "main", text: word("begin") });
    begin.addEventListener("click", () => {
      problem.hidden = state.audience !== null;
      if (state.audience === null) {
        group.setAttribute("aria-describedby", "who-bad");
        group.querySelector("input").focus();
        return;
      }
      if (state.respondent?.audience !== state.audience) {
        state.respondent = { id: name(), audience: state.audience, answers: {}, finished: false };
      }
      state.page = nextPage(-1, 1);
      show();
    });
    const texts = said(survey.texts.opening).split("\n\n").filter(Boolean);
    const before = texts.map((text) => make("p", { class: "opening", text }));
    return [heading(said(survey.title)), ...before, make("p", { text: word("intro") }), group, make("div", { class: "moves" }, begin)];
  }

  const name = () =>
    "preview-" + [...crypto.getRandomValues(new Uint8Array(4))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

  // the place of the next page in a direction on which something is asked; past the last is the end
  function nextPage(from, step) {
    const one = now();
    let place = from + step;
    while (place >= 0 && place < survey.sections.length) {
      if (survey.sections[place].items.some((id) => one.asked(id))) return place;
      place += step;
    }
    return place;
  }

  function page() {
    const section = survey.sections[state.page];
    const all = pages();
    const place = all.indexOf(section) + 1;
    const progress = fill(word("progress"), { page: place, pages: all.length });
    const questions = section.items
      .filter((id) => survey.items[id].audiences.includes(state.respondent.audience))
      .map(question);
    const problems = make("div", { class: "problems", id: "problems", hidden: true, tabindex: "-1", role: "alert" });
    const back = make("button", { type: "button", text: word("back"), on: { click: () => move(-1) } });
    const next = make("button", { type: "button", class: "main", text: word("next"), on: { click: () => move(1) } });
    const shown = [
      heading(said(section.title)),
      make("p", { class: "hint", text: progress }),
      make("progress", { max: all.length, value: place, "aria-label": progress }),
      problems,
      ...questions,
      make("div", { class: "moves" }, back, next),
    ];
    reveal(questions);
    return shown;
  }

  function move(step) {
    const faults = step > 0 ? faultsOfPage() : [];
    if (faults.length) return complain(faults);
    state.page = nextPage(state.page, step);
    state.respondent.finished ||= state.page === survey.sections.length;
    show();
  }

  // show what is asked now and hide what is not; what is hidden keeps its answer in case it comes back
  function reveal(questions, { tell = false } = {}) {
    const one = now();
    let more = 0;
    for (const node of questions) {
      const hide = !one.asked(node.dataset.item);
      if (node.hidden && !hide) more += 1;
      node.hidden = hide;
    }
    if (tell && more) parts.said.textContent = word("more");
  }

  function question(id) {
    const item = survey.items[id];
    const text = said(item.text[state.respondent.audience]);
    const must = item.required ? make("span", { class: "must", text: ` (${word("required")})` }) : null;
    const given = state.respondent.answers;
    const seed = `${state.respondent.id} ${id}`;
    const held = !item.random
      ? item
      : item.type === "matrix"
        ? { ...item, rows: shuffled(item.rows, seed, () => false) }
        : { ...item, answers: shuffled(item.answers, seed, (answer) => item.fixed.includes(answer.code)) };
    const help = said(item.help[state.respondent.audience]);
    const node = { single, multi, matrix, ranking, number, text: open }[item.type]({ id, item: held, text, must, given });
    if (help) {
      const shown = make("p", { class: "hint", id: `${id}-help`, text: help });
      node.querySelector("legend, label").after(shown);
      const described = node.tagName === "FIELDSET" ? node : node.querySelector("input, textarea");
      described.setAttribute("aria-describedby", [described.getAttribute("aria-describedby"), shown.id].filter(Boolean).join(" "));
    }
    node.dataset.item = id;
    node.append(
      make("p", { class: "bad", id: `${id}-bad`, hidden: true }),
      make("p", { class: "inside", text: [id, said(item.routing)].filter(Boolean).join(" · ") }),
    );
    return node;
  }

  function changed(id, held) {
    if (held === undefined) delete state.respondent.answers[id];
    else state.respondent.answers[id] = held;
    state.respondent.finished = false;
    reveal([...parts.main.querySelectorAll("[data-item]")], { tell: true });
  }

  function choice({ type, name, value, label, code, checked, aside, on }) {
    const input = make("input", { type, name, value, checked, on: { change: () => on(input.checked) } });
    const shown = make("span", {}, make("span", { text: label }), make("span", { class: "code", text: ` ${code}` }));
    return make("label", { class: aside ? "answer aside" : "answer" }, input, shown);
  }

  function clear(node, job) {
    return make("button", {
      type: "button",
      class: "clear",
      text: word("clear"),
      on: {
        click: () => {
          for (const input of node.querySelectorAll("input")) input.checked = false;
          job();
          node.querySelector("input").focus();
        },
      },
    });
  }

  function single({ id, item, text, must, given }) {
    const node = make("fieldset", { class: "question" }, make("legend", {}, text, must));
    for (const { code, label, aside, write_in } of item.answers) {
      const on = () => changed(id, code);
      node.append(choice({ type: "radio", name: id, value: code, label: said(label), code, aside, checked: own(given, id) === code, on }));
      if (write_in) node.append(words(`${id}_${code}_text`, said(label), given));
    }
    node.append(clear(node, () => changed(id, undefined)));
    return node;
  }

  function multi({ id, item, text, must, given }) {
    const node = make("fieldset", { class: "question" }, make("legend", {}, text, must));
    node.append(make("p", { class: "hint", text: word("several") }));
    const alone = new Set(item.answers.filter((answer) => answer.exclusive).map((answer) => answer.code));
    if (item.maximum !== null) node.append(make("p", { class: "hint", text: fill(word("choices"), { most: item.maximum }) }));
    for (const { code, label, write_in } of item.answers) {
      const on = (ticked) => {
        const inputs = [...node.querySelectorAll("input")];
        if (ticked) {
          for (const input of inputs) {
            if (input.value !== code && (alone.has(code) || alone.has(input.value))) input.checked = false;
          }
        }
        const held = inputs.filter((input) => input.checked).map((input) => input.value);
        changed(id, held.length ? held : undefined);
      };
      const checked = (own(given, id) || []).includes(code);
      node.append(choice({ type: "checkbox", name: id, value: code, label: said(label), code, checked, on }));
      if (write_in) node.append(words(`${id}_${code}_text`, said(label), given));
    }
    return node;
  }

  // what people write beside "other"; it counts only while that answer is chosen
  function words(column, label, given) {
    const input = make("textarea", { rows: "1", class: "words", "aria-label": label });
    input.value = own(given, column) || "";
    input.addEventListener("input", () => changed(column, input.value.trim() === "" ? undefined : input.value));
    return input;
  }

  function matrix({ id, item, text, must, given }) {
    const node = make("fieldset", { class: "question" }, make("legend", {}, text, must));
    for (const { id: part, text: words, audiences } of item.rows) {
      if (!audiences.includes(state.respondent.audience)) continue;
      const line = make("fieldset", { class: "line" });
      line.append(make("legend", { text: said(words[state.respondent.audience]) }));
      const held = (code) => {
        const { [part]: _, ...rest } = own(state.respondent.answers, id) || {};
        const all = code === undefined ? rest : { ...rest, [part]: code };
        changed(id, Object.keys(all).length ? all : undefined);
      };
      const answers = make("div", { class: "answers", style: null });
      answers.style.setProperty("--many", item.answers.length);
      for (const { code, label, aside } of item.answers) {
        const checked = own(own(given, id) || {}, part) === code;
        const on = () => held(code);
        answers.append(choice({ type: "radio", name: `${id}_${part}`, value: code, label: said(label), code, aside, checked, on }));
      }
      line.append(answers, clear(line, () => held(undefined)));
      node.append(line);
    }
    return node;
  }

  function ranking({ id, item, text, must, given }) {
    const node = make("fieldset", { class: "question" }, make("legend", {}, text, must));
    const most = item.maximum ?? item.answers.length;
    for (const { code, label } of item.answers) {
      const select = make("select", { "aria-label": said(label) }, make("option", { value: "", text: "–" }));
      for (let rank = 1; rank <= most; rank += 1) {
        const selected = own(own(given, id) || {}, code) === String(rank);
        select.append(make("option", { value: String(rank), text: String(rank), selected }));
      }
      select.addEventListener("change", () => {
        const { [code]: _, ...rest } = own(state.respondent.answers, id) || {};
        const all = select.value === "" ? rest : { ...rest, [code]: select.value };
        changed(id, Object.keys(all).length ? all : undefined);
      });
      node.append(make("label", { class: "answer" }, select, make("span", { text: said(label) })));
    }
    return node;
  }

  function number({ id, item, text, must, given }) {
    const input = make("input", {
      type: "number",
      id: `${id}-answer`,
      step: "any",
      inputmode: "decimal",
      min: item.minimum,
      max: item.maximum,
      value: own(given, id),
      "aria-describedby": `${id}-bad`,
    });
    input.addEventListener("input", () => changed(id, input.value === "" ? undefined : String(Number(input.value))));
    const hint = span(item) && make("p", { class: "hint", text: span(item) });
    return make("div", { class: "question" }, make("label", { class: "asked", for: input.id }, text, must), hint, input);
  }

  function span({ minimum, maximum }) {
    if (minimum !== null && maximum !== null) return fill(word("between"), { minimum, maximum });
    if (minimum !== null) return fill(word("least"), { minimum });
    return maximum !== null ? fill(word("most"), { maximum }) : "";
  }

  function open({ id, text, must, given }) {
    const input = make("textarea", { id: `${id}-answer`, "aria-describedby": `${id}-bad` });
    input.value = own(given, id) || "";
    input.addEventListener("input", () => changed(id, input.value.trim() === "" ? undefined : input.value));
    return make("div", { class: "question" }, make("label", { class: "asked", for: input.id }, text, must), input);
  }

  // what stands between this page and the next: [item, what is wrong]
  function faultsOfPage() {
    const one = now();
    return [...parts.main.querySelectorAll("[data-item]")]
      .filter((node) => !node.hidden)
      .map((node) => [node, fault(node, one)])
      .filter(([, wrong]) => wrong);
  }

  function fault(node, one) {
    const id = node.dataset.item;
    const item = survey.items[id];
    const input = node.querySelector("input[type=number]");
    if (input && input.validity.badInput) return word("nonumber");
    const given = own(state.respondent.answers, id);
    if (item.required) {
      const rows = item.rows.filter((row) => row.audiences.includes(state.respondent.audience));
      if (given === null) return word("unanswered");
      if (item.type === "matrix" && rows.some((row) => own(given, row.id) === null)) return word("rows");
    }
    if (item.type === "ranking" && given !== null && new Set(Object.values(given)).size < Object.values(given).length) {
      return word("ranks");
    }
    if (item.type === "multi" && item.maximum !== null && given !== null && given.length > item.maximum) {
      return fill(word("choices"), { most: item.maximum });
    }
    if (item.type !== "number" || given === null) return "";
    const found = Number(given);
    const low = item.minimum !== null && found < item.minimum;
    return low || (item.maximum !== null && found > item.maximum) ? span(item) : "";
  }

  function complain(faults) {
    for (const node of parts.main.querySelectorAll("[data-item]")) {
      const wrong = faults.find(([other]) => other === node)?.[1] || "";
      const said = document.getElementById(`${node.dataset.item}-bad`);
      said.textContent = wrong;
      said.hidden = !wrong;
      for (const field of node.querySelectorAll("input, textarea, select")) {
        if (wrong) field.setAttribute("aria-invalid", "true");
        else field.removeAttribute("aria-invalid");
      }
      if (node.tagName === "FIELDSET") {
        const ids = [document.getElementById(`${node.dataset.item}-help`)?.id, wrong && said.id].filter(Boolean);
        if (ids.length) node.setAttribute("aria-describedby", ids.join(" "));
        else node.removeAttribute("aria-describedby");
      }
    }
    const list = make("ul", {});
    for (const [node, wrong] of faults) {
      const asked = said(survey.items[node.dataset.item].text[state.respondent.audience]);
      const there = (event) => {
        event.preventDefault();
        node.querySelector("input, textarea, select").focus();
      };
      list.append(make("li", {}, make("a", { href: `#${node.dataset.item}-bad`, text: `${asked} ${wrong}`, on: { click: there } })));
    }
    const problems = document.getElementById("problems");
    problems.replaceChildren(make("p", { text: word("fix") }), list);
    problems.hidden = false;
    problems.focus();
  }

  function end() {
    const everyone = [...state.done, spoken(state.respondent)];
    const cells = row(survey, spoken(state.respondent));
    const body = make("tbody", {});
    for (const heading of survey.headings) {
      if (cells[heading] !== "") {
        body.append(make("tr", {}, make("th", { scope: "row", text: heading }), make("td", { text: cells[heading] })));
      }
    }
    const head = make(
      "thead",
      {},
      make("tr", {}, make("th", { scope: "col", text: word("column") }), make("th", { scope: "col", text: word("held") })),
    );
    const save = make("button", { type: "button", class: "main", id: "save", text: word("save") });
    save.addEventListener("click", () => download(table(survey, everyone)));
    const another = make("button", { type: "button", text: word("another") });
    another.addEventListener("click", () => {
      state.done = everyone;
      Object.assign(state, { page: -1, audience: null, respondent: null });
      show();
    });
    const back = make("button", { type: "button", text: word("back"), on: { click: () => move(-1) } });
    return [
      heading(word("done")),
      said(survey.texts.end) && make("p", { text: said(survey.texts.end) }),
      make("p", { text: fill(word("kept"), { people: everyone.length }) }),
      make("div", { class: "moves" }, back, another, save),
      make("table", {}, make("caption", { text: word("saved") }), head, body),
    ];
  }

  const spoken = (respondent) => ({ ...respondent, language: state.language });

  function download(text) {
    const url = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
    const link = make("a", { href: url, download: `${survey.id}-preview.csv` });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
    parts.said.textContent = word("written");
  }

  // opened as one audience (#employee), the page begins at its first question
  const wanted = decodeURIComponent(location.hash.slice(1));
  if (survey.audiences.some((audience) => audience.name === wanted)) {
    Object.assign(state, { audience: wanted, respondent: { id: name(), audience: wanted, answers: {}, finished: false } });
    if (!said(survey.texts.opening)) state.page = nextPage(-1, 1);
  }
  show({ focus: false });
})();
