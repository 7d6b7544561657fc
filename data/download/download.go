// Package download fetches data sets, for programs that ask for it: nothing else in this library does.
//
//	train, test, err := download.Client{}.CIFAR10(ctx, folder)
//
// A file is checked against its known size and hash before it gets its name, so that what is there is whole. A download
// that is interrupted, by a crash too, goes on where it was.
package download

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fastresnet/fastresnet/internal/argument"
	"github.com/gofrs/flock"
)

// What can go wrong with a download. The error of [Client.Fetch] wraps those of all addresses.
var (
	// ErrOffline is wrapped when a file is not there, or is damaged, and the [Client] is offline.
	ErrOffline = errors.New("offline")
	// ErrUnreachable is wrapped when a server does not answer at all.
	ErrUnreachable = errors.New("the server cannot be reached")
	// ErrStatus is wrapped when a server answers something else than the file.
	ErrStatus = errors.New("the server refuses")
	// ErrWebPage is wrapped when a server sends a web page in place of the file: a message, or a page to log in.
	ErrWebPage = errors.New("the server sends a web page")
	// ErrStalled is wrapped when nothing comes for too long.
	ErrStalled = errors.New("the download stalls")
	// ErrTruncated is wrapped when a file ends too early.
	ErrTruncated = errors.New("the download ends too early")
	// ErrHash is wrapped when a file is whole, but not the one that it should be.
	ErrHash = errors.New("the file is not the one that it should be")
)

// File is one to be fetched.
type File struct {
	// Name is what it is called in its folder.
	Name string
	// URLs are where it is, in the order in which they are tried.
	URLs []string
	// Size is its length in bytes.
	Size int64
	// SHA256 is its hash in hexadecimal digits, or MD5 where only that is known.
	SHA256, MD5 string
}

// hash is what makes the file's hash, and what that should be.
func (f File) hash() (sum hash.Hash, want []byte, err error) {
	digits := f.SHA256
	sum = sha256.New()
	if digits == "" {
		sum, digits = md5.New(), f.MD5
	}
	want, err = hex.DecodeString(digits)
	if err != nil || len(want) != sum.Size() {
		return nil, nil, fmt.Errorf("the hash of %s is %q: need 64 hexadecimal digits as SHA256, or 32 as MD5", f.Name, digits)
	}
	return sum, want, nil
}

// Client fetches files. Its zero value is good to use.
type Client struct {
	// HTTP sends the requests. Default: http.DefaultClient, which takes proxies from the environment.
	HTTP *http.Client
	// Progress, if it is set, is called as bytes come in, with how many of the file's there are.
	Progress func(f File, done int64)
	// Attempts is how often each address is tried. Default: 3.
	Attempts int
	// Backoff is the wait after a failed attempt, which doubles with each. Default: 1 s.
	Backoff time.Duration
	// Stall is how long nothing may come in. Default: 30 s.
	Stall time.Duration
	// Offline has it use only files that are there.
	Offline bool
}

// Fetch returns the path of a file in a folder, which is created if it is not there, and downloads it if the file is not
// there, or is not what it should be. Several programs may ask for the same file: one downloads it, and the others
// wait. A file without a hash is an error. When ctx ends, the error is its.
func (c Client) Fetch(ctx context.Context, folder string, f File) (path string, err error) {
	if err := argument.Context(ctx); err != nil {
		return "", err
	}
	if _, _, err := f.hash(); err != nil {
		return "", err
	}
	defer func() { // of the Client's Progress, or its HTTP
		if p := recover(); p != nil {
			path, err = "", fmt.Errorf("downloading %s panics: %v", f.Name, p)
		}
	}()
	path = filepath.Join(folder, f.Name)
	if c.Offline {
		if err := f.check(path); err != nil {
			return "", fmt.Errorf("%w: %s: %w", ErrOffline, path, err)
		}
		return path, nil
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return "", err
	}
	lock := flock.New(path+".lock", flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o666)) // as other files; NFS locks none to read
	const poll = 100 * time.Millisecond
	_, err = lock.TryLockContext(ctx, poll)
	if err != nil && !errors.Is(err, errors.ErrUnsupported) { // of the platform or the file system: two may download it
		if ctx.Err() == nil && f.check(path) == nil {
			return path, nil // in a folder that is only to be read
		}
		return "", fmt.Errorf("waiting for another download of %s: %w", path, err)
	}
	defer lock.Close()
	if f.check(path) == nil {
		return path, nil
	}
	if err := c.download(ctx, path, f); err != nil {
		return "", fmt.Errorf("downloading %s: %w", f.Name, err)
	}
	return path, nil
}

