"""Tries the page of serve in a real browser: drops, pastes and chooses pictures, looks at what the page says, and
takes screenshots in light and dark, wide and narrow.

    apt-get install chromium            # or: python -m playwright install chromium
    pip install playwright==1.65.2 pillow==13.0.0
    go run ./examples/quickstart figures.safetensors
    python examples/serve/browser.py figures.safetensors screenshots

CHROMIUM names the browser; without it, chromium of the PATH is taken, or Playwright's own.
"""

import base64
import io
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

from PIL import Image, ImageDraw
from playwright.sync_api import expect, sync_playwright


def figure(size=(640, 480)):
    """A picture of horizontal stripes, as PNG: one of the classes that quickstart's network knows."""
    image = Image.new("RGB", size, (240, 220, 60))
    draw = ImageDraw.Draw(image)
    step = size[1] // 10
    for y in range(0, size[1], 2 * step):
        draw.rectangle((0, y, size[0], y + step), fill=(30, 60, 160))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def give(page, how, name, kind, content):
    """Drops a file on the page, or pastes it, as a person would."""
    page.evaluate(
        """([how, name, kind, text]) => {
            const files = new DataTransfer();
            if (name) files.items.add(new File([Uint8Array.from(atob(text), c => c.charCodeAt(0))], name, {type: kind}));
            const event = how === "paste"
                ? new ClipboardEvent("paste", {clipboardData: files, bubbles: true})
                : new DragEvent(how, {dataTransfer: files, bubbles: true, cancelable: true});
            (how === "paste" ? document.body : document.getElementById("drop")).dispatchEvent(event);
        }""",
        [how, name, kind, base64.b64encode(content).decode()],
    )


def answered(page):
    expect(page.locator("#result")).to_be_visible()
    expect(page.locator("#result")).not_to_have_class("old")
    expect(page.locator("#error")).to_be_hidden()
    expect(page.locator("#classes li")).to_have_count(5)
    expect(page.locator("#status")).to_contain_text("It takes this for: ")


def refused(page, words):
    expect(page.locator("#error")).to_be_visible()
    expect(page.locator("#error")).to_contain_text(words)
    expect(page.locator("#result")).to_be_hidden()
    expect(page.locator("#status")).to_be_empty()


def check(page, url, png):
    page.goto(url)
    expect(page.locator("#model")).to_contain_text("resnet9-24")
    expect(page.locator("#limits")).to_contain_text("10\u00a0MB and 25\u00a0megapixels")
    expect(page.locator("#result")).to_be_hidden()
    expect(page.locator("#error")).to_be_hidden()

    give(page, "dragover", "a.png", "image/png", png)
    expect(page.locator("body")).to_have_class("dragging")
    give(page, "drop", "a.png", "image/png", png)
    answered(page)
    expect(page.locator("body")).not_to_have_class("dragging")
    expect(page.locator("#status")).to_contain_text("horizontal stripes")
    expect(page.locator("#facts")).to_contain_text("640×480 pixels, PNG; answered in")
    assert page.evaluate("document.getElementById('seen').width") == 32
    middle = page.evaluate("[...document.getElementById('seen').getContext('2d').getImageData(16, 0, 1, 32).data]")
    assert len({tuple(middle[i:i + 3]) for i in range(0, len(middle), 4)}) > 1, "the small picture is of one colour"
    shares = page.locator(".share").all_text_contents()
    widths = page.locator(".bar").evaluate_all("bars => bars.map(b => b.getBoundingClientRect().width)")
    assert widths == sorted(widths, reverse=True) and widths[0] > 0, (shares, widths)

    for name, kind, content, words in [
        ("notes.txt", "text/plain", b"not a picture", "it is no picture that can be read"),
        ("broken.png", "image/png", png[:len(png) // 2], "the picture is damaged"),
        ("empty.png", "image/png", b"", "it is empty"),
        ("large.png", "image/png", bytes(11_000_000), "need no more than 10\u00a0MB"),
    ]:
        give(page, "drop", name, kind, content)
        refused(page, words)
    give(page, "drop", "", "", b"")
    refused(page, "That is no file")

    give(page, "paste", "a.png", "image/png", png)
    answered(page)
    page.set_input_files("#file", {"name": "a.gif", "mimeType": "image/gif", "buffer": convert(png, "GIF")})
    answered(page)
    expect(page.locator("#facts")).to_contain_text("GIF")

    # With the keyboard: the first stop is the choice of a file, and it can be seen.
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "file"
    assert page.evaluate("getComputedStyle(document.getElementById('drop')).outlineStyle") == "solid"
    page.evaluate("document.activeElement.blur()")


def convert(png, kind):
    out = io.BytesIO()
    Image.open(io.BytesIO(png)).save(out, kind)
    return out.getvalue()


def screenshots(browser, url, png, folder):
    for scheme in ["light", "dark"]:
        for name, width, height in [("wide", 1280, 800), ("phone", 360, 740)]:
            page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": height})
            page.goto(url)
            expect(page.locator("#limits")).not_to_be_empty()
            page.screenshot(path=folder / f"{scheme}-{name}-empty.png", full_page=True)
            give(page, "drop", "a.png", "image/png", png)
            answered(page)
            overflow = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
            assert not overflow, f"{scheme} {name}: the page is wider than the window"
            page.screenshot(path=folder / f"{scheme}-{name}.png", full_page=True)
            give(page, "drop", "a.txt", "text/plain", b"no picture")
            refused(page, "no picture")
            page.screenshot(path=folder / f"{scheme}-{name}-error.png", full_page=True)
            page.close()


def without_scripts(browser, url, png):
    """The form alone: it has a button, and the answer is the service's JSON."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(url)
    page.set_input_files("#file", {"name": "a.png", "mimeType": "image/png", "buffer": png})
    page.get_by_role("button", name="Classify").click()
    expect(page.locator("body")).to_contain_text('"label":"horizontal stripes"')
    context.close()


def main(model, folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    png = figure()
    with tempfile.TemporaryDirectory() as temporary:
        program = pathlib.Path(temporary) / "serve"
        subprocess.run(["go", "build", "-o", program, "./examples/serve"], check=True)
        server = subprocess.Popen([program, "-model", model, "-addr", "localhost:0"], stdout=subprocess.PIPE, text=True)
        try:
            url = server.stdout.readline().strip().removeprefix("serve: ")
            with sync_playwright() as p:
                browser = p.chromium.launch(executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"), args=["--no-sandbox"] if os.geteuid() == 0 else [])
                page = browser.new_page()
                complaints = []
                page.on("pageerror", lambda error: complaints.append(str(error)))
                page.on("console", lambda m: complaints.append(m.text) if "Content Security Policy" in m.text else None)
                check(page, url, png)
                assert not complaints, complaints
                screenshots(browser, url, png, folder)
                without_scripts(browser, url, png)

                server.send_signal(signal.SIGTERM)
                status = server.wait(20)
                assert status == 0, f"the server ended with {status}"
                give(page, "drop", "a.png", "image/png", png)
                refused(page, "cannot be reached")
                browser.close()
        finally:
            server.kill()
    print("the page works; screenshots are in", folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
