// Where everything stood: kept under a name, and gone back to, at once or over some bars.

export function snapshots(state, connection) {
  const chips = document.getElementById("snapshots");
  const name = document.getElementById("save-name");
  const morph = document.getElementById("morph");

  state.on("stage", () => {
    const buttons = state.stage.snapshots.map((each) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = each;
      button.setAttribute("aria-label", `Recall ${each}`);
      button.addEventListener("click", () => connection.press("/glisser/snapshot/recall", each, Number(morph.value) || 0));
      return button;
    });
    const none = document.createElement("p");
    none.className = "none";
    none.textContent = "None yet. Save one, turn knobs, and come back.";
    chips.replaceChildren(...(buttons.length ? buttons : [none]));
  });
  document.getElementById("save").addEventListener("submit", (event) => {
    event.preventDefault();
    const wanted = name.value.trim() || String(1 + (state.stage?.snapshots.length ?? 0));
    connection.press("/glisser/snapshot/save", wanted);
    name.value = "";
  });
}
