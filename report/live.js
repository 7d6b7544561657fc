"use strict";
const state = document.getElementById("state"), done = document.getElementById("done"), main = document.getElementById("main");
const again = 10_000; // ms, until the program is asked anew, where the browser does not do that by itself
let source;

const events = {
  progress(event) {
    const progress = JSON.parse(event.data);
    state.textContent = progress.text;
    done.value = progress.done;
  },

  // A new page keeps what is open, and where the keyboard is.
  page(event) {
    const fresh = new DOMParser().parseFromString(event.data, "text/html");
    for (const old of main.querySelectorAll("details[id]")) {
      const details = fresh.getElementById(old.id);
      if (details) details.open = old.open;
    }
    const focused = document.activeElement.closest("[id]")?.id;
    main.replaceChildren(...fresh.body.childNodes);
    document.title = main.querySelector("h1").textContent + " · fastresnet";
    if (focused) (document.getElementById(focused)?.querySelector("summary") ?? document.getElementById(focused))?.focus({preventScroll: true});
  },

  end(event) {
    source.close();
    state.textContent = event.data;
    done.hidden = true;
  },

  // A source is closed by an answer other than 200: of the program, or of a proxy before it.
  error() {
    const closed = source.readyState === EventSource.CLOSED;
    state.textContent = `The program cannot be reached${closed ? ", or has too many pages open" : ""}; this is how far it was. Trying again …`;
    if (closed) setTimeout(follow, again);
  },
};

function follow() {
  source = new EventSource("?events");
  for (const [name, hear] of Object.entries(events)) source.addEventListener(name, hear);
}

follow();
