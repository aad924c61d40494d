// Every setting there is, made from the one list: a new one appears by itself.

const ELSEWHERE = /^\/glisser\/(knob|z|tempo|freeze|pad-[xy]$)|^\/glisser\/voice\/\d+\/(knob|z)\//;

export function settings(state, connection) {
  const more = document.getElementById("more");
  const home = document.getElementById("settings");
  let shown = "";
  let ends = [];

  function build() {
    if (!more.open || !state.stage) return;
    const list = state.stage.parameters.filter((each) => !ELSEWHERE.test(each.address));
    const key = JSON.stringify(list);
    if (key === shown) return;
    shown = key;
    ends.forEach((end) => end());
    ends = [];
    const groups = Map.groupBy ? Map.groupBy(list, groupOf) : grouped(list);
    home.replaceChildren(...[...groups].map(([name, its]) => {
      const group = document.createElement("fieldset");
      const legend = document.createElement("legend");
      legend.textContent = name;
      group.append(legend);
      const alike = its.length > 1 && its.every((each) => each.description === its[0].description);
      if (alike) group.append(helpOf(its[0])); // once for all of them
      group.append(...its.map((each) => row(each, !alike)));
      return group;
    }));
  }

  function row(parameter, helped) {
    const label = document.createElement("label");
    label.className = "setting";
    label.title = parameter.description;
    const name = document.createElement("span");
    name.textContent = parameter.name;
    const out = document.createElement("output");
    const input = inputOf(parameter);
    label.append(name, input, out);
    if (helped) label.append(helpOf(parameter));
    const show = () => {
      const value = state.value(parameter.address, parameter.default);
      if (input.type === "checkbox") input.checked = Boolean(value);
      else input.value = String(value);
      out.textContent = parameter.choices.length || input.type === "checkbox"
        ? "" : `${Math.round(value * 1000) / 1000} ${parameter.unit}`.trim();
    };
    input.addEventListener(input.type === "range" ? "input" : "change", () => {
      const value = input.type === "checkbox" ? Number(input.checked) : Number(input.value);
      state.move(parameter.address, value);
      connection.set(parameter.address, value);
    });
    ends.push(state.on(parameter.address, show));
    show();
    return label;
  }

  more.addEventListener("toggle", build);
  state.on("stage", build);
}

function helpOf(parameter) {
  const help = document.createElement("small");
  help.textContent = parameter.description;
  return help;
}

function inputOf(parameter) {
  if (parameter.choices.length) {
    const select = document.createElement("select");
    select.append(...parameter.choices.map((choice, n) => new Option(choice, String(n))));
    return select;
  }
  const input = document.createElement("input");
  if (parameter.whole && parameter.low === 0 && parameter.high === 1) {
    input.type = "checkbox";
    return input;
  }
  const wide = parameter.whole && parameter.high - parameter.low > 1000;
  input.type = wide ? "number" : "range";
  input.min = String(parameter.low);
  input.max = String(parameter.high);
  input.step = parameter.whole ? "1" : String((parameter.high - parameter.low) / 200);
  return input;
}

/** Those of one dimension each stand together; so do those of a voice. */
function groupOf(parameter) {
  const [, , ...path] = parameter.address.split("/");
  const voice = path[0] === "voice" ? `voice ${path[1]}: ` : "";
  const own = path[0] === "voice" ? path.slice(2) : path;
  return voice + (own.length > 1 ? `${own[0]}, of each coordinate` : "all");
}

function grouped(list) {
  const groups = new Map();
  for (const each of list) groups.set(groupOf(each), [...(groups.get(groupOf(each)) ?? []), each]);
  return groups;
}
