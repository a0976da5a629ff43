// The answers of Gradio's events come on one stream. When the server has answered all events that it knows of,
// it says so, and Gradio's client stops listening. If another event was accepted just after the server said so,
// nobody listens for its answer any more: a click that does nothing. So that message is kept from the client
// while an answer is missing, and what the server says next follows on the same stream. An event that is accepted
// while the client reads that message is told of once the client has stopped listening: it listens anew then.
(() => {
  const plainFetch = window.fetch.bind(window);
  const unanswered = new Set();
  const early = new Set(); // answered before the page was told that they were accepted
  let stopped = Promise.resolve(); // once the client knows that the last stream is over

  window.fetch = async (...request) => {
    const response = await plainFetch(...request);
    const path = new URL(request[0].url ?? request[0], location.href).pathname;
    if (response.ok && path.endsWith("/queue/join")) {
      const { event_id } = await response.clone().json();
      if (!early.delete(event_id)) unanswered.add(event_id);
      await stopped;
    } else if (response.ok && path.endsWith("/queue/data")) {
      const { status, headers } = response;
      return new Response(asStream(withoutGaps(response, request)), { status, headers });
    }
    return response;
  };

  async function* withoutGaps(response, request) {
    for (let stream = response; stream; ) {
      let next = null;
      for await (const line of messages(stream)) {
        const { msg, event_id } = JSON.parse(line.slice("data:".length));
        if (msg === "process_completed" && !unanswered.delete(event_id)) early.add(event_id);
        if (msg === "unexpected_error") [unanswered, early].forEach((each) => each.clear());
        if (msg === "close_stream" && unanswered.size) {
          next = await plainFetch(...request);
          if (!next.ok) throw new Error(`the answers cannot be fetched (${next.status})`);
          break;
        }
        if (msg === "close_stream") stopped = aborted(request[0].signal);
        yield line + "\n\n";
        if (msg === "close_stream") return;
      }
      stream = next;
    }
  }

  function aborted(signal) {
    return new Promise((resolve) => signal.addEventListener("abort", resolve));
  }

  async function* messages(response) {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + value).split("\n\n");
      rest = lines.pop();
      yield* lines;
    }
  }

  function asStream(lines) {
    const texts = new ReadableStream({
      async pull(stream) {
        const { done, value } = await lines.next();
        if (done) stream.close();
        else stream.enqueue(value);
      },
    });
    return texts.pipeThrough(new TextEncoderStream());
  }
})();
