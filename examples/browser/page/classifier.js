// Classifier is the worker, with the files that wait for it: they are looked at one after the other.
export class Classifier {
  #worker = null;
  #ready = false;   // the program runs
  #waiting = [];    // {file, done, failed}
  #current = null;  // the one of them that the worker has

  // events has the functions loaded(bytes), ready() and broken(message).
  constructor(events) {
    this.events = events;
    this.#start();
  }

  // classify returns a promise of the answer. It is rejected with an error that has a message for people.
  classify(file) {
    return new Promise((done, failed) => {
      this.#waiting.push({file, done, failed});
      this.#next();
    });
  }

  // forget drops a file that waits. Its promise stays as it is.
  forget(file) {
    this.#waiting = this.#waiting.filter(w => w.file !== file);
  }

  #start() {
    this.#worker = new Worker("worker.js");
    this.#worker.onmessage = ({data}) => this.#hear(data);
    this.#worker.onerror = event => this.#lost(event.message || "Its files could not be loaded.");
  }

  // #hear takes what worker.js says.
  #hear(data) {
    if (data.ready) {
      this.#ready = true;
      this.events.ready();
      this.#next();
    } else if (data.answer) {
      const {done, failed} = this.#current;
      this.#current = null;
      if (data.answer.error) failed(new Error(sentence(data.answer.error)));
      else done(data.answer);
      this.#next();
    } else if (data.failed !== undefined) {
      this.#lost(data.failed);
    } else {
      this.events.loaded(data.loaded);
    }
  }

  #next() {
    if (!this.#ready || this.#current || this.#waiting.length === 0) return;
    this.#current = this.#waiting.shift();
    this.#worker.postMessage(this.#current.file);
  }

  // #lost is the end of the worker. One that a picture ended, as by taking all memory, is replaced.
  #lost(message) {
    const picture = this.#current;
    this.#worker.terminate();
    this.#ready = false;
    this.#current = null;
    if (picture) {
      picture.failed(new Error("The network had to stop at this picture: it may take more memory than the browser gives."));
      this.#start();
      return;
    }
    this.events.broken(message);
    for (const w of this.#waiting.splice(0)) w.failed(new Error("The network is not there."));
    this.classify = () => Promise.reject(new Error("The network is not there."));
  }
}

// sentence is an error of the library with a capital and a full stop.
const sentence = text => text[0].toUpperCase() + text.slice(1) + ".";
