// How many notes as a colour: even steps of lightness, from dusk to lamplight, also for the colour-blind.

const STOPS = [ // OKLab: lightness, towards red, towards yellow; lightness grows evenly
  [0.22, 0.010, -0.075],
  [0.36, 0.030, -0.110],
  [0.50, 0.060, -0.050],
  [0.64, 0.075, 0.045],
  [0.78, 0.040, 0.120],
  [0.92, -0.010, 0.135],
];
export const FEWEST = 0;
export const MOST = 16;

const table = Array.from({ length: 256 }, (_, n) => rgbAt(n / 255));

/** Red, green, blue (0..255) of a count. */
export function rgbOf(count) {
  const part = (count - FEWEST) / (MOST - FEWEST);
  return table[Math.round(255 * Math.min(1, Math.max(0, part)))];
}

export function cssOf(count) {
  return `rgb(${rgbOf(count).join(" ")})`;
}

function rgbAt(part) {
  const place = part * (STOPS.length - 1);
  const low = Math.min(STOPS.length - 2, Math.floor(place));
  const lab = STOPS[low].map((from, n) => from + (STOPS[low + 1][n] - from) * (place - low));
  return srgb(lab);
}

// OKLab to linear light to sRGB (the published matrices).
function srgb([lightness, a, b]) {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  return linear.map((light) => {
    const within = Math.min(1, Math.max(0, light));
    return Math.round(255 * (within <= 0.0031308 ? 12.92 * within : 1.055 * within ** (1 / 2.4) - 0.055));
  });
}
