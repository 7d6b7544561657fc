// What people do on the page: they drop, choose and paste pictures.
import {Card, best, percent} from "./card.js";
import {Classifier} from "./classifier.js";

const get = id => document.getElementById(id);
const {side, resizing, maxBytes} = document.body.dataset;
const mostCards = 20; // each holds its picture in memory

const cards = [];
const loading = get("state").textContent;
let usual = () => state(loading); // says what there is to say when nothing is wrong with the files

const classifier = new Classifier({
  loaded: bytes => { get("progress").value = bytes; },
  ready() {
    performance.mark("ready");
    get("progress").hidden = true;
    usual = () => state(get("drop").dataset.ready);
    if (!get("state").classList.contains("bad")) usual(); // a complaint stays, until files are taken
  },
  broken(message) {
    get("progress").hidden = true;
    usual = () => complain("The network could not be loaded. " + message);
    usual();
  },
});

function state(text) {
  get("state").textContent = text;
  get("state").classList.remove("bad");
}

function complain(text) {
  get("state").textContent = text;
  get("state").classList.add("bad");
}

// take classifies the files of a choice, a drop or the clipboard: the last ones are on top, each lot in its order.
function take(files) {
  usual();
  if (!files || files.length === 0) {
    complain("That is no file. Save the picture first, and drop or choose the file.");
    return;
  }
  const lot = [...files].slice(0, mostCards);
  const added = lot.map(file => new Card(file, Number(side), resizing));
  get("cards").prepend(...added.map(card => card.element));
  cards.unshift(...added);
  for (const card of cards.splice(mostCards)) {
    classifier.forget(card.file);
    card.remove();
  }
  if (files.length > lot.length) complain(`Only the first ${lot.length} of the ${files.length} files were taken.`);
  lot.forEach((file, i) => classify(file, added[i]));
}

async function classify(file, card) {
  const name = file.name || "pasted";
  try {
    if (file.size > maxBytes) throw new Error(`The file is too large: need no more than ${maxBytes >> 20}\u00a0MiB.`);
    const answer = await classifier.classify(file);
    card.answered(answer);
    say(`${name}: ${best(answer)}, ${percent(answer.classes[0].probability)}`);
  } catch (problem) {
    card.failed(problem.message);
    say(`${name}: ${problem.message}`);
  }
}

// say is for those who hear the page: what is new in a card.
function say(text) {
  get("said").append(Object.assign(document.createElement("p"), {textContent: text}));
  while (get("said").childElementCount > mostCards) get("said").firstChild.remove();
}

get("file").addEventListener("change", event => {
  if (event.target.files.length > 0) take(event.target.files);
  event.target.value = ""; // so that the same file can be chosen again
});
addEventListener("dragover", event => {
  event.preventDefault();
  document.body.classList.add("dragging");
});
addEventListener("dragleave", event => {
  if (!event.relatedTarget) document.body.classList.remove("dragging");
});
addEventListener("drop", event => {
  event.preventDefault();
  document.body.classList.remove("dragging");
  take(event.dataTransfer.files);
});
addEventListener("paste", event => take(event.clipboardData.files));
