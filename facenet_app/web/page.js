// The answers of Gradio's events come on one stream. When the server has answered all events that it knows of,
// it says so and ends the stream, and Gradio's client opens another one for the next event. If that event is
// accepted at about the same time, nobody listens for its answer: a click that does nothing. So the client is never
// told: its stream goes on for as long as the page does, and what is behind it is fetched here, anew once an event
// has been accepted.
(() => {
  const plainFetch = window.fetch.bind(window);
  const unanswered = new Set();
  const early = new Set(); // answered before the page was told that they were accepted
  let accepted = () => {};
  let streams = 0;

  window.fetch = async (...request) => {
    const response = await plainFetch(...request);
    const path = new URL(request[0].url ?? request[0], location.href).pathname;
    if (response.ok && path.endsWith("/queue/join")) {
      const { event_id } = await response.clone().json();
      if (!early.delete(event_id)) unanswered.add(event_id);
      accepted();
    } else if (response.ok && path.endsWith("/queue/data")) {
      const { status, headers } = response;
      return new Response(asStream(answers(response, request)), { status, headers });
    }
    return response;
  };

  async function* answers(stream, request) {
    const mine = ++streams;
    for (;;) {
      for await (const line of messages(stream)) {
        const { msg, event_id } = JSON.parse(line.slice("data:".length));
        if (msg === "process_completed" && !unanswered.delete(event_id)) early.add(event_id);
        if (msg === "unexpected_error") [unanswered, early].forEach((each) => each.clear());
        if (msg === "close_stream") break;
        yield line + "\n\n";
      }
      while (!unanswered.size) await new Promise((resolve) => (accepted = resolve));
      if (mine !== streams) return; // after an error of its own the client opens another one
      stream = await plainFetch(...request);
      if (!stream.ok) throw new Error(`the answers cannot be fetched (${stream.status})`);
    }
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
