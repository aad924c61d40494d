// From how many notes to how many the colours go: what the knob of the notes promises. Pure.

const WITHOUT_PROMISE = [0, 16];

export function countRange(knobs) {
  const promise = knobs.find((knob) => knob.attribute === "note_count")?.promise ?? [];
  if (promise.length < 2) return WITHOUT_PROMISE;
  const amounts = promise.map(([, amount]) => amount);
  return [Math.floor(Math.min(...amounts)), Math.ceil(Math.max(...amounts))];
}

// The knob of voice 1 that moves a dimension, if any does.
export function knobOf(stage, dimension) {
  return stage.knobs.find((knob) => knob.voice === 1 && knob.dimension === dimension);
}

export function dimensionName(stage, dimension) {
  const knob = knobOf(stage, dimension);
  return knob?.true ? knob.label : `z${dimension}`;
}
