// Small things that the other modules build with. Text goes in as text, never as markup.
export function tag(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "tone") element.style.setProperty("--tone", value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

export const plural = (number, one, many = `${one}s`) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;

// A probability: 93 %, never rounded to certainty.
export function percent(value) {
  const shown = value > 0.99 && value < 1 ? "> 99" : value < 0.01 && value > 0 ? "< 1" : Math.round(100 * value);
  return `${shown} %`.replaceAll(" ", "\u202f"); // never broken over lines
}

export function bar(value) {
  const filled = tag("b");
  filled.style.width = `${100 * value}%`;
  return tag("span", { class: "bar", "aria-hidden": "true" }, filled);
}
