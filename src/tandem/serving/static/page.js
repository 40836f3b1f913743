// The form: text, picture, examples; what is sent and what is said when it cannot be.
import { showAnswer } from "./answer.js";
import { plural } from "./markup.js";

const at = (id) => document.getElementById(id);
const text = at("text"), caption = at("caption"), chooser = at("picture"), drop = at("drop");
let about = { model: { reads: "picture", types: [] }, limits: { characters: Infinity, picture_bytes: Infinity } };
let picture = null; // the File or Blob that goes with the post
let address = null; // an object URL of it
let running = null; // the AbortController of the request on its way

function problem(sentence) {
  at("problem").textContent = sentence;
  if (sentence) at("status").textContent = "";
}

// Characters as Python counts them: an emoji is one, or several, but never half of one.
const length = (string) => Array.from(string).length;

function count() {
  const { characters } = about.limits, number = length(text.value);
  at("count").textContent = number || number > characters
    ? `${number.toLocaleString("en")} of ${characters.toLocaleString("en")} characters` : "";
  at("count").classList.toggle("over", number > characters);
}

function setPicture(file, name = "") {
  if (file && file.size > about.limits.picture_bytes) {
    const most = about.limits.picture_bytes / (1 << 20);
    problem(`This picture's file has ${(file.size / (1 << 20)).toFixed(1)} MB; at most ${most} MB are read.`);
    file = null;
  }
  if (address) URL.revokeObjectURL(address);
  picture = file;
  address = file ? URL.createObjectURL(file) : null;
  chooser.value = "";
  drop.classList.toggle("filled", Boolean(file));
  at("preview").hidden = !file;
  at("preview-name").textContent = file ? name || "pasted picture" : "";
  const image = at("preview-image");
  image.hidden = false;
  if (address) image.src = address; else image.removeAttribute("src");
}

at("preview-image").addEventListener("error", () => {
  at("preview-image").hidden = true;
  at("preview-name").textContent += " (cannot be shown here)";
});

const encoded = (blob) => new Promise((resolve, reject) => {
  const reader = new FileReader();
  reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
  reader.onerror = () => reject(new Error("The picture's file cannot be read."));
  reader.readAsDataURL(blob);
});

// What the server says to a request, or an Error with a sentence.
async function ask(body, signal) {
  let response;
  try {
    response = await fetch("api/predict", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("There is no answer. Is `tandem serve` still running?");
  }
  const answer = await response.json().catch(() => ({ error: `The server failed (${response.status}).` }));
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

async function submit() {
  running?.abort();
  const own = running = new AbortController();
  const { characters } = about.limits, number = length(text.value);
  problem("");
  if (!text.value.trim()) return refuse("There is no text to read: type a post.");
  if (number > characters) {
    return refuse(`The text has ${number.toLocaleString("en")} characters; at most ${characters.toLocaleString("en")} can be read at once. Please shorten it.`);
  }
  at("status").textContent = "Reading …";
  at("answer").setAttribute("aria-busy", "true");
  const shown = address;
  try {
    const value = text.value.toWellFormed?.() ?? text.value;
    const image = picture && about.model.reads === "picture" ? await encoded(picture) : null;
    const answer = await ask({ text: value, image, caption: caption.value || null, compare: true }, own.signal);
    at("empty").hidden = true;
    at("status").textContent = showAnswer(at("answer"), answer, about.model, shown);
    reveal();
  } catch (error) {
    if (error.name === "AbortError") return;
    at("answer").replaceChildren();
    problem(error.message);
  } finally {
    if (running === own) at("answer").removeAttribute("aria-busy");
  }
}

function refuse(sentence) {
  at("answer").removeAttribute("aria-busy");
  problem(sentence);
  text.focus();
}

function reveal() {
  const top = at("result").getBoundingClientRect().top;
  if (top > innerHeight * .7 || top < 0) at("result").scrollIntoView({ behavior: "smooth" });
}

at("post").addEventListener("submit", (event) => { event.preventDefault(); submit(); });
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); submit(); }
});
text.addEventListener("input", () => { count(); at("problem").textContent = ""; });
at("remove").addEventListener("click", () => { setPicture(null); chooser.focus(); });
chooser.addEventListener("change", () => { if (chooser.files.length) { problem(""); setPicture(chooser.files[0], chooser.files[0].name); } });

// A picture may be dropped anywhere on the page: one that misses the field shall not replace the page.
let depth = 0;
const carries = (event) => about.model.reads === "picture" && event.dataTransfer?.types.includes("Files");
addEventListener("dragenter", (event) => { if (carries(event)) { depth += 1; drop.classList.add("over"); } });
addEventListener("dragleave", (event) => { if (carries(event) && --depth <= 0) { depth = 0; drop.classList.remove("over"); } });
addEventListener("dragover", (event) => { if (event.dataTransfer?.types.includes("Files")) event.preventDefault(); });
addEventListener("drop", (event) => {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  depth = 0;
  drop.classList.remove("over");
  const [file] = event.dataTransfer.files;
  if (file && carries(event)) { problem(""); setPicture(file, file.name); }
});
addEventListener("paste", (event) => {
  const file = [...event.clipboardData?.files ?? []].find((one) => one.type.startsWith("image/"));
  if (file && about.model.reads === "picture") { event.preventDefault(); problem(""); setPicture(file, file.name); }
});

function offer(examples) {
  at("examples").hidden = !examples.length;
  at("example-list").replaceChildren(...examples.map((example) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "example";
    if (example.picture && about.model.reads === "picture") {
      const image = new Image(48, 48);
      image.loading = "lazy";
      image.alt = "with a picture:";
      image.src = example.picture;
      button.append(image);
    }
    const words = document.createElement("span");
    words.textContent = example.text;
    words.dir = "auto";
    button.append(words);
    button.addEventListener("click", () => take(example, button));
    const row = document.createElement("li");
    row.append(button);
    return row;
  }));
}

async function take(example, button) {
  document.querySelectorAll(".example").forEach((one) => one.removeAttribute("aria-current"));
  button.setAttribute("aria-current", "true");
  text.value = example.text;
  caption.value = about.model.reads === "caption" ? example.caption ?? "" : "";
  count();
  problem("");
  try {
    const response = example.picture && about.model.reads === "picture" ? await fetch(example.picture) : null;
    setPicture(response?.ok ? await response.blob() : null, "picture of the example");
  } catch {
    setPicture(null);
  }
  await submit();
}

const READS = {
  picture: "reads the text and the picture",
  caption: "reads the text and what the picture shows, in words",
  nothing: "reads the text alone",
};

async function begin() {
  if (/Mac|iPhone|iPad/.test(navigator.platform)) at("modifier").textContent = "⌘";
  try {
    about = await (await fetch("api/health")).json();
  } catch {
    problem("There is no answer. Is `tandem serve` still running?");
    return;
  }
  const { corpus, fusion, reads, types } = about.model;
  const origin = corpus ? `trained on ${corpus} with ${fusion}` : `with ${fusion}`;
  at("about").textContent = `A model ${origin}: it ${READS[reads]}, and knows ${plural(types.length, "type")} of entities (${types.map((type) => type.name).join(", ")}).`;
  at("picture-field").hidden = reads !== "picture";
  at("caption-field").hidden = reads !== "caption";
  count();
  offer(await (await fetch("api/examples")).json());
}

begin();