// download tries one address after the other.
func (c Client) download(ctx context.Context, path string, f File) error {
	if len(f.URLs) == 0 {
		return fmt.Errorf("%w: no address is known", ErrUnreachable)
	}
	var failures []error
	for _, url := range f.URLs {
		wait := cmp.Or(c.Backoff, time.Second)
		for attempt := range max(1, cmp.Or(c.Attempts, 3)) {
			if attempt > 0 {
				select {
				case <-time.After(wait):
				case <-ctx.Done():
					return ctx.Err()
				}
				wait *= 2
			}
			err := c.attempt(ctx, url, path+".part", f)
			if err == nil {
				return os.Rename(path+".part", path)
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			failures = append(failures, fmt.Errorf("%s: %w", url, err))
			if disk := (*fs.PathError)(nil); errors.As(err, &disk) {
				return errors.Join(failures...)
			}
			if errors.Is(err, ErrStatus) && !errors.Is(err, errBusy) || errors.Is(err, ErrWebPage) {
				break // it will say the same again
			}
		}
	}
	return errors.Join(failures...)
}

// errBusy is for statuses that may be others the next time.
var errBusy = errors.New("for now")

// attempt goes on with what there is of a file, up to its end.
func (c Client) attempt(ctx context.Context, url, part string, f File) error {
	file, err := os.OpenFile(part, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	defer file.Close()
	have, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if have > f.Size {
		have = 0
	}
	if have < f.Size {
		if have, err = c.request(ctx, url, file, have, f); err != nil {
			return err
		}
	}
	if have < f.Size {
		return fmt.Errorf("%w: after %d of %d bytes", ErrTruncated, have, f.Size)
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := f.check(part); err != nil {
		return errors.Join(err, os.Remove(part)) // nothing of it can be relied on
	}
	return nil
}

// request asks for what is missing, and returns how much there is then.
func (c Client) request(ctx context.Context, url string, file *os.File, have int64, f File) (int64, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stall := cmp.Or(c.Stall, 30*time.Second)
	watch := time.AfterFunc(stall, func() { cancel(fmt.Errorf("%w: nothing for %v", ErrStalled, stall)) })
	defer watch.Stop()

	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return have, err
	}
	if have > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
	}
	response, err := cmp.Or(c.HTTP, http.DefaultClient).Do(request)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return have, cause
		}
		return have, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	defer response.Body.Close()
	if kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); response.StatusCode < 300 && kind == "text/html" {
		return have, ErrWebPage
	}
	start, sent := fmt.Sprintf("bytes %d-", have), response.Header.Get("Content-Range")
	switch code := response.StatusCode; {
	case code == http.StatusOK:
		have = 0 // it sends all
	case code == http.StatusPartialContent && strings.HasPrefix(sent, start):
	case code == http.StatusPartialContent, code == http.StatusRequestedRangeNotSatisfiable:
		// What there is was of another file, perhaps.
		return have, errors.Join(fmt.Errorf("%w: %s, %q for %s: %w", ErrStatus, response.Status, sent, start, errBusy), file.Truncate(0))
	case code == http.StatusRequestTimeout, code == http.StatusTooManyRequests, code >= 500:
		return have, fmt.Errorf("%w: %s: %w", ErrStatus, response.Status, errBusy)
	default:
		return have, fmt.Errorf("%w: %s", ErrStatus, response.Status)
	}
	if err := file.Truncate(have); err != nil {
		return have, err
	}
	if _, err := file.Seek(have, io.SeekStart); err != nil {
		return have, err
	}
	buffer := make([]byte, 64<<10)
	for {
		n, err := response.Body.Read(buffer)
		if n > 0 {
			watch.Reset(stall)
			if have+int64(n) > f.Size {
				return have, errors.Join(fmt.Errorf("%w: it has more than %d bytes", ErrHash, f.Size), file.Truncate(0))
			}
			if _, err := file.Write(buffer[:n]); err != nil {
				return have, err
			}
			have += int64(n)
			if c.Progress != nil {
				c.Progress(f, have)
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return have, nil
		case err != nil && context.Cause(ctx) != nil:
			return have, context.Cause(ctx)
		case err != nil:
			return have, fmt.Errorf("%w: %w", ErrTruncated, err)
		}
	}
}

// check reports a file that is not there, or not what it should be.
func (f File) check(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	sum, want, err := f.hash()
	if err != nil {
		return err
	}
	size, err := io.Copy(sum, file)
	if err != nil {
		return err
	}
	if got := sum.Sum(nil); size != f.Size || !bytes.Equal(got, want) {
		return fmt.Errorf("%w: %d bytes with the hash %x, want %d with %x", ErrHash, size, got, f.Size, want)
	}
	return nil
}
