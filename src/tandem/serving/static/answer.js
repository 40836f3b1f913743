// What the model says, on the page.
import { drawArcs } from "./arcs.js";
import { bar, percent, plural, tag } from "./markup.js";
import { seenPicture } from "./seen.js";

const WORDS = 400; // with their weights; of a long text the rest is left out
const ROWS = 10; // of a table or list that are shown at once
const SHIFT = .25; // by how much the picture has to move how sure a relation is, to be named
const MARKS = { gained: "+", retyped: "≠", moved: "↔", lost: "−", surer: "↑" };

let tones = {};
const tone = (type) => tones[type] ?? "var(--soft)";
const nameOf = (relation) => relation.split("/").pop().replaceAll("_", " ");

// Fills `place`, and returns a sentence that sums it up.
export function showAnswer(place, answer, model, address) {
  tones = Object.fromEntries(model.types.map((type) => [type.name, type.colour]));
  const found = answer.prediction, changes = answer.changes ?? [];
  const kinds = new Map(changes.filter((one) => one.mention !== null).map((one) => [one.mention, one]));
  const shifts = shiftsOf(found, answer.changes);
  const tagged = taggedText(found, changes, kinds);
  place.replaceChildren(...[
    answer.note && tag("p", { class: "warn" }, answer.note),
    tagged,
    changed(answer, shifts),
    found.mentions.length ? entities(found, kinds) : null,
    found.relations.length ? relations(found) : null,
    found.region_weight && answer.regions_grid && address
      ? seenPicture(address, found.region_weight, answer.regions_grid) : null,
    found.picture_weight ? weights(found) : null,
    tag("details", {}, tag("summary", {}, "The answer as JSON"),
      tag("pre", { tabindex: "0", "aria-label": "The answer as JSON" }, JSON.stringify(answer, null, 2))),
  ].filter(Boolean));
  const left = drawArcs(tagged, found.relations.map((one) => ({ ...one, name: nameOf(one.type) })));
  if (left) tagged.after(tag("p", { class: "note" }, `The surest relations are drawn; ${left.toLocaleString("en")} more are listed below.`));
  const moved = changes.length + shifts.length;
  const parts = [plural(found.mentions.length, "entity", "entities")];
  if (found.relations.length) parts.push(plural(found.relations.length, "relation"));
  if (answer.changes) parts.push(`the picture changed ${moved ? plural(moved, "thing") : "nothing"}`);
  return `${parts.join(", ")} (${(answer.milliseconds / 1000).toFixed(2)} s)`;
}

function taggedText(found, changes, kinds) {
  // Offsets count characters, JavaScript's strings count halves of some of them.
  const letters = Array.from(found.text), part = (start, end) => strutted(letters.slice(start, end).join(""));
  const pieces = found.mentions.map((mention, number) => ({ ...mention, number }));
  for (const { kind, without } of changes) {
    const lost = found.without_image?.[without];
    const free = lost && !found.mentions.some((one) => one.start < lost.end && lost.start < one.end);
    if (kind === "lost" && free) pieces.push({ ...lost, lost: true });
  }
  pieces.sort((one, other) => one.start - other.start);
  const place = tag("div", { class: "tagged", dir: "auto" });
  let end = 0;
  for (const one of pieces) {
    place.append(...part(end, one.start), one.lost ? lostEntity(one, part) : entity(one, part, kinds.get(one.number), found));
    end = one.end;
  }
  place.append(...part(end));
  return place;
}

// An empty element behind each word, by which `drawArcs` makes room above its line.
const strutted = (string) => string.split(/(?<=\S)(?=\s)|$/u).flatMap((piece) => (piece ? [piece, tag("span", { class: "strut" })] : []));

function entity(one, part, change, found) {
  const was = change?.kind === "retyped" ? ` ← ${found.without_image[change.without].type}` : "";
  return tag("mark", { class: `entity ${change?.kind ?? ""}`, tone: tone(one.type), "data-number": one.number },
    ...part(one.start, one.end),
    tag("small", {}, "\u00a0", change ? sign(change.kind) : null, `${change ? " " : ""}${one.type}${was} `, tag("i", {}, percent(one.confidence))));
}

const lostEntity = (one, part) => tag("span", { class: "entity lost", tone: tone(one.type) }, ...part(one.start, one.end),
  tag("small", {}, "\u00a0", sign("lost"), ` ${one.type}`));

const SAID = { gained: "gained", retyped: "retyped", moved: "other bounds", lost: "lost", surer: "surer" };
const sign = (kind) => tag("span", { class: `mark ${kind}`, title: SAID[kind] },
  tag("span", { "aria-hidden": "true" }, MARKS[kind]), tag("span", { class: "hidden" }, SAID[kind]));

