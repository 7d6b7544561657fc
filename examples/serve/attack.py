"""Attacks serve with the pictures that take most, and says what other clients notice, and how much memory it takes.

    python -m pip install pillow numpy
    go run ./examples/quickstart figures.safetensors
    go build -o serve.bin ./examples/serve
    python examples/serve/attack.py ./serve.bin figures.safetensors

Five loopback addresses send each kind of picture on six connections each, for twelve seconds; another address sends a small
picture and a photograph now and then. Linux only: other systems have one loopback address, and no /proc.
"""

import collections
import http.client
import io
import subprocess
import sys
import threading
import time

import numpy
from PIL import Image

SECONDS, ADDRESSES, CONNECTIONS, SIDE = 12, 5, 6, 5000


def encoded(image, kind, **settings):
    file = io.BytesIO()
    image.save(file, kind, **settings)
    return file.getvalue()


def heavy():
    """The kinds of pictures of 25 megapixels that take most memory or time."""
    noise = numpy.random.default_rng(1).integers(0, 256, (SIDE // 10, SIDE // 10, 3), dtype="uint8")
    photo = Image.fromarray(noise).resize((SIDE, SIDE), Image.BILINEAR)
    clear = photo.convert("RGBA")
    clear.putalpha(200)
    return {
        "progressive JPEG": encoded(photo, "jpeg", progressive=True, quality=80),
        "progressive CMYK": encoded(photo.convert("CMYK"), "jpeg", progressive=True, quality=80),
        "PNG of 16 bits": encoded(Image.fromarray(numpy.zeros((SIDE, SIDE), "uint16")), "png"),
        "PNG with alpha": encoded(Image.new("RGBA", (SIDE, SIDE), (200, 30, 30, 100)), "png"),
        "lossy WebP with alpha": encoded(clear, "webp", quality=50, method=0),
    }


def light():
    photo = numpy.random.default_rng(2).integers(0, 256, (120, 160, 3), dtype="uint8")
    return {
        "small picture": encoded(Image.new("RGB", (32, 32), (200, 30, 30)), "png"),
        "photograph": encoded(Image.fromarray(photo).resize((1600, 1200), Image.BILINEAR), "jpeg", quality=90),
    }


class Attack:
    def __init__(self, host):
        self.host, self.end = host, time.monotonic() + SECONDS
        self.answers, self.slowest = collections.Counter(), collections.defaultdict(float)

    def send(self, body, address):
        try:
            connection = http.client.HTTPConnection(self.host, timeout=60, source_address=(address, 0))
            connection.request("POST", "/classify", body)
            answer = connection.getresponse()
            answer.read()
            connection.close()
            return answer.status
        except OSError as err:
            return type(err).__name__

    def client(self, kind, body, address, pause=0.0):
        while time.monotonic() < self.end:
            start = time.monotonic()
            self.answers[kind, self.send(body, address)] += 1
            self.slowest[kind] = max(self.slowest[kind], time.monotonic() - start)
            time.sleep(pause)


def main(program, model):
    heavies, lights = heavy(), light()
    serve = subprocess.Popen([program, "-model", model, "-addr", "127.0.0.1:0"],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    attack = Attack(serve.stdout.readline().split("http://")[1].strip())
    threads = [threading.Thread(target=attack.client, args=(kind, body, f"127.0.0.{2 + n % ADDRESSES}"))
               for kind, body in heavies.items() for n in range(ADDRESSES * CONNECTIONS)]
    threads += [threading.Thread(target=attack.client, args=(kind, body, "127.0.0.100", 0.5)) for kind, body in lights.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for kind in [*heavies, *lights]:
        answers = {status: n for (of, status), n in attack.answers.items() if of == kind}
        print(f"{kind:22}  slowest {attack.slowest[kind]:5.2f} s  answers {answers}")
    with open(f"/proc/{serve.pid}/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    print(f"memory of the process  {peak // 1024} MiB at most")
    serve.terminate()
    return serve.wait()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
