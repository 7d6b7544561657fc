// Says it when the scripts of the page cannot be loaded. Of a page that was opened as a file browsers load no modules.
"use strict";
addEventListener("error", ({target}) => {
  if (!(target instanceof HTMLScriptElement)) return;
  const state = document.getElementById("state");
  state.textContent = location.protocol === "file:"
    ? "Browsers run this page from a web server only, not from a file."
    : "A file of this page could not be loaded. Try to load it again.";
  state.classList.add("bad");
  document.getElementById("progress").hidden = true;
}, true);
