// The worker loads the Go program and hands files to it, so that the page stays alive while it computes. It is sent files,
// one at a time, and says
//
//   {loaded}   how many bytes of the program have arrived
//   {ready}    files may come
//   {answer}   what the program says of a file
//   {failed}   why the program is gone
"use strict";
importScripts("wasm_exec.js");

// The program calls ready and failed, and sets classify.
function ready() {
  postMessage({ready: true});
}

function failed(message) {
  postMessage({failed: message});
  close();
}

// counted is a response that says how much of it has arrived, compiled as it comes whatever type the host gives it.
function counted(response) {
  let loaded = 0;
  const counter = new TransformStream({
    transform(chunk, controller) {
      loaded += chunk.length;
      postMessage({loaded});
      controller.enqueue(chunk);
    },
  });
  return new Response(response.body.pipeThrough(counter), {headers: {"Content-Type": "application/wasm"}});
}

async function start() {
  const go = new Go();
  const response = await fetch("classify.wasm");
  if (!response.ok) throw new Error("classify.wasm could not be loaded: status " + response.status);
  const {instance} = await WebAssembly.instantiateStreaming(counted(response), go.importObject);
  await go.run(instance); // until the program ends, which it does not unless something is wrong
  throw new Error("the program ended");
}

onmessage = async ({data: file}) => {
  let bytes;
  try {
    bytes = new Uint8Array(await file.arrayBuffer());
  } catch {
    postMessage({answer: {error: "the file cannot be read"}}); // a folder, or one that is gone by now
    return;
  }
  try {
    postMessage({answer: JSON.parse(classify(bytes))});
  } catch (problem) {
    failed(problem.message);
  }
};

start().catch(problem => failed(problem.message));
