// Every parameter that has no place of its own on the page, made from the list that the server tells:
// a new one appears by itself.

import { clamp, plain } from "./numbers.js";

// What has a place of its own.
const ELSEWHERE = /^\/glisser\/(knob\/\d+|tempo|freeze|morph-bars)$/;
// "voice 2 drift 3" and "z3": whose, what, which of it.
const NAME = /^(voice \d+ )?(.*?)(?: ?(\d+))?$/;

export class Settings {
  // place is a <details> whose content is made when it is first opened.
  constructor(state, send, room, place) {
    this.state = state;
    this.send = send;
    this.room = room;
    this.place = place;
    this.built = "";
    this.fields = new Map();
    room.ontoggle = () => this.build();
    state.on("stage", () => this.build());
    state.on("value", (address) => room.open && this.fields.get(address)?.());
  }

  build() {
    const told = this.state.stage?.parameters;
    if (!told || !this.room.open) return;
    const now = JSON.stringify(told);
    if (now !== this.built) {
      this.built = now;
      this.fields.clear();
      const groups = grouped(told.filter(({ address }) => !ELSEWHERE.test(address)));
      const several = groups.filter(({ members }) => members.length > 1);
      const single = groups.filter(({ members }) => members.length === 1);
      this.place.replaceChildren(
        ...single.map(({ members: [only] }) => this.row(only, only.name)),
        ...several.map((group) => this.group(group)),
      );
    }
    for (const show of this.fields.values()) show();
  }

  group({ title, members }) {
    const element = document.createElement("details");
    element.className = "group";
    const summary = add(element, "summary");
    add(summary, "h3").textContent = title;
    add(element, "p", "help").textContent = members[0].description;
    for (const each of members) element.append(this.row(each, each.name, true));
    return element;
  }

  row(told, name, plainly = false) {
    const element = document.createElement("div");
    element.className = "setting";
    const label = add(element, "label");
    add(label, "span", "setting-name").textContent = name;
    const field = told.choices.length ? this.choice(told, label) : this.number(told, label, element);
    if (!plainly) {
      const help = add(element, "p", "help");
      help.id = `help-${told.address.slice(1).replaceAll("/", "-")}`;
      help.textContent = told.description;
      field.setAttribute("aria-describedby", help.id);
    }
    return element;
  }

  choice(told, label) {
    const select = add(label, "select");
    told.choices.forEach((name, value) => {
      const option = add(select, "option");
      option.value = String(value);
      option.textContent = name;
    });
    select.onchange = () => this.set(told, Number(select.value));
    this.fields.set(told.address, () => (select.value = String(this.value(told))));
    return select;
  }

  number(told, label, element) {
    const field = add(label, "input");
    field.type = "number";
    const range = add(element, "input");
    range.type = "range";
    range.setAttribute("aria-label", `${told.name}, slide`);
    for (const each of [field, range]) {
      each.min = told.low;
      each.max = told.high;
      each.step = told.whole ? 1 : "any";
    }
    add(label, "span", "unit").textContent = told.unit || `${plain(told.low)} to ${plain(told.high)}`;
    field.onchange = () => {
      if (Number.isFinite(field.valueAsNumber)) this.set(told, field.valueAsNumber);
      else this.fields.get(told.address)();
    };
    range.oninput = () => this.set(told, range.valueAsNumber);
    this.fields.set(told.address, () => {
      const value = this.value(told);
      if (document.activeElement !== field) field.value = String(Math.round(value * 1000) / 1000);
      range.value = String(value);
    });
    return field;
  }

  value(told) {
    return this.state.value(told.address) ?? told.default;
  }

  set(told, wanted) {
    const within = clamp(wanted, told.low, told.high);
    const value = told.whole ? Math.round(within) : within;
    if (this.send(told.address, value)) this.state.wish(told.address, value);
  }
}

// Those that differ by a number only stand together: drift 1, drift 2, ...; and those of a voice.
function grouped(parameters) {
  const groups = new Map();
  for (const each of parameters) {
    const [, voice, what, number] = NAME.exec(each.name);
    const title = voice && !number ? voice.trim() : `${voice ?? ""}${number ? what : each.name}`;
    if (!groups.has(title)) groups.set(title, { title, members: [] });
    groups.get(title).members.push(each);
  }
  return [...groups.values()];
}

function add(within, kind, className) {
  const made = document.createElement(kind);
  if (className) made.className = className;
  within.append(made);
  return made;
}
