"""No answer gets lost between the server and the page."""

import pytest
from playwright.sync_api import Browser, expect
from real_people import Person
from running_page import RunningPage
from watching import Watched, heading

pytestmark = pytest.mark.browser

SLOW_NETWORK = """
(() => {
  const plainFetch = window.fetch.bind(window);
  let accepted;
  window.holding = false;  // the end of a stream back, until another event was accepted
  window.held = 0;
  window.fetch = async (...request) => {
    const response = await plainFetch(...request);
    if (response.url.includes("/queue/join")) accepted?.();
    if (!response.url.includes("/queue/data?")) return response;
    const reader = response.body.getReader();
    const body = new ReadableStream({
      async pull(stream) {
        const { done, value } = await reader.read();
        if (done) return stream.close();
        const [before, end] = new TextDecoder().decode(value).split(/(?=data: .{0,9}close_stream)/);
        const send = (text) => text && stream.enqueue(new TextEncoder().encode(text));
        if (end === undefined && !before.includes("close_stream")) return stream.enqueue(value);
        send(end === undefined ? "" : before);
        if (window.holding) {
          window.held += 1;
          await new Promise((resolve) => (accepted = resolve));
          await new Promise((resolve) => setTimeout(resolve, 300));
        }
        send(end ?? before);
      },
    });
    return new Response(body, { status: response.status, headers: response.headers });
  };
})();
"""
"""A network on which what the server says last comes after the next event was accepted."""


def test_an_event_that_was_sent_before_the_end_of_the_last_answers(
    browser: Browser, page_server: RunningPage, enrolled: list[Person]
) -> None:
    context = browser.new_context()
    context.add_init_script(SLOW_NETWORK)
    watched = Watched(context.new_page())
    watched.listen()
    watched.page.goto(page_server.address)
    watched.tab("Gallery")
    listed = watched.page.locator("#gallery-people").get_by_role("radio")
    expect(listed).to_have_count(len(enrolled))
    watched.page.wait_for_timeout(1000)
    watched.page.evaluate("window.holding = true")
    find = watched.page.get_by_label("Find by name")
    find.fill("nobody of that name")
    watched.wait_until(lambda: watched.page.evaluate("window.held") >= 1)
    expect(listed).to_have_count(0)
    find.fill(enrolled[0].name)
    expect(listed).to_have_count(1)
    listed.check()
    heading(watched, enrolled[0].name)
    assert watched.errors == []
    context.close()


SLOW_PAGE = """() => {
  const pageFetch = window.fetch;
  window.fetch = async (...request) => {
    const response = await pageFetch(...request);
    if (!request[0].url?.includes("/queue/data?")) return response;
    const slow = new TransformStream({
      async transform(part, stream) {
        const over = new TextDecoder().decode(part).includes("close_stream");
        if (over) await new Promise((resolve) => setTimeout(resolve, 500));
        stream.enqueue(part);
      },
    });
    const { status, headers } = response;
    return new Response(response.body.pipeThrough(slow), { status, headers });
  };
}"""
"""A page that takes half a second to read that a stream is over."""


def test_an_event_that_is_accepted_while_the_page_reads_that_all_is_answered(
    browser: Browser, page_server: RunningPage, enrolled: list[Person]
) -> None:
    page = browser.new_page()
    page.goto(page_server.address)
    page.get_by_role("tab", name="Gallery").click()
    listed = page.locator("#gallery-people").get_by_role("radio")
    expect(listed).to_have_count(len(enrolled))
    find = page.get_by_label("Find by name")
    page.evaluate(SLOW_PAGE)
    for _ in range(3):
        page.wait_for_timeout(1000)
        find.fill("nobody of that name")
        expect(listed).to_have_count(0)
        find.fill(enrolled[0].name)
        expect(listed).to_have_count(1)
    page.close()
