// What the page shows of a picture: the picture, what the network gets of it, and the answer or what was wrong.

const rows = 5; // as many classes as the program answers

export const percent = p => p > 0 && p < 0.001 ? "< 0.1\u00a0%" : (100 * p).toFixed(1) + "\u00a0%";

// best is the most probable class of an answer, with a question mark if that is below the model's threshold.
export const best = answer => answer.classes[0].label + (answer.unknown ? "?" : "");

// Card is one of them. Its size is the same before and after the answer.
export class Card {
  element = document.importNode(document.getElementById("card").content.firstElementChild, true);
  #address;
  #side;
  #resizing;

  // side is the height and width that the network scales pictures to, and resizing how it does that with others than squares:
  // "stretch", "pad", or "crop" for their middle.
  constructor(file, side, resizing) {
    this.file = file;
    this.#side = side;
    this.#resizing = resizing;
    this.#address = URL.createObjectURL(file);
    this.#get(".name").textContent = file.name || "pasted";
    this.#get(".classes").append(...Array.from({length: rows}, () => row("\u00a0", "", 0)));
    this.#showPictures();
  }

  // answered shows an answer of the program.
  answered(a) {
    this.#get("h2").textContent = best(a);
    this.#get(".classes").replaceChildren(...a.classes.map(c => row(c.label, c.probability, c.probability)));
    this.#get(".facts").textContent = `${a.width}×${a.height} pixels, ${a.format.toUpperCase()}; ${duration(a.milliseconds)}`
      + `, ${duration(a.decoding)} of it for decoding`;
    this.#end();
  }

  // failed shows what was wrong.
  failed(message) {
    this.#get("h2").textContent = "This did not work";
    this.#get(".error").textContent = message;
    this.#get(".error").hidden = false;
    this.element.classList.add("failed");
    this.#end();
  }

  // remove takes the card off the page.
  remove() {
    this.element.remove();
    URL.revokeObjectURL(this.#address);
  }

  #end() {
    this.element.removeAttribute("aria-busy");
  }

  #get(selector) {
    return this.element.querySelector(selector);
  }

  // #showPictures shows the picture, and about what the network gets of it: resized as the model does that. A browser may
  // not know a format that the program does.
  async #showPictures() {
    const picture = this.#get("img"), seen = this.#get("canvas"), n = this.#side;
    picture.src = this.#address;
    try {
      await picture.decode();
    } catch {
      this.element.classList.add("unseen");
      return;
    }
    const all = [picture.naturalWidth, picture.naturalHeight], frame = [n, n];
    const kept = this.#resizing === "crop" ? middle(all, frame) : [0, 0, ...all];
    const to = this.#resizing === "pad" ? middle(frame, all) : [0, 0, ...frame];
    seen.width = seen.height = n;
    const pen = seen.getContext("2d");
    pen.imageSmoothingQuality = "high";
    pen.fillRect(0, 0, n, n); // black
    pen.drawImage(picture, ...kept, ...to);
  }
}

// middle is the largest part in the middle of a rectangle with the proportions of another, as x, y, width and height.
function middle([width, height], [otherWidth, otherHeight]) {
  const scale = Math.min(width / otherWidth, height / otherHeight);
  const w = scale * otherWidth, h = scale * otherHeight;
  return [(width - w) / 2, (height - h) / 2, w, h];
}

const duration = ms => (ms < 10 ? ms.toFixed(1) : Math.round(ms)) + "\u00a0ms";

// row is a class with its bar; probability is "" where there is none yet.
function row(label, probability, width) {
  const share = element("data", probability === "" ? "" : percent(probability));
  share.className = "share";
  share.value = probability;
  const bar = element("div"), track = element("div", bar);
  bar.className = "bar";
  bar.style.width = 100 * width + "%";
  track.className = "track";
  return element("li", element("div", element("span", label), share), track);
}

function element(name, ...children) {
  const e = document.createElement(name);
  e.append(...children);
  return e;
}