const typed = (type) => tag("span", { class: "type", tone: tone(type) }, type);

// Relations of which the picture makes the model much surer; those that it takes away are not known.
function shiftsOf(found, changes) {
  const shift = (one) => one.confidence - (one.confidence_no_image ?? one.confidence);
  return changes ? found.relations.filter((one) => shift(one) >= SHIFT).sort((one, other) => shift(other) - shift(one)) : [];
}

function changed({ prediction: found, changes }, shifts) {
  if (!changes) return null;
  const rows = changes.map(({ kind, mention, without }) => {
    const now = found.mentions[mention], before = found.without_image[without];
    const words = {
      gained: () => [bold(now), " is found as ", typed(now.type), " with the picture alone."],
      lost: () => [bold(before), " would be ", typed(before.type), " without the picture, and is nothing with it."],
      retyped: () => [bold(now), " is ", typed(now.type), ", and would be ", typed(before.type), " without the picture."],
      moved: () => [bold(now), " ", typed(now.type), " would be ", bold(before), " ", typed(before.type), " without the picture."],
    };
    return tag("li", {}, sign(kind), " ", ...words[kind]());
  });
  rows.push(...shifts.map((one) => tag("li", {}, sign("surer"), " ", pair(one, found), ` ${nameOf(one.type)}: ${percent(one.confidence)} sure, `,
    `without the picture ${percent(one.confidence_no_image)}.`)));
  const body = rows.length ? folded(rows, "change", (own) => tag("ul", { class: "changes" }, ...own))
    : tag("p", {}, "Nothing: the model finds the same without it.");
  return tag("section", {}, tag("h3", {}, "What the picture changed"), body);
}

// The first rows, and the others beneath a line that opens.
function folded(rows, word, show) {
  const left = rows.length - ROWS;
  if (left <= 0) return show(rows);
  return tag("div", {}, show(rows.slice(0, ROWS)),
    tag("details", { class: "more" }, tag("summary", {}, plural(left, `more ${word}`)), show(rows.slice(ROWS))));
}

const pair = (one, found) => tag("b", {}, end(found.mentions[one.head]), " → ", end(found.mentions[one.tail]));
const bold = (mention) => tag("b", { dir: "auto" }, mention.text);

function sure(value, colour) {
  return value === null ? tag("td", { class: "sure" }, "–")
    : tag("td", { class: "sure", tone: colour }, percent(value), bar(value));
}

function table(columns, rows, word) {
  const head = () => tag("thead", {}, tag("tr", {}, ...columns.map((name) => tag("th", { scope: "col" }, name))));
  return folded(rows, word, (own) => tag("table", {}, head(), tag("tbody", {}, ...own)));
}

function entities(found) {
  const compared = found.mentions.some((one) => one.confidence_no_image !== null);
  const rows = found.mentions.map((one) => tag("tr", {},
    tag("th", { scope: "row" }, end(one), " ", typed(one.type)), sure(one.confidence, tone(one.type)),
    compared ? sure(one.confidence_no_image, tone(one.type)) : null));
  const columns = ["Entity", "Confidence", ...(compared ? ["Without picture"] : [])];
  return tag("section", {}, tag("h3", {}, "Entities"), table(columns, rows, "row"));
}

function relations(found) {
  const compared = found.relations.some((one) => one.confidence_no_image !== null);
  const sorted = [...found.relations].sort((one, other) => other.confidence - one.confidence);
  const rows = sorted.map((one) => tag("tr", {},
    tag("th", { scope: "row" }, pair(one, found), " ", tag("span", { class: "relation", title: one.type }, nameOf(one.type))),
    sure(one.confidence), compared ? sure(one.confidence_no_image) : null));
  const columns = ["Relation", "Confidence", ...(compared ? ["Without picture"] : [])];
  return tag("section", {}, tag("h3", {}, "Relations"), table(columns, rows, "row"));
}

const end = (mention) => tag("span", { dir: "auto" }, mention.text);

function weights(found) {
  const words = found.words.slice(0, WORDS).map((word, number) => tag("li", {}, tag("span", { dir: "auto" }, word.text),
    bar(found.picture_weight[number]), tag("small", {}, percent(found.picture_weight[number]))));
  const left = found.words.length - WORDS;
  return tag("section", {}, tag("h3", {}, "Weight on the picture, word by word"),
    tag("ul", { class: "weights" }, ...words),
    left > 0 ? tag("p", { class: "note" }, `${plural(left, "word")} more: see the answer as JSON.`) : null);
}
