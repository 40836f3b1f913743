// Attention over the regions of a picture, laid over it.
import { percent, tag } from "./markup.js";

const HEAT = [255, 96, 0];

export function seenPicture(address, weights, [rows, columns]) {
  const image = tag("img", { alt: `The picture; the model looks most at ${placeOf(weights, rows, columns)}.` });
  const cells = tag("canvas", { width: columns, height: rows, "aria-hidden": "true" });
  paint(cells, weights, rows, columns);
  const show = tag("input", { type: "checkbox", checked: true });
  show.addEventListener("change", () => { cells.hidden = !show.checked; });
  const frame = tag("figure", { class: "seen" }, image, cells);
  // The grid lies on the largest centred square.
  const place = () => {
    const side = Math.min(image.clientWidth, image.clientHeight);
    Object.assign(cells.style, {
      left: `${(image.clientWidth - side) / 2}px`, top: `${(image.clientHeight - side) / 2}px`, width: `${side}px`, height: `${side}px`,
    });
  };
  image.addEventListener("load", place);
  new ResizeObserver(place).observe(image);
  image.src = address;
  const most = Math.max(...weights);
  return tag("section", {}, tag("h3", {}, "Where the model looked"), frame,
    tag("label", { class: "toggle" }, show, "Show attention"),
    tag("p", { class: "note" }, `Attention over ${rows} × ${columns} regions, from ${percent(Math.min(...weights))} to ${percent(most)}; even attention would be ${percent(1 / weights.length)}. What lies outside the dashed square is not seen.`));
}

function placeOf(weights, rows, columns) {
  const most = weights.indexOf(Math.max(...weights));
  const third = (value, all, names) => names[Math.min(2, Math.floor(3 * (value + .5) / all))];
  const down = third(Math.floor(most / columns), rows, ["the top", "the middle", "the bottom"]);
  const across = third(most % columns, columns, ["left", "centre", "right"]);
  return `${down} ${across}`;
}

function paint(cells, weights, rows, columns) {
  const context = cells.getContext("2d"), pixels = context.createImageData(columns, rows);
  const least = Math.min(...weights), most = Math.max(...weights);
  weights.slice(0, rows * columns).forEach((weight, number) => {
    const share = most > least ? (weight - least) / (most - least) : 0;
    pixels.data.set([...HEAT, Math.round(200 * share)], 4 * number);
  });
  context.putImageData(pixels, 0, 0);
}
