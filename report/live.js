"use strict";
const state = document.getElementById("state"), done = document.getElementById("done"), main = document.getElementById("main");
const source = new EventSource("?events");

source.addEventListener("progress", event => {
  const progress = JSON.parse(event.data);
  state.textContent = progress.text;
  done.value = progress.done;
});

// A new page keeps what is open, and where the keyboard is.
source.addEventListener("page", event => {
  const fresh = new DOMParser().parseFromString(event.data, "text/html");
  for (const old of main.querySelectorAll("details[id]")) {
    const details = fresh.getElementById(old.id);
    if (details) details.open = old.open;
  }
  const focused = document.activeElement.closest("[id]")?.id;
  main.replaceChildren(...fresh.body.childNodes);
  document.title = main.querySelector("h1").textContent + " · fastresnet";
  if (focused) (document.getElementById(focused)?.querySelector("summary") ?? document.getElementById(focused))?.focus({preventScroll: true});
});

source.addEventListener("end", event => {
  source.close();
  state.textContent = event.data;
  done.hidden = true;
});

source.addEventListener("error", () => {
  state.textContent = source.readyState === EventSource.CLOSED
    ? "Too many pages are open: close one, and load this one again."
    : "The program cannot be reached; this is how far it was. Trying again …";
});
