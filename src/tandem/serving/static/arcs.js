// Relations as arrows above the lines of the text. One between lines leaves its line to the right and goes on in the
// next from the left, as a reader does.
import { svg } from "./markup.js";

const MOST = 8; // arrows, those of which the model is surest
const STEP = 21; // pixels between arrows above each other
const GAP = 3; // between an arrow and the entity beneath
const LETTER = 6.6; // width of a letter of a name, about

let watch = null;

// Returns how many relations are left out.
export function drawArcs(place, relations) {
  watch?.disconnect();
  const sorted = merged(relations).sort((one, other) => other.confidence - one.confidence);
  const chosen = sorted.slice(0, MOST);
  if (!chosen.length) return 0;
  const picture = place.appendChild(svg("svg", { "aria-hidden": "true" }));
  const struts = [...place.querySelectorAll(".strut")];
  let width = -1;
  watch = new ResizeObserver(() => {
    if (place.clientWidth !== width) { width = place.clientWidth; draw(place, picture, struts, chosen); }
  });
  watch.observe(place);
  return relations.length - chosen.reduce((sum, one) => sum + (one.both ? 2 : 1), 0);
}

// The same relation there and back is one arrow with two tips.
function merged(relations) {
  const found = new Map();
  for (const one of relations) {
    const back = found.get(`${one.tail} ${one.head} ${one.type}`);
    if (back) back.both = true; else found.set(`${one.head} ${one.tail} ${one.type}`, { ...one });
  }
  return [...found.values()];
}

function draw(place, picture, struts, relations) {
  struts.forEach((strut) => strut.removeAttribute("style"));
  const frame = place.getBoundingClientRect(), height = parseFloat(getComputedStyle(place).lineHeight);
  const padding = parseFloat(getComputedStyle(place).paddingTop);
  const lineOf = (box) => Math.max(0, Math.floor((box.top + box.height / 2 - frame.top - padding) / height));
  const boxes = new Map();
  for (const number of new Set(relations.flatMap((one) => [one.head, one.tail]))) {
    const [first] = place.querySelector(`[data-number="${number}"]`).getClientRects();
    const ends = relations.filter((one) => one.head === number || one.tail === number).length;
    boxes.set(number, { left: first.left - frame.left, width: first.width, top: first.top - frame.top, line: lineOf(first), ends, used: 0 });
  }
  const segments = relations.flatMap((one) => segmentsOf(one, boxes, frame.width));
  const levels = stack(segments, frame.width);
  // What is stacked above a line makes it as much higher, and moves all lines beneath down.
  const [sample] = boxes.values();
  const extra = (line) => (levels[line] ? GAP + STEP * levels[line] - 6 : 0);
  const known = new Set();
  for (const [strut, line] of struts.map((strut) => [strut, lineOf(strut.getBoundingClientRect())])) {
    if (!extra(line) || known.has(line)) continue;
    known.add(line);
    strut.style.lineHeight = `${height + extra(line)}px`;
    strut.style.verticalAlign = `${extra(line) / 2}px`;
  }
  const topOf = (line) => {
    let top = sample.top + (line - sample.line) * height;
    for (let above = 0; above <= line; above += 1) top += extra(above);
    return top;
  };
  picture.replaceChildren(...segments.flatMap((one) => path(one, topOf(one.line))));
}

// The pieces of an arrow, one a line.
function segmentsOf(relation, boxes, width) {
  const [first, last] = [[relation.head, relation.both], [relation.tail, true]].map(([number, tip]) => {
    const box = boxes.get(number);
    return { line: box.line, x: box.left + box.width * ++box.used / (box.ends + 1), tip };
  }).sort((one, other) => one.line - other.line || one.x - other.x);
  const found = [];
  for (let line = first.line; line <= last.line; line += 1) {
    const begins = line === first.line ? first : null, ends = line === last.line ? last : null;
    found.push({ line, left: begins ? begins.x : 0, right: ends ? ends.x : width, begins, ends });
  }
  found.reduce((one, other) => (other.right - other.left > one.right - one.left ? other : one)).name = relation.name;
  return found;
}

// The lowest free level of its line for each, short ones first; how many levels each line has.
function stack(segments, width) {
  const taken = [], levels = [];
  for (const one of [...segments].sort((a, b) => (a.right - a.left) - (b.right - b.left))) {
    const half = one.name ? one.name.length * LETTER / 2 + 6 : 0;
    one.middle = Math.min(Math.max((one.left + one.right) / 2, half), Math.max(half, width - half));
    const from = Math.min(one.left, one.middle - half) - 3, to = Math.max(one.right, one.middle + half) + 3;
    one.level = 0;
    while (taken.some((other) => other.line === one.line && other.level === one.level && other.from < to && from < other.to)) one.level += 1;
    taken.push({ line: one.line, level: one.level, from, to });
    levels[one.line] = Math.max(levels[one.line] ?? 0, one.level + 1);
  }
  return levels;
}

function path(one, top) {
  const y = top - GAP - STEP * (one.level + .62), bottom = top - GAP;
  const bend = Math.min(7, Math.max(0, (one.right - one.left) / 2));
  const start = one.begins ? `M${one.left} ${bottom}V${y + bend}Q${one.left} ${y} ${one.left + bend} ${y}` : `M${one.left} ${y}`;
  const end = one.ends ? `H${one.right - bend}Q${one.right} ${y} ${one.right} ${y + bend}V${bottom}` : `H${one.right}`;
  const parts = [svg("path", { class: "arc", d: start + end })];
  for (const [side, x] of [[one.begins, one.left], [one.ends, one.right]]) {
    if (side?.tip) parts.push(svg("path", { class: "tip", d: `M${x - 4.5} ${bottom - 7}h9L${x} ${bottom + 2}z` }));
  }
  if (one.name) parts.push(svg("text", { class: "arc-name", x: one.middle, y: y + 4 }, one.name));
  return parts;
}
