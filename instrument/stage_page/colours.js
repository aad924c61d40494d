// The colours of note counts: from deep blue by teal to pale yellow, evenly. Pure.
//
// The path lies in OKLab, lightness rising all the way, so that it reads the same in grey and with
// every kind of colour blindness; the steps along it are of equal length.

const PATH = [
  [0.3, 0.11, 285],
  [0.45, 0.115, 255],
  [0.62, 0.1, 205],
  [0.78, 0.13, 155],
  [0.94, 0.14, 104],
];
const FINE = 400;

// sRGB 0..255 of `count`, whose colour is even between `low` and `high` and stays so outside.
export function colourOf(count, low, high) {
  const along = (Math.min(high, Math.max(low, count)) - low) / (high - low);
  return rgb(EVEN(along));
}

export function cssOf(count, low, high) {
  return `rgb(${colourOf(count, low, high).join(" ")})`;
}

function lab(along) {
  const place = along * (PATH.length - 1);
  const at = Math.min(PATH.length - 2, Math.floor(place));
  const mix = place - at;
  const [light, chroma, hue] = PATH[at].map((from, i) => from + (PATH[at + 1][i] - from) * mix);
  const angle = (hue * Math.PI) / 180;
  return [light, chroma * Math.cos(angle), chroma * Math.sin(angle)];
}

const EVEN = (() => {
  const points = Array.from({ length: FINE + 1 }, (_, i) => lab(i / FINE));
  const length = [0];
  for (let i = 1; i <= FINE; i++) {
    length.push(length[i - 1] + Math.hypot(...points[i].map((x, k) => x - points[i - 1][k])));
  }
  return (along) => {
    const wanted = along * length[FINE];
    const after = Math.max(1, length.findIndex((each) => each >= wanted));
    const mix = (wanted - length[after - 1]) / (length[after] - length[after - 1]);
    return points[after].map((x, k) => points[after - 1][k] + (x - points[after - 1][k]) * mix);
  };
})();

// OKLab to sRGB (Björn Ottosson, 2020), each 0..255.
function rgb([light, a, b]) {
  const l = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (light - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map((linear) => Math.round(255 * gamma(Math.min(1, Math.max(0, linear)))));
}

function gamma(linear) {
  return linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
}
