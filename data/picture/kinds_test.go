package picture_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fastresnet/fastresnet/data/picture"
	"github.com/fastresnet/fastresnet/internal/testpicture"
)

// Sound files of kinds that cannot be read are not called damaged, and are named where they are known.
func TestOtherKinds(t *testing.T) {
	jpeg := testpicture.Encode(t, "jpeg", testpicture.Image(40, 30))
	arithmetic := bytes.Clone(jpeg)
	arithmetic[bytes.Index(jpeg, []byte{0xff, 0xc0})+1] = 0xc9 // arithmetic coding
	changed := func(format string, at func(encoded []byte) int, to byte) string {
		encoded := testpicture.Encode(t, format, testpicture.Image(40, 30))
		encoded[at(encoded)] = to
		return string(encoded)
	}
	photometric := func(encoded []byte) int { // where a TIFF file says how its colours are meant
		return bytes.Index(encoded, []byte{0x06, 0x01, 3, 0, 1, 0, 0, 0}) + 8
	}
	at := func(position int) func([]byte) int { return func([]byte) int { return position } }
	const not, other = "it is no picture that can be read: it is ", ", need PNG, JPEG, GIF, WebP, BMP or TIFF"
	for _, tt := range []struct{ label, begin, says string }{
		{"HEIC", "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", not + "a HEIC picture" + other},
		{"AVIF", "\x00\x00\x00\x1cftypavif\x00\x00\x00\x00", not + "an AVIF picture" + other},
		{"a video", "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00", not + "a video" + other},
		{"SVG", "<svg xmlns='http://www.w3.org/2000/svg'/>", not + "an SVG drawing" + other},
		{"PDF", "%PDF-1.7", not + "a PDF file" + other},
		{"a web page", "<!DOCTYPE html><html></html>", not + "a web page" + other},
		{"animated WebP", "RIFF\x1e\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00\x0f\x00\x00\x0f\x00\x00", not + "an animated WebP picture, need a still one"},
		{"a JPEG with arithmetic coding", string(arithmetic), not + "a JPEG picture of a kind that is not supported: "},
		{"a PNG of 3 bits", changed("png", at(24), 3), not + "a PNG picture of a kind that is not supported: "},
		{"a TIFF of printers' colours", changed("tiff", photometric, 5), not + "a TIFF picture of a kind that is not supported: "},
		{"a BMP of 3 bits", changed("bmp", at(28), 3), not + "a BMP picture of a kind that is not supported: "},
		{"text", "nothing of the kind", "it is no picture that can be read: need PNG, JPEG, GIF, WebP, BMP or TIFF"},
	} {
		t.Run(tt.label, func(t *testing.T) {
			_, err := picture.Decode(context.Background(), []byte(tt.begin))
			if !errors.Is(err, picture.ErrFormat) || !strings.HasPrefix(err.Error(), tt.says) {
				t.Errorf("error %v, want ErrFormat that begins with %q", err, tt.says)
			}
		})
	}
}

// A GIF's first frame may be a part of its canvas.
func TestPartOfACanvas(t *testing.T) {
	encoded := testpicture.Encode(t, "gif", testpicture.Image(20, 20))
	binary.LittleEndian.PutUint16(encoded[6:], 100)
	binary.LittleEndian.PutUint16(encoded[8:], 80)
	h, img, err := read(encoded)
	if err != nil {
		t.Fatal(err)
	}
	if want := image.Rect(0, 0, 100, 80); h.Width != 100 || h.Height != 80 || img.Bounds() != want {
		t.Errorf("header %+v, bounds %v, want %v", h, img.Bounds(), want)
	}
	if _, _, _, a := img.At(50, 50).RGBA(); a != 0 {
		t.Errorf("alpha %d beside the frame", a)
	}
	if r, _, b, a := img.At(1, 1).RGBA(); b <= r || a == 0 {
		t.Error("the corner is not blue")
	}
}

// An orientation is understood in whatever type it is written, and where there are other segments before it.
func TestOrientations(t *testing.T) {
	jpeg := testpicture.Encode(t, "jpeg", testpicture.Image(64, 32))
	turned := testpicture.WithOrientation(jpeg, binary.BigEndian, 6)
	at := bytes.Index(turned, []byte("\x01\x12\x00\x03")) // its entry
	typed := func(kind uint16, value ...byte) []byte {
		b := bytes.Clone(turned)
		binary.BigEndian.PutUint16(b[at+2:], kind)
		copy(b[at+8:], value)
		return b
	}
	behind := func(segment string) []byte {
		return append(append(bytes.Clone(turned[:2]), segment...), turned[2:]...)
	}
	exif := turned[bytes.Index(turned, []byte("Exif\x00\x00")):bytes.Index(turned, []byte("\xff\xdb"))]
	png := testpicture.Encode(t, "png", testpicture.Image(64, 32))
	inPNG := func(content []byte) []byte {
		const behindHeader = 8 + 25
		b := binary.BigEndian.AppendUint32(bytes.Clone(png[:behindHeader]), uint32(len(content)))
		b = append(append(b, "eXIf"...), content...)
		b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[behindHeader+4:]))
		return append(b, png[behindHeader:]...)
	}
	for _, tt := range []struct {
		label   string
		encoded []byte
		tall    bool
	}{
		{"in PNG", inPNG(exif[6:]), true},
		{"in PNG, as in JPEG", inPNG(exif), true},
		{"a SHORT", turned, true},
		{"a BYTE", typed(1, 6, 0, 0, 0), true},
		{"a LONG", typed(4, 0, 0, 0, 6), true},
		{"a text", typed(2, '6', 0, 0, 0), false},
		{"0", typed(3, 0, 0), false},
		{"behind a comment", behind("\xff\xfe\x00\x07hello"), true},
		{"behind bytes that fill", behind("\xff\xff"), true},
		{"behind another use of the segment", behind("\xff\xe1\x00\x08http" + "\x00\x00"), true},
	} {
		t.Run(tt.label, func(t *testing.T) {
			_, img, err := read(tt.encoded)
			if err != nil {
				t.Fatal(err)
			}
			if size := img.Bounds().Size(); (size.Y > size.X) != tt.tall {
				t.Errorf("size %v", size)
			}
		})
	}
}

// A small file that would take minutes is refused at once; so is one that a decoder is at work on when ctx ends.
func TestTimeIsBounded(t *testing.T) {
	start := time.Now()
	if _, err := picture.Decode(context.Background(), testpicture.JPEGOfScans(4096, 4096, 4000)); !errors.Is(err, picture.ErrTooLarge) || !strings.Contains(err.Error(), "4000 scans") {
		t.Errorf("error %v, want ErrTooLarge that counts the scans", err)
	}
	stray := bytes.ReplaceAll(testpicture.JPEGOfScans(4096, 4096, 4000), []byte{0xff, 0xda, 0, 8}, []byte{'x', 0xff, 0xda, 0, 8})
	if _, err := picture.Decode(context.Background(), stray); !errors.Is(err, picture.ErrTooLarge) || !strings.Contains(err.Error(), "4000 scans") {
		t.Errorf("behind stray bytes: error %v, want ErrTooLarge that counts the scans", err)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("refused after %v", took)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := picture.Decode(ctx, testpicture.Encode(t, "png", testpicture.Image(1000, 1000))); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	noise := image.NewNRGBA(image.Rect(0, 0, 4000, 4000))
	for i := range noise.Pix {
		noise.Pix[i] = uint8(i * i >> 3)
	}
	large := testpicture.Encode(t, "jpeg", noise)
	ctx, cancel = context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	start = time.Now()
	if _, err := picture.Decode(ctx, large); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want %v", err, context.DeadlineExceeded)
	}
	if took := time.Since(start); took > 500*time.Millisecond {
		t.Errorf("ended after %v", took)
	}
}

// Open is Decode of a file, whose name is in the error.
func TestOpen(t *testing.T) {
	folder := t.TempDir()
	good, bad := filepath.Join(folder, "good.png"), filepath.Join(folder, "bad.png")
	for file, content := range map[string][]byte{good: testpicture.Encode(t, "png", testpicture.Image(4, 4)), bad: []byte("\x89PNG\r\n\x1a\n")} {
		if err := os.WriteFile(file, content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	img, err := picture.Open(context.Background(), good)
	if err != nil || img.Bounds().Dx() != 4 {
		t.Errorf("%v, %v", img, err)
	}
	if _, err := picture.Open(context.Background(), bad); !errors.Is(err, picture.ErrBroken) || !strings.Contains(err.Error(), bad) {
		t.Errorf("error %v, want ErrBroken with the name", err)
	}
	if _, err := picture.Open(context.Background(), filepath.Join(folder, "none.png")); !errors.Is(err, os.ErrNotExist) || strings.Count(err.Error(), "none.png") != 1 {
		t.Errorf("error %v", err)
	}
}
